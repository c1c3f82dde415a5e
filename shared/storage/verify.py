"""Every read is compared with the hash and the length that were recorded at the write."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, BinaryIO

from ulid import ULID

from shared.errors import ObjectCorrupt
from shared.storage.port import Stored

BLOCK = 1024 * 1024  # bytes read at once when streaming


def verified(name: str, data: bytes, *, sha256: str, length: int) -> bytes:
    """Returns `data` if it is what was recorded, raises `ObjectCorrupt` otherwise."""
    if len(data) != length:
        raise wrong_length(name, length, len(data))
    if hashlib.sha256(data).hexdigest() != sha256:
        raise ObjectCorrupt(f"{name}: its {length} bytes are not those that were stored")
    return data


def wrong_length(name: str, expected: int, found: int) -> ObjectCorrupt:
    return ObjectCorrupt(f"{name}: {expected} bytes expected, {found} found")


def check_range(offset: int, length: int) -> None:
    """A range begins in the object and holds something: S3 knows no other."""
    if offset < 0 or length < 1:
        raise ValueError(f"no range of {length} bytes from {offset}")


def blocks(data: bytes | BinaryIO) -> Iterator[bytes]:
    """`data` as it is, or what is left of the stream, `BLOCK` bytes at a time."""
    if isinstance(data, bytes):
        yield data
        return
    while block := data.read(BLOCK):
        yield block


def copy(name: str, source: Iterable[bytes], target: IO[bytes], *, length: int | None) -> Stored:
    """Writes `source` to `target`; raises `ObjectCorrupt` if it does not give `length` bytes."""
    digest = hashlib.sha256()
    written = 0
    for block in source:
        written += len(block)
        if length is not None and written > length:
            raise wrong_length(name, length, written)
        digest.update(block)
        target.write(block)
    if length is not None and written != length:
        raise wrong_length(name, length, written)
    return Stored(name, digest.hexdigest(), written)


def copy_to_file(name: str, source: Iterable[bytes], path: Path, *, sha256: str, length: int) -> None:
    """Writes `source` beside `path` and moves it there only if it is what was recorded."""
    beside = path.with_name(f".{path.name}.{ULID()}")
    try:
        with beside.open("xb") as file:
            stored = copy(name, source, file, length=length)
        if stored.sha256 != sha256:
            raise ObjectCorrupt(f"{name}: its {length} bytes are not those that were stored")
        beside.replace(path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            beside.unlink()
