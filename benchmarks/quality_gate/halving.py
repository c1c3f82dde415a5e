"""At which level of a damage retrieval is worth half: damaged queries against the undamaged catalogue."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.quality_gate.damages import Damage
from benchmarks.quality_gate.photos import each, opened, seed_of
from benchmarks.shop import MODEL, need_data, weights
from shared.settings import Settings
from workers.models.preprocessing.geometry import prepare
from workers.models.registry import load_model
from workers.models.steps import embed

BATCH = 8


@dataclass(frozen=True)
class Halving:
    """`level` is where R@1 is half the undamaged one; `curve` what was measured to find it: level, R@1."""

    level: float
    curve: tuple[tuple[float, float], ...]


class Retrieval:
    """The general catalogue in one process, by the protocol of `benchmarks.relevance`, by image.

    A query is each photo whose product has another one; itself and byte-identical copies are left out.
    """

    def __init__(self) -> None:
        cache = Settings(home=Path(os.environ.get("TUSOU_HOME", ".tusou"))).home / "models"
        self._model = load_model(MODEL, weights=weights(), cache=cache)
        folder = need_data() / "catalogs/general"
        products = [json.loads(line) for line in (folder / "products.jsonl").read_text("utf-8").splitlines()]
        owned = [(folder / source, product["id"]) for product in products for source in product["images"]]
        self._owners = np.array([owner for _, owner in owned])  # (n,)
        self._copies = np.array([hashlib.sha256(path.read_bytes()).hexdigest() for path, _ in owned])  # (n,)
        others = (self._owners[:, None] == self._owners) & (self._copies[:, None] != self._copies)
        self._queries = np.flatnonzero(others.any(axis=1))  # (q,) places in the catalogue
        self.paths = [owned[place][0] for place in self._queries]
        self._gallery = self._vectors([path for path, _ in owned])  # (n, d) unit rows

    def right(self, damage: Damage | None = None, level: float = 0) -> NDArray[np.bool_]:
        """(q,) whether the first hit of each query, damaged, is of its product."""
        scores = self._vectors(self.paths, damage, level) @ self._gallery.T  # (q, n)
        scores[self._copies[self._queries][:, None] == self._copies] = -np.inf
        return self._owners[scores.argmax(axis=1)] == self._owners[self._queries]

    def _vectors(
        self, paths: Sequence[Path], damage: Damage | None = None, level: float = 0
    ) -> NDArray[np.float32]:
        def pixels(path: Path) -> NDArray[np.uint8]:
            image = opened(path)
            return prepare(damage(image, level, seed_of(path)) if damage else image, self._model.preprocess)

        seen = each(pixels, paths)
        batches = [embed(self._model, seen[start : start + BATCH]) for start in range(0, len(seen), BATCH)]
        return np.stack([one.vector for batch in batches for one in batch])


def halving(damage: Damage, retrieval: Retrieval, undamaged: float) -> Halving:
    """Searches the damage's levels by bisection and interpolates the logarithm of the level between two."""
    curve: dict[float, float] = {}

    def r1(place: int) -> float:
        level = damage.levels[place]
        if level not in curve:
            curve[level] = float(retrieval.right(damage, level).mean())
        return curve[level]

    harmless, hopeless = 0, len(damage.levels) - 1
    while hopeless - harmless > 1:
        middle = (harmless + hopeless) // 2
        if r1(middle) > undamaged / 2:
            harmless = middle
        else:
            hopeless = middle
    above, below = r1(harmless), r1(hopeless)
    if not above > undamaged / 2 >= below:
        raise SystemExit(f"{damage.name}: R@1 is not halved between {damage.levels}: {curve}")
    way = (above - undamaged / 2) / (above - below)
    low, high = math.log(damage.levels[harmless]), math.log(damage.levels[hopeless])
    return Halving(math.exp(low + way * (high - low)), tuple(sorted(curve.items())))
