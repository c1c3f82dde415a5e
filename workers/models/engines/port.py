"""The port of an engine: what computes a network, and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np


@dataclass(frozen=True, eq=False)
class Raw:
    """Of one batch: `features` (n, d) and `logits` (n, labels), float32; None without a classifier."""

    features: np.ndarray
    logits: np.ndarray | None


class Engine(Protocol):
    """`name` is torch or onnx, `device` cpu or cuda. Called from one thread."""

    name: str
    device: str

    def load(self, pixels: np.ndarray) -> Any:
        """(n, crop, crop, 3) uint8 RGB -> the batch, where `run` wants it."""

    def run(self, batch: Any) -> Raw:
        """One batch through the network."""
