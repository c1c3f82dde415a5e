"""A network in 8-bit integers, for the edge: a quarter of the bytes, and a model of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from workers.models.engines.onnx_engine import INPUT


def to_int8(onnx: bytes, images: Sequence[np.ndarray]) -> bytes:
    """A file of `onnx_export.to_onnx` quantised statically, its ranges those seen on `images`.

    `images` are (crop, crop, 3) uint8 as `geometry.prepare` makes them; a hundred will do. Weights are scaled
    per channel, and ranges hold all that was seen. Needs the packages onnx and onnxruntime.
    """
    import onnx as onnx_package
    from onnxruntime.quantization import (
        CalibrationDataReader,
        CalibrationMethod,
        QuantFormat,
        quantize_static,
    )
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader(CalibrationDataReader):
        def __init__(self) -> None:
            self._left: Iterator[np.ndarray] = iter(images)

        def get_next(self) -> dict[str, np.ndarray] | None:
            image = next(self._left, None)
            return None if image is None else {INPUT: image[None]}

    with tempfile.TemporaryDirectory() as folder:
        ready, made = Path(folder) / "ready.onnx", Path(folder) / "int8.onnx"
        quant_pre_process(onnx_package.load_from_string(onnx), ready, skip_symbolic_shape=True)
        quantize_static(
            ready,
            made,
            Reader(),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            calibrate_method=CalibrationMethod.MinMax,
        )
        return made.read_bytes()
