"""Files that are no image that is read here, whatever their name; and images that are something else too."""

from __future__ import annotations

import gzip
import io
import random
import struct
import zipfile
from functools import cache

from tests.hostile.images.sound import encoded, picture, sound_images


def _brand(brand: bytes) -> bytes:
    return struct.pack(">I", 24) + b"ftyp" + brand + b"\0\0\0\0mif1" + brand + bytes(200)


def _zip(name: str, data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(name, data)
    return out.getvalue()


@cache
def strangers() -> dict[str, bytes]:
    """Each to be refused as `unsupported_format`, by its content."""
    rgb = picture()
    page = b"<!doctype html><title>404</title><img src=x onerror=alert(1)>"
    return {
        "avif": _brand(b"avif"),
        "heic": _brand(b"heic"),
        "mp4": _brand(b"isom"),
        "jpeg xl": b"\xff\x0a" + bytes(60),
        "jpeg xl container": b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(60),
        "jpeg 2000": b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(60),
        "tiff": encoded(rgb, "TIFF"),
        "big-endian tiff": b"MM\0*\0\0\0\x08" + bytes(60),
        "ico": encoded(rgb, "ICO"),
        "psd": b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 3, 36, 48, 8, 3) + bytes(60),
        "ppm": encoded(rgb, "PPM"),
        "pcx": encoded(rgb, "PCX"),
        "tga": encoded(rgb, "TGA"),
        "dds": b"DDS " + bytes(124),
        "icns": b"icns" + bytes(60),
        "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 48 36\n",
        "pdf": b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\n",
        "svg": b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        "svg of entities": b"<?xml version='1.0'?><!DOCTYPE s [<!ENTITY a 'aaaa'>]><svg>&a;</svg>",
        "html": page,
        "json": b'{"image": "data:image/png;base64,iVBORw0KGgo="}',
        "base64 of a jpeg": b"/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAA==",
        "zip": _zip("a.jpg", sound_images()["jpeg"]),
        "gzip of a jpeg": gzip.compress(sound_images()["jpeg"]),
        "elf": b"\x7fELF\2\1\1" + bytes(60),
        "shell": b"#!/bin/sh\nrm -rf /\n",
        "pickle": b"\x80\x04\x95\x10\0\0\0\0\0\0\0\x8c\x02os\x94.",
        "text": "图搜".encode() * 50,
        "one zero": b"\0",
        "zeros": bytes(4_096),
        "noise": random.Random(1).randbytes(4_096),
        "jpeg after a byte": b"\0" + sound_images()["jpeg"],
        "png after a line": b"\n" + sound_images()["png"],
        "webp in a wave's coat": b"RIFF"
        + sound_images()["webp"][4:8]
        + b"WAVE"
        + sound_images()["webp"][12:],
    }


@cache
def polyglots() -> dict[str, bytes]:
    """Sound images that another program would take for something else: only the image is seen and served."""
    made = sound_images()
    page = b"<!doctype html><script>alert(document.domain)</script>"
    archive = _zip("a.html", page)
    return {
        "jpeg and zip": made["jpeg"] + archive,
        "jpeg and page": made["jpeg"][:2]
        + b"\xff\xfe"
        + struct.pack(">H", len(page) + 2)
        + page
        + made["jpeg"][2:],
        "gif and script": made["gif"] + b"/*" + page + b"*/",
        "png and page": made["png"] + page,
        "bmp and zip": made["bmp"] + archive,
        "webp and zip": made["webp"] + archive,
        "jpeg and a second jpeg": made["jpeg"] + made["jpeg grey"],
        "jpeg and 2 MiB of zeros": made["jpeg"] + bytes(2 * 2**20),
        "png and 2 MiB of noise": made["png"] + random.Random(2).randbytes(2 * 2**20),
    }
