"""YOLOX and its kin: one ONNX file through ONNX Runtime (Ge and others, "YOLOX", 2021)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from shared.errors import TusouError
from workers.models.detectors.coco import COCO
from workers.models.detectors.letterbox import letterbox
from workers.models.detectors.nms import suppress
from workers.models.detectors.port import Detection, check_photos, detections
from workers.models.engines.onnx_session import open_session

# One cell of each grid is so many pixels wide; larger networks of the family have a fourth grid.
_STRIDES: Final = ((8, 16, 32), (8, 16, 32, 64))
# The logarithm of a size in cells is never so large: e^4 cells of the finest grid are 437 pixels. What
# is larger are pixels, of a file that was exported with grid and stride applied.
_MOST_LOG_SIZE: Final = 4.0
# The upstream demo's; a pair of things closer than that is told as one.
NMS_OVERLAP: Final = 0.45


class YoloX:
    """`data` is a file that takes (1, 3, side, side) float32 BGR 0..255 and gives (1, cells, 5 + classes).

    A cell's numbers are centre, size, the chance that anything is there and of each class: before grid and
    stride, or after them (`--decode_in_inference`), which the file itself shows. `labels` None takes those
    that the file names, else COCO's. What scores less than `min_score` is left out. Raises TusouError for a
    file that is none such.
    """

    def __init__(
        self,
        data: bytes,
        *,
        name: str,
        labels: tuple[str, ...] | None = None,
        min_score: float = 0.3,
        threads: int = 0,
    ) -> None:
        self.name = name
        self._min_score = min_score
        self._session = open_session(data, where=name, threads=threads)
        (self._input, *_) = self._session.get_inputs()
        self._side = _side(name, self._input.shape)
        self.labels = labels or named(self._session) or COCO
        grey = np.full((1, 3, self._side, self._side), 114, np.float32)
        raw = self._session.run(None, {self._input.name: grey})[0]
        grids = {len(grid): (grid, stride) for grid, stride in (_cells(self._side, s) for s in _STRIDES)}
        if raw.ndim != 3 or raw.shape[1] not in grids:
            raise _unfit(name, f"it gives {raw.shape}")
        if raw.shape[2] != 5 + len(self.labels):
            raise _unfit(
                name, f"it knows {raw.shape[2] - 5} classes, and there are {len(self.labels)} labels"
            )
        self._grid, self._stride = grids[raw.shape[1]]
        self._in_pixels = float(np.median(raw[0, :, 2:4])) > _MOST_LOG_SIZE

    def detect(self, images: Sequence[np.ndarray]) -> list[list[Detection]]:
        check_photos(images)
        return [self._detect(image) for image in images]

    def _detect(self, image: np.ndarray) -> list[Detection]:
        square, ratio = letterbox(image, self._side)
        bgr = square[None, :, :, ::-1].transpose(0, 3, 1, 2).astype(np.float32)  # (1, 3, side, side)
        (raw,) = self._session.run(None, {self._input.name: np.ascontiguousarray(bgr)})
        boxes, chances = self._decode(raw[0])
        cells = chances.max(1) >= self._min_score
        boxes, scores, classes = boxes[cells] / ratio, chances[cells].max(1), chances[cells].argmax(1)
        kept = suppress(boxes, scores, classes, NMS_OVERLAP)
        height, width = image.shape[:2]
        return detections(boxes[kept], scores[kept], classes[kept], self.labels, (width, height))

    def _decode(self, raw: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(cells, 5 + classes) -> boxes (cells, 4) in pixels of the square, chances (cells, classes)."""
        if self._in_pixels:
            centres, halves = raw[:, :2], raw[:, 2:4] / 2
        else:
            centres = (raw[:, :2] + self._grid) * self._stride
            halves = np.exp(raw[:, 2:4]) * self._stride / 2
        return np.concatenate([centres - halves, centres + halves], 1), raw[:, 4:5] * raw[:, 5:]


def named(session: Any) -> tuple[str, ...]:
    """The labels in a file's metadata, `names` as a JSON list or object by number; none where it has none."""
    told = session.get_modelmeta().custom_metadata_map.get("names", "")
    try:
        names = json.loads(told or "[]")
    except ValueError:
        return ()
    if isinstance(names, dict):
        names = [names[key] for key in sorted(names, key=int)] if all(k.isdecimal() for k in names) else []
    return tuple(map(str, names)) if isinstance(names, list) else ()


def _cells(side: int, widths: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """x, y of each cell in its grid (cells, 2) and its width in pixels (cells, 1), the finest grid first."""
    grids, strides = [], []
    for stride in widths:
        y, x = np.mgrid[: side // stride, : side // stride]
        grids.append(np.stack([x, y], 2).reshape(-1, 2))
        strides.append(np.full((len(grids[-1]), 1), stride))
    return np.concatenate(grids).astype(np.float32), np.concatenate(strides).astype(np.float32)


def _side(name: str, shape: list[object]) -> int:
    match shape:
        case [_, 3, int(height), int(width)] if height == width and height % 32 == 0:
            return height
    raise _unfit(name, f"it takes {shape}")


def _unfit(name: str, reason: str) -> TusouError:
    return TusouError(f"{name} is no YOLOX file for these labels: {reason}", code="weights_unfit")
