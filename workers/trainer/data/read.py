"""Which reader a data set needs, told by what lies there."""

from __future__ import annotations

from pathlib import Path

from shared.errors import InvalidRequest
from workers.trainer.data.catalogue import read_catalogue
from workers.trainer.data.folder import read_folder
from workers.trainer.data.idx import read_idx
from workers.trainer.data.parts import Parts
from workers.trainer.data.pixel_csv import read_pixel_csv
from workers.trainer.data.split import Shares


def read_data(path: Path, *, shares: Shares, seed: int) -> Parts:
    """A folder of classes, a folder of idx files, a catalogue's manifest, or a CSV of digits.

    A CSV whose first line begins with `label` is one of digits. Raises InvalidRequest for anything else.
    """
    if path.is_dir():
        if any(path.glob("train-images-idx3-ubyte*")):
            return read_idx(path, validation=shares.validation, seed=seed)
        return read_folder(path, shares=shares, seed=seed)
    if not path.is_file():
        raise InvalidRequest(f"there is no {path}")
    with path.open("rb") as file:
        is_digits = file.read(6).lower() in (b"label,", b'"label')
    reader = read_pixel_csv if is_digits else read_catalogue
    return reader(path, shares=shares, seed=seed)
