"""What a gateway may tell the page: jobs in the contract's shape, and drawings for their images."""

from __future__ import annotations

from hashlib import blake2b
from io import BytesIO
from typing import Any

from PIL import Image, ImageDraw

SIDE = 240  # pixels


def drawing(name: str) -> bytes:
    """A PNG of SIDE × SIDE whose colours follow from `name`: the same name, the same picture."""
    hue, shade = blake2b(name.encode(), digest_size=2).digest()
    image = Image.new("HSV", (SIDE, SIDE), (hue, 24, 235 + shade % 12))
    pen = ImageDraw.Draw(image)
    pen.ellipse((56, 186, 184, 206), fill=(hue, 40, 205))
    pen.rounded_rectangle((64, 60, 176, 196), radius=22, fill=(hue, 130, 170 + shade % 60))
    pen.arc((88, 30, 152, 96), 180, 360, fill=(hue, 140, 110), width=9)
    out = BytesIO()
    image.convert("RGB").save(out, "PNG")
    return out.getvalue()


def job(state: str, **fields: Any) -> dict[str, Any]:
    """A search job with every field of the contract, unused ones null."""
    known = {"id": "01J9", "kind": "search", "state": state, "created_at": "2026-11-02T10:00:00Z"}
    return known | dict.fromkeys(("progress", "result", "error", "reasons", "timings_ms")) | fields


def hit(score: float = 0.81, image: str = "bag", **product: Any) -> dict[str, Any]:
    """A hit whose product has every field, but for those that `product` names otherwise."""
    whole = {
        "id": "SKU-1",
        "title": "Canvas tote bag",
        "brand": "Alder & Reed",
        "price": {"amount": "39.90", "currency": "EUR"},
        "rating": {"value": 4.6, "count": 212},
        "availability": "in_stock",
        "url": "https://shop.example/p/sku-1",
        "source_url": None,
    }
    addresses = {"image_url": f"/v1/images/{image}?sig=good", "explanation_url": None}
    return {"score": score, "image_id": image, **addresses, "product": whole | product}


def found(*hits: dict[str, Any], partial: bool = False, **item: Any) -> dict[str, Any]:
    """A succeeded search with one item; `item` replaces fields of it."""
    one = {"box": [0.0, 0.0, 1.0, 1.0], "label": "bag", "label_score": 0.93, "no_confident_match": False}
    index = {"version": "v1", "time": "2026-11-02T10:00:00Z", "partial": partial, "missing": []}
    quality = {"sharpness": 0.58, "brightness": 0.52}
    result = {
        "image": {"id": "q1", "width": SIDE, "height": SIDE, "quality": quality},
        "items": [one | {"categories": [], "hits": list(hits)} | item],
        "index": index,
        "model": "3f2a91c0d7be",
    }
    return job("succeeded", result=result, timings_ms={"total": 41})


def rejected(advice: str, code: str = "too_blurred") -> dict[str, Any]:
    """A photo the quality gate refused, with the advice in the reader's language."""
    return job("rejected", reasons=[{"code": code, "measured": 12.0, "threshold": 60.0, "advice": advice}])
