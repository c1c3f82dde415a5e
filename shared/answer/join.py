"""Joining hits with their products, and the category that the nearest products vote for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from shared.answer.categories import pool, rounded, vote
from shared.answer.merge import Hit
from shared.answer.outcome import Item
from shared.catalog import store as catalog


def join(
    c: Connection,
    tenant: str,
    items: tuple[Item, ...],
    found: list[list[Hit]],
    *,
    limit: int,
    no_match_below: float | None,
) -> list[dict[str, Any]]:
    """The items of a result. Hits whose product is gone meanwhile are left out."""
    living = catalog.attributes_of(c, tenant, {hit.product_id for hits in found for hit in hits})
    every = [[hit for hit in hits if hit.product_id in living] for hits in found]
    kept = [hits[:limit] for hits in every]
    sources = catalog.sources_of(c, tenant, {hit.image_id for hits in kept for hit in hits})
    return [
        _item(item, hits, _categories(item, near, living), living, sources, no_match_below)
        for item, hits, near in zip(items, kept, every, strict=True)
    ]


def _item(
    item: Item,
    hits: list[Hit],
    categories: list[dict[str, Any]],
    living: Mapping[str, dict[str, Any]],
    sources: Mapping[str, str | None],
    no_match_below: float | None,
) -> dict[str, Any]:
    label, label_score = item.label, item.label_score
    if label is None and categories:
        label, label_score = categories[0]["name"], categories[0]["score"]
    best = hits[0].score if hits else -1.0
    return {
        "box": list(item.box),
        "label": label,
        "label_score": label_score,
        "categories": categories,
        "no_confident_match": not hits or (no_match_below is not None and best < no_match_below),
        "hits": [_hit(hit, living[hit.product_id], sources.get(hit.image_id)) for hit in hits],
    }


def _categories(item: Item, near: list[Hit], living: Mapping[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Largest first. Each product votes once, and how many hits are shown (`limit`) changes nothing."""
    nearest: dict[str, float] = {}
    for hit in near:
        nearest.setdefault(hit.product_id, hit.score)
    voted = vote((score, living[product].get("category")) for product, score in nearest.items())
    shares = rounded(pool(voted, item.probabilities))
    return [{"name": name, "score": share} for name, share in shares.items()]


def _hit(hit: Hit, attributes: dict[str, Any], source: str | None) -> dict[str, Any]:
    shown = source if source is not None and source.startswith(("http://", "https://")) else None
    return {
        "score": round(hit.score, 6),
        "image_id": hit.image_id,
        "product": {"id": hit.product_id, **catalog.card(attributes), "source_url": shown},
    }
