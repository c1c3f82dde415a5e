"""Nothing, one byte, a signature alone, and a signature before garbage."""

from __future__ import annotations

from tests.hostile.images import blocks


def beginnings() -> dict[str, bytes]:
    """Nothing, one byte, a signature alone, and a signature before garbage."""
    signatures = {
        "jpeg": b"\xff\xd8\xff",
        "png": blocks.PNG_SIGNATURE,
        "webp": b"RIFF\xff\xff\xff\xffWEBP",
        "gif": b"GIF89a",
        "bmp": b"BM",
    }
    made = {
        "no bytes": b"",
        **{f"one byte {byte}": bytes([byte]) for byte in (0, 0x42, 0x47, 0x52, 0x89, 0xFF)},
    }
    for name, signature in signatures.items():
        made[f"{name} signature"] = signature
        for filling in (b"\0", b"\xff", b"\x55", b"PNG!"):
            made[f"{name} signature before {filling!r}"] = signature + filling * 3_000
    return made
