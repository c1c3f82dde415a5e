"""Images handed to the batcher together, and the one answer that they wait for."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass

import numpy as np

from workers.models.port import Embedded


@dataclass(frozen=True)
class ModelFailure:
    """The model could not embed this image; others of its batch are well."""

    detail: str


Answer = list[Embedded | ModelFailure]


class Submission:
    """The answers of n images, in their order; the future is done when the last one is in.

    Used by the model's thread alone once it is submitted.
    """

    def __init__(self, count: int) -> None:
        self.future: Future[Answer] = Future()
        self._answers: dict[int, Embedded | ModelFailure] = {}
        self._count = count
        # A future that runs cannot be cancelled, so that setting its result cannot fail.
        self.future.set_running_or_notify_cancel()
        self._finish()

    def answer(self, position: int, result: Embedded | ModelFailure) -> None:
        self._answers[position] = result
        self._finish()

    def fail(self, error: Exception) -> None:
        """No answer will come; of no effect when one has."""
        if not self.future.done():
            self.future.set_exception(error)

    def _finish(self) -> None:
        if len(self._answers) == self._count and not self.future.done():
            self.future.set_result([self._answers[position] for position in range(self._count)])


@dataclass(frozen=True, eq=False)
class Entry:
    """One image of a submission: (crop, crop, 3) uint8."""

    image: np.ndarray
    position: int
    submission: Submission


def entries(images: Sequence[np.ndarray]) -> tuple[Submission, list[Entry]]:
    submission = Submission(len(images))
    return submission, [Entry(image, position, submission) for position, image in enumerate(images)]
