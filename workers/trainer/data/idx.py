"""The digits' own format, idx (Y. LeCun, the MNIST page): magic number, sizes, then bytes."""

from __future__ import annotations

import gzip
import struct
import zlib
from pathlib import Path
from typing import Final

import numpy as np

from shared.errors import InvalidRequest
from workers.trainer.data.digits import examples_of
from workers.trainer.data.example import Example, Pixels
from workers.trainer.data.parts import Parts, make_parts
from workers.trainer.data.split import Shares, split

_UNSIGNED_BYTE: Final = 0x08


def read_idx(folder: Path, *, validation: float = 0.1, seed: int = 0) -> Parts:
    """`train-*` and `t10k-*` files of images and labels, gzip'ed or not; validation is split off training.

    Raises InvalidRequest for files that are missing, cut short, or do not belong together.
    """
    rest = _examples(folder, "train")
    train, validated, _ = split(rest, Shares(validation, 0), seed)
    return make_parts(train, validated, _examples(folder, "t10k"))


def read_array(path: Path) -> Pixels:
    """The array of one idx file of unsigned bytes. Raises InvalidRequest."""
    try:
        content = path.read_bytes()
        content = gzip.decompress(content) if path.suffix == ".gz" else content
        zeros, kind, dimensions = struct.unpack_from(">HBB", content)
        shape = struct.unpack_from(f">{dimensions}I", content, 4)
    except (OSError, EOFError, zlib.error, struct.error) as error:
        raise InvalidRequest(f"{path} is no idx file: {error}") from error
    if zeros or kind != _UNSIGNED_BYTE:
        raise InvalidRequest(f"{path} is no idx file of unsigned bytes")
    values = np.frombuffer(content, np.uint8, offset=4 + 4 * dimensions)
    if values.size != np.prod(shape, dtype=np.int64):
        raise InvalidRequest(
            f"{path} holds {values.size} bytes, its header says {' x '.join(map(str, shape))}"
        )
    return values.reshape(shape)


def _examples(folder: Path, part: str) -> list[Example]:
    images = read_array(_find(folder, f"{part}-images-idx3-ubyte"))  # (n, h, w) uint8
    labels = read_array(_find(folder, f"{part}-labels-idx1-ubyte"))  # (n,) uint8
    if images.ndim != 3 or labels.shape != (len(images),):
        raise InvalidRequest(f"{folder}: {part} has images {images.shape} and labels {labels.shape}")
    return examples_of(images, labels, part)


def _find(folder: Path, name: str) -> Path:
    for path in (folder / name, folder / f"{name}.gz"):
        if path.is_file():
            return path
    raise InvalidRequest(f"there is no {name} or {name}.gz in {folder}")
