"""Uploaded images."""

from __future__ import annotations

from pydantic import Field

from services.gateway.schemas.common import Ask, Tell


class ImageForm(Ask):
    """The file `image` and nothing else."""


class Image(Tell):
    """`state` is new until a vision worker has made the normalised image; sizes are those of the header."""

    id: str
    state: str
    width: int | None
    height: int | None


class SignedQuery(Ask):
    sig: str | None = Field(None, description="As in an answer's `image_url`; stands for a key.")
