"""What the vision stage leaves for the index stage: the image, and a vector for each item in it."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict, dataclass
from typing import Any

from shared.images.box import Box


@dataclass(frozen=True)
class Item:
    """One thing in a photo. `vector` is float16 bytes, unit length.

    `label` is the detector's or else the classifier's; `probabilities` are the classifier's likeliest labels.
    """

    box: Box
    label: str | None
    label_score: float | None
    vector: bytes
    probabilities: tuple[tuple[str, float], ...] = ()

    def to_json(self) -> dict[str, Any]:
        vector = base64.b64encode(self.vector).decode()
        return {**asdict(self), "vector": vector}

    @classmethod
    def from_json(cls, body: dict[str, Any]) -> Item:
        vector = base64.b64decode(body["vector"])
        probabilities = tuple((label, chance) for label, chance in body["probabilities"])
        return cls(tuple(body["box"]), body["label"], body["label_score"], vector, probabilities)


@dataclass(frozen=True)
class Outcome:
    """`items` has at least one, the main one first. `whole` is the whole photo beside items found in it.

    `no_confident_match` is the model's own score under which a best hit is no match, None if it has none.
    `degraded` are codes of what failed on the way.
    """

    image: dict[str, Any]  # id, width, height, quality
    items: tuple[Item, ...]
    fingerprint: str
    whole: Item | None = None
    no_confident_match: float | None = None
    degraded: tuple[str, ...] = ()

    @property
    def searched(self) -> tuple[Item, ...]:
        """What the index workers are asked for: the items, then the whole photo if it is another one."""
        return self.items if self.whole is None else (*self.items, self.whole)

    def to_bytes(self) -> bytes:
        body = {
            "image": self.image,
            "items": [item.to_json() for item in self.items],
            "fingerprint": self.fingerprint,
            "whole": self.whole.to_json() if self.whole else None,
            "no_confident_match": self.no_confident_match,
            "degraded": self.degraded,
        }
        return json.dumps(body).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Outcome:
        body = json.loads(data)
        whole = Item.from_json(body["whole"]) if body["whole"] else None
        return cls(
            body["image"],
            tuple(map(Item.from_json, body["items"])),
            body["fingerprint"],
            whole,
            body.get("no_confident_match"),
            tuple(body.get("degraded", ())),
        )
