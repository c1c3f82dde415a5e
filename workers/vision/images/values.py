"""An image on its way into a product: wanted, begun, ready; or kept as it is."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sqlalchemy import Row

from shared.catalog.changes import KeptImage, NewImage
from shared.catalog.sources import Source
from shared.reasons import Reason
from shared.storage.port import Stored
from shared.vectors.codec import to_unit_f16
from workers.models.port import Embedded
from workers.vision.batching.batcher import ModelFailure


@dataclass(frozen=True)
class Wanted:
    """An image that a row names; `position` orders the images of its product."""

    source: Source
    image_version: str | None
    position: int
    base: str = ""
    known: Row[Any] | None = None  # a refresh asks its host whether this image has changed
    picture: str | None = None  # the image whose stored picture is embedded again, as its vector was lost


@dataclass(frozen=True)
class Ready:
    """An image with its vector; not yet part of any product."""

    wanted: Wanted
    image_id: str
    sha256: str
    width: int
    height: int
    vector: np.ndarray  # (dim,) float16, unit length
    normalised: Stored
    thumbnail: Stored | None
    fingerprint: str
    embedded: bool  # false: the same bytes had a vector already
    etag: str | None = None
    last_modified: str | None = None

    @property
    def stored(self) -> list[Stored]:
        return [self.normalised] + ([self.thumbnail] if self.thumbnail else [])

    def as_new(self, *, segment: str | None, segment_row: int, inline: bool) -> NewImage:
        """`segment_row` counts within the rows of its shard."""
        return NewImage(
            id=self.image_id,
            source=self.wanted.source.text,
            image_version=self.wanted.image_version,
            position=self.wanted.position,
            sha256=self.sha256,
            width=self.width,
            height=self.height,
            normalised=self.normalised.name,
            thumbnail=self.thumbnail.name if self.thumbnail else None,
            fingerprint=self.fingerprint,
            etag=self.etag,
            last_modified=self.last_modified,
            segment=segment,
            segment_row=segment_row,
            vector=self.vector.tobytes() if inline else None,
        )


@dataclass(frozen=True)
class Unchanged:
    """The image that the product has already, and the validators that its host names now."""

    image: KeptImage
    etag: str | None
    last_modified: str | None


Ended = Ready | Unchanged | Reason


@dataclass(frozen=True)
class Begun:
    """Everything but the vector."""

    ready: Ended
    waiting: Future[list[Embedded | ModelFailure]] | None = None

    @property
    def stored(self) -> list[Stored]:
        return self.ready.stored if isinstance(self.ready, Ready) else []

    def finish(self) -> Ended:
        """Wait for the model. Raises nothing that belongs to the image alone."""
        if self.waiting is None or not isinstance(self.ready, Ready):
            return self.ready
        (embedded,) = self.waiting.result()
        if isinstance(embedded, ModelFailure):
            return Reason("model_failed")
        return replace(self.ready, vector=to_unit_f16(embedded.vector))
