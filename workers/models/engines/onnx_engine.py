"""The engine for networks in ONNX files: ONNX Runtime on a CPU. torch is not needed."""

from __future__ import annotations

from typing import Final

import numpy as np

from shared.errors import TusouError
from workers.models.engines.onnx_session import open_session
from workers.models.engines.port import Raw

# What our files are asked for: (n, crop, crop, 3) uint8 RGB in, (n, d) and (n, labels) float32 out.
# Mean and deviation are in the graph, so that a file is all that an edge device needs.
INPUT: Final = "pixels"
FEATURES: Final = "features"
LOGITS: Final = "logits"


class OnnxEngine:
    """`data` is a file that `onnx_export.to_onnx` made, `where` its name in errors."""

    name = "onnx"
    device = "cpu"

    def __init__(self, data: bytes, *, where: str, threads: int = 0) -> None:
        self._session = open_session(data, where=where, threads=threads)
        inputs = [each.name for each in self._session.get_inputs()]
        outputs = [each.name for each in self._session.get_outputs()]
        if inputs != [INPUT] or outputs not in ([FEATURES], [FEATURES, LOGITS]):
            raise TusouError(
                f"{where} turns {inputs} into {outputs}, and not {INPUT} into {FEATURES} and {LOGITS}",
                code="onnx_unreadable",
            )
        self._outputs = outputs

    def load(self, pixels: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(pixels)

    def run(self, batch: np.ndarray) -> Raw:
        features, *logits = self._session.run(self._outputs, {INPUT: batch})
        return Raw(features, logits[0] if logits else None)
