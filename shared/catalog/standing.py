"""How one product stands while an append applies its changes: what was accepted later wins."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row

from shared.catalog.changes import KeptImage, NewImage, ProductChange
from shared.catalog.product import LoggedColumns, logged_columns_of
from shared.errors import Unavailable


@dataclass
class Standing:
    """A locked product. `written` becomes true with the first change that counts."""

    row: Row[Any]
    have: dict[str, Row[Any]]  # its images by id, as they were
    attributes: dict[str, Any]
    orders: dict[str, list[int]]
    images_order: list[int]
    accepted_no: int
    deleted_no: int | None
    written: bool = False
    new: dict[str, tuple[NewImage, ProductChange]] = field(default_factory=dict)
    kept: dict[str, tuple[int, int, int]] = field(default_factory=dict)  # accept_no, line, position
    dropped: set[str] = field(default_factory=set)
    left_out: list[NewImage] = field(default_factory=list)

    @classmethod
    def of(cls, row: Row[Any], have: dict[str, Row[Any]]) -> Standing:
        return cls(
            row=row,
            have=have,
            attributes=dict(row.attributes),
            orders=dict(row.orders),
            images_order=list(row.images_order),
            accepted_no=row.accepted_no,
            deleted_no=row.deleted_no,
        )

    def take(self, change: ProductChange) -> None:
        """Apply a change as far as it is current. Raises Unavailable (`images_moved`)."""
        if self.deleted_no is not None and self.deleted_no > change.accept_no:
            self._leave_out(change)
            return
        self.written = True
        self.deleted_no = None
        self.accepted_no = max(self.accepted_no, change.accept_no)
        place = [change.accept_no, change.line]
        for name, value in change.attributes.items():
            if place > self.orders.get(name, [0, 0]):
                self.attributes[name] = value
                self.orders[name] = place
        if change.images is None:
            return
        if change.accept_no < self.images_order[0]:
            self._leave_out(change)
            return
        if change.accept_no > self.images_order[0] and change.complete:
            self.dropped |= set(self.have)
        self.images_order = place
        for image in change.images:
            self._take_image(image, change)
        self.dropped |= set(change.replaced) & self.have.keys()

    def _take_image(self, image: NewImage | KeptImage, change: ProductChange) -> None:
        if isinstance(image, NewImage):
            self.new[image.id] = (image, change)
            return
        if image.id not in self.have:
            # Another row's append dropped it meanwhile; done again, it is embedded.
            raise Unavailable(
                f"image {image.id} of {change.product_id!r} moved meanwhile", code="images_moved"
            )
        self.dropped.discard(image.id)
        self.kept[image.id] = (change.accept_no, change.line, image.position)

    def _leave_out(self, change: ProductChange) -> None:
        self.left_out += [i for i in change.images or () if isinstance(i, NewImage)]

    def columns_to_log(self) -> LoggedColumns | None:
        """Its filter columns when index workers have to hear of them."""
        if not self.written or not (self.new or self.have):
            return None
        columns = logged_columns_of(self.attributes)
        return columns if self.new or columns != logged_columns_of(self.row.attributes) else None
