"""Facet values as small numbers, one set per shard: append-only, so that readers need no lock.

A reader may meet a value newer than its view; no row of the view has its code, so nothing matches it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from shared.catalog.filters import Columns

NOTHING = -1  # the code of "no value"; no vocabulary gives it out

Word = TypeVar("Word")


class Vocabulary(Generic[Word]):
    """Words to codes 0, 1, 2 … and back."""

    def __init__(self) -> None:
        self._codes: dict[Word, int] = {}
        self._words: list[Word] = []

    def intern(self, word: Word | None) -> int:
        if word is None:
            return NOTHING
        code = self._codes.get(word)
        if code is None:
            code = len(self._words)
            self._words.append(word)  # before its code can be found
            self._codes[word] = code
        return code

    def word(self, code: int) -> Word | None:
        return None if code == NOTHING else self._words[code]

    def codes(self, words: Iterable[Word]) -> list[int]:
        """Those of the words that are known."""
        return [code for word in words if (code := self._codes.get(word)) is not None]


class LabelSets(Vocabulary[tuple[str, ...]]):
    """A product's labels as one code: its rows then need one number, however many labels it has."""

    def __init__(self) -> None:
        super().__init__()
        self._with_label: dict[str, list[int]] = {}

    def intern(self, word: tuple[str, ...] | None) -> int:
        known = len(self._words)
        code = super().intern(word)
        if code == known and word:
            for label in set(word):
                self._with_label.setdefault(label, []).append(code)
        return code

    def codes_with(self, labels: Iterable[str]) -> list[int]:
        """Sets that have any of the labels."""
        return [code for label in labels for code in tuple(self._with_label.get(label, ()))]


EncodedColumns = tuple[int, int, int, int, int, int, float, float]


@dataclass(frozen=True)
class Vocabularies:
    """A shard's vocabularies: `Columns` to the numbers that stand in its filter columns, and back."""

    category: Vocabulary[str] = field(default_factory=Vocabulary)
    brand: Vocabulary[str] = field(default_factory=Vocabulary)
    color: Vocabulary[str] = field(default_factory=Vocabulary)
    labels: LabelSets = field(default_factory=LabelSets)
    availability: Vocabulary[str] = field(default_factory=Vocabulary)
    currency: Vocabulary[str] = field(default_factory=Vocabulary)

    def encode(self, columns: Columns) -> EncodedColumns:
        """In the order of `columns.NAMES`."""
        return (
            self.category.intern(columns.category),
            self.brand.intern(columns.brand),
            self.color.intern(columns.color),
            self.labels.intern(columns.labels),
            self.availability.intern(columns.availability),
            self.currency.intern(columns.currency),
            math.nan if columns.price is None else columns.price,
            math.nan if columns.rating is None else columns.rating,
        )

    def decode(self, encoded: EncodedColumns) -> Columns:
        category, brand, color, labels, availability, currency, price, rating = encoded
        return Columns(
            category=self.category.word(category),
            brand=self.brand.word(brand),
            color=self.color.word(color),
            labels=self.labels.word(labels) or (),
            availability=self.availability.word(availability),
            price=None if math.isnan(price) else price,
            currency=self.currency.word(currency),
            rating=None if math.isnan(rating) else rating,
        )
