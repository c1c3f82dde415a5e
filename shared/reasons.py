"""Why a photo, an image or a row was not accepted: a value, never an exception."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Reason:
    """A stable code with the measured number and the threshold it missed.

    Workers store codes and numbers; the gateway writes the advice in the reader's language.
    """

    code: str
    measured: float | None = None
    threshold: float | None = None
    detail: str = ""  # for a row error; a photo's reason is told by the gateway's advice

    def to_json(self) -> dict[str, Any]:
        return {"code": self.code, "measured": self.measured, "threshold": self.threshold}
