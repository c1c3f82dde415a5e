"""What a manifest yields: rows, row errors, and one last record that says how it ended."""

from dataclasses import dataclass

from shared.catalog.product import Attributes
from shared.catalog.sources import Source


@dataclass(frozen=True, slots=True)
class ProductRow:
    """One good row.

    `attributes` holds only those the row has columns for (None where the cell is empty or null); `images` is
    None where there is no image column, and empty where the column names no image. `line` counts from 1: the
    line of the file where the row starts, in Parquet the number of the row.
    """

    line: int
    id: str
    attributes: Attributes
    images: tuple[Source, ...] | None = None
    image_version: str | None = None


@dataclass(frozen=True, slots=True)
class RowError:
    """One bad row: where, which field (None: the row as a whole), a stable reason, and what to do.

    `product_id` is the product the row names, where that could still be read: an import that replaces a
    catalog must not delete a product whose row is merely bad.
    """

    line: int
    field: str | None
    reason: str
    detail: str
    product_id: str | None = None


@dataclass(frozen=True, slots=True)
class ManifestDone:
    """The manifest was read to its end: how many rows were bad, and the columns that mean nothing here."""

    bad_rows: int
    ignored_columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ManifestUnreadable:
    """Reading stopped at `line` for a reason that concerns the whole file; the rows before it stand."""

    line: int
    reason: str
    detail: str


Record = ProductRow | RowError | ManifestDone | ManifestUnreadable


class ManifestFaultError(Exception):
    """Raised inside the readers to end a manifest; `read_rows` turns it into `ManifestUnreadable`."""

    def __init__(self, line: int, reason: str, detail: str) -> None:
        super().__init__(f"line {line}: {reason}: {detail}")
        self.line = line
        self.reason = reason
        self.detail = detail
