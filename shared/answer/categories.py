"""What an item is: the categories of the nearest products, as those products and the classifier judge."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

# The ten nearest products vote with weight exp(score / 0.1): distance-weighted k-nearest neighbours
# (Dudani 1976) in the softmax form of Wu et al. 2018, whose temperature is 0.07.
VOTERS = 10
TEMPERATURE = 0.1


def rounded(shares: Mapping[str, float], digits: int = 4) -> dict[str, float]:
    """Largest first, equals by name, each rounded and together what they were: the first takes the rest."""
    ranked = sorted(shares.items(), key=lambda pair: (-pair[1], pair[0]))
    told = {name: round(share, digits) for name, share in ranked}
    if ranked:
        first = ranked[0][0]
        told[first] = round(told[first] + sum(shares.values()) - sum(told.values()), digits)
    return told


def vote(scored: Iterable[tuple[float, str | None]]) -> dict[str, float]:
    """Categories of the nearest products with shares that add up to 1; `scored` is best first."""
    voters = [(score, name) for score, name in scored if name is not None][:VOTERS]
    top = max((score for score, _ in voters), default=0.0)
    weights: dict[str, float] = defaultdict(float)
    for score, name in voters:
        weights[name] += math.exp((score - top) / TEMPERATURE)
    total = sum(weights.values())
    return {name: weight / total for name, weight in weights.items()}


def pool(shares: Mapping[str, float], probabilities: Sequence[tuple[str, float]]) -> dict[str, float]:
    """The linear opinion pool (Stone 1961) of the vote and the classifier; it adds up to 1 as `shares` do.

    Both opinions weigh the same. The classifier's is of the categories that were voted for: what it gives to
    labels that are none of them (by name, whatever the case) it leaves as the vote has it. So a classifier
    that knows other names than the catalogue's changes nothing.
    """
    known: dict[str, float] = defaultdict(float)
    for label, chance in probabilities:
        known[label.casefold()] += chance
    same_name: dict[str, float] = defaultdict(float)  # categories that differ in case only share a label
    for name, share in shares.items():
        same_name[name.casefold()] += share
    left = 1 - sum(known.get(name, 0.0) for name in same_name)
    return {
        name: (share + known.get(name.casefold(), 0.0) * share / same_name[name.casefold()] + left * share)
        / 2
        for name, share in shares.items()
    }
