"""A product's filterable attributes, and the filters of a search over them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Columns:
    """`price` in units of `currency` (39.9, not 3990); None: the shop told nothing."""

    category: str | None = None
    brand: str | None = None
    color: str | None = None
    labels: tuple[str, ...] = ()
    availability: str | None = None
    price: float | None = None
    currency: str | None = None
    rating: float | None = None


@dataclass(frozen=True)
class Filters:
    """AND of the fields given; within a field any of its values. Bounds are inclusive.

    A product without the attribute does not match. Raises ValueError for a price without its currency.
    """

    category: tuple[str, ...] = ()
    brand: tuple[str, ...] = ()
    color: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    availability: tuple[str, ...] = ()
    price_min: float | None = None
    price_max: float | None = None
    currency: str | None = None
    rating_min: float | None = None
    rating_max: float | None = None

    def __post_init__(self) -> None:
        if self.currency is None and (self.price_min is not None or self.price_max is not None):
            raise ValueError("a price filter names its currency")

    def allow(self, columns: Columns) -> bool:
        """What the fields mean, for one product; engines must agree with it."""
        return (
            (not self.category or columns.category in self.category)
            and (not self.brand or columns.brand in self.brand)
            and (not self.color or columns.color in self.color)
            and (not self.labels or not set(self.labels).isdisjoint(columns.labels))
            and (not self.availability or columns.availability in self.availability)
            and (self.currency is None or columns.currency == self.currency)
            and _within(columns.price, self.price_min, self.price_max)
            and _within(columns.rating, self.rating_min, self.rating_max)
        )


NO_FILTERS = Filters()


def _within(value: float | None, low: float | None, high: float | None) -> bool:
    if low is None and high is None:
        return True
    return value is not None and (low is None or value >= low) and (high is None or value <= high)
