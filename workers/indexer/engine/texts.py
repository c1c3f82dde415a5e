"""The ids of rows: read by row number, and found again by their text.

What is found may be dead, or newer than a reader's view; both are told by the view's columns.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

import numpy as np


class Texts(Protocol):
    def __getitem__(self, row: int) -> str: ...

    def find(self, texts: Collection[str]) -> list[int]:
        """The rows that carry one of these distinct texts."""


class GrowingTexts:
    """Of a head: one writer appends while others read."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._rows: dict[str, list[int]] = {}

    def append(self, texts: Sequence[str]) -> None:
        for row, text in enumerate(texts, start=len(self._texts)):
            self._texts.append(text)
            self._rows.setdefault(text, []).append(row)

    def __getitem__(self, row: int) -> str:
        return self._texts[row]

    def find(self, texts: Collection[str]) -> list[int]:
        return [row for text in texts for row in tuple(self._rows.get(text, ()))]


class PackedTexts:
    """Of a sealed segment: one buffer and three numbers per row, a fifth of what strings and a dictionary of
    them take (ids of 26 characters: 46 bytes each instead of 245)."""

    def __init__(self, texts: Sequence[str]) -> None:
        encoded = [text.encode() for text in texts]
        self._text = b"".join(encoded)
        self._ends = np.cumsum([len(text) for text in encoded], dtype=np.int64)
        hashes = _hashes(texts)
        self._order = np.argsort(hashes, kind="stable").astype(np.int32)
        self._hashes = hashes[self._order]

    def __getitem__(self, row: int) -> str:
        start = int(self._ends[row - 1]) if row else 0
        return self._text[start : int(self._ends[row])].decode()

    def find(self, texts: Collection[str]) -> list[int]:
        wanted = list(texts)
        hashes = _hashes(wanted)
        first = np.searchsorted(self._hashes, hashes, side="left")
        last = np.searchsorted(self._hashes, hashes, side="right")
        return [
            row
            for i in np.flatnonzero(first < last)
            for row in self._order[first[i] : last[i]].tolist()
            if self[row] == wanted[i]  # another text may have the same hash
        ]


def _hashes(texts: Collection[str]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Python's own, which differ from process to process: they are never stored."""
    return np.fromiter((hash(text) for text in texts), dtype=np.int64, count=len(texts))
