"""Why a hit matched."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from services.gateway.schemas.common import Ask, Tell

Side = Literal["query", "result"]


class ExplanationQuery(Ask):
    item: int | None = Field(None, ge=0, description="Which of the items, from 0; the main item without it.")
    of: Side | None = Field(None, description="Answer this PNG itself: over the photo, or the hit's image.")
    sig: str | None = Field(None, description="As in `query_url` and `result_url`; stands for a key.")


class Explanation(Tell):
    """Two heat maps: lighter is what the match rests on. Paths of this server, signed, valid for a time."""

    query_url: str = Field(description="Over the photo, a PNG.")
    result_url: str = Field(description="Over the hit's image, a PNG.")
    method: Literal["occlusion"] = Field(description="Each part was covered in turn: how far the score fell.")
    score: float = Field(description="The hit's.")
