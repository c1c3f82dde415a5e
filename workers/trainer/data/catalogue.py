"""A shop's catalogue as a data set: the category is the label, the product the group."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from shared.catalog.manifest.formats import detect_format
from shared.catalog.manifest.reader import read_rows
from shared.catalog.manifest.rows import ManifestUnreadable, ProductRow, RowError
from shared.catalog.sources import SourceKind
from shared.errors import InvalidRequest
from workers.trainer.data.example import Example
from workers.trainer.data.files import example_of
from workers.trainer.data.parts import LeftOut, Parts, make_parts
from workers.trainer.data.split import Shares, split


def read_catalogue(manifest: Path, *, shares: Shares | None = None, seed: int = 0) -> Parts:
    """The manifest that an import takes (CSV, TSV, JSONL, Parquet), its images beside it on disk.

    Split by product: all photos of one stand in one part. Rows without category and images elsewhere than in
    a file are left out with the reason. Raises InvalidRequest for a manifest that cannot be read.
    """
    found: list[Example] = []
    left_out: list[LeftOut] = []
    for row in _rows(manifest):
        if isinstance(row, RowError):
            left_out.append(LeftOut(f"{manifest.name}:{row.line}", row.detail))
            continue
        for made in _examples(row, manifest.parent):
            if isinstance(made, Example):
                found.append(made)
            else:
                left_out.append(made)
    return make_parts(*split(found, shares or Shares(), seed), left_out=left_out)


def _rows(manifest: Path) -> Iterator[ProductRow | RowError]:
    try:
        with manifest.open("rb") as file:
            for row in read_rows(file, detect_format(file, manifest.name)):
                if isinstance(row, ManifestUnreadable):
                    raise InvalidRequest(f"{manifest}, line {row.line}: {row.detail}")
                if isinstance(row, ProductRow | RowError):
                    yield row
    except OSError as error:
        raise InvalidRequest(f"{manifest} cannot be read: {error.strerror}") from error


def _examples(row: ProductRow, folder: Path) -> Iterator[Example | LeftOut]:
    label = row.attributes.get("category")
    if not label:
        yield LeftOut(row.id, "no category")
        return
    for source in row.images or ():
        if source.kind is SourceKind.PATH:
            yield example_of(folder / source.value, str(label), row.id)
        else:
            yield LeftOut(source.text, "no file: training opens no connection")
