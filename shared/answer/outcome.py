"""What the vision stage leaves for the index stage: the image, and a vector for each item in it."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

Box = tuple[float, float, float, float]  # x0 y0 x1 y1, 0..1 of the upright image
WHOLE: Box = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True)
class Item:
    """One thing in a photo. `vector` is float16 bytes, unit length."""

    box: Box
    label: str | None
    label_score: float | None
    vector: bytes


@dataclass(frozen=True)
class Outcome:
    image: dict[str, Any]  # id, width, height, quality
    items: tuple[Item, ...]
    fingerprint: str

    def to_bytes(self) -> bytes:
        items = [
            {
                "box": i.box,
                "label": i.label,
                "label_score": i.label_score,
                "vector": base64.b64encode(i.vector).decode(),
            }
            for i in self.items
        ]
        return json.dumps({"image": self.image, "items": items, "fingerprint": self.fingerprint}).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Outcome:
        body = json.loads(data)
        items = tuple(
            Item(tuple(i["box"]), i["label"], i["label_score"], base64.b64decode(i["vector"]))
            for i in body["items"]
        )
        return cls(body["image"], items, body["fingerprint"])
