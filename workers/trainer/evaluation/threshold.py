"""Under which cosine a best hit is no match."""

from __future__ import annotations

from typing import Final

import numpy as np

from workers.trainer.evaluation.predict import Predictions

KEPT: Final = 0.95
_MOST: Final = 5_000  # pictures that are asked for: a percentile needs no more, and all pairs are scored


def no_confident_match(found: Predictions) -> float | None:
    """The cosine that 95 % of right first hits reach, each picture asked for among those of other groups.

    Right is one of the same label. None where fewer than 20 first hits are right: too few for a percentile.
    """
    # At random: in their order the first are those of the first classes.
    some = np.random.default_rng(0).permutation(len(found.labels))[:_MOST]
    vectors, groups, labels = found.embeddings[some], found.groups[some], found.labels[some]
    scores = vectors @ vectors.T  # (n, n)
    scores[groups[:, None] == groups[None, :]] = -np.inf
    first = scores.argmax(1)
    best = scores[np.arange(len(first)), first]
    right = best[(labels[first] == labels) & np.isfinite(best)]
    return float(np.quantile(right, 1 - KEPT)) if len(right) >= 20 else None
