"""From a detector's name to the detector. torch is imported only when one of torchvision's is asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from shared.errors import TusouError
from workers.models.detectors.fake import FakeDetector
from workers.models.detectors.foreground import Foreground
from workers.models.detectors.port import Detector
from workers.models.detectors.together import Together
from workers.models.detectors.yolox import YoloX
from workers.models.engines.choice import needs_torch
from workers.models.engines.devices import choose_device
from workers.models.weights.find import FetchObject, find_weights, weights_missing

_WITHOUT_WEIGHTS: Final[dict[str, Callable[[], Detector]]] = {
    "foreground": lambda: Foreground(),
    "fake": lambda: FakeDetector(),
}
_TOGETHER: Final = "+"
# Sizes of YOLOX, by the names of their upstream files.
_YOLOX: Final = ("yolox_nano", "yolox_tiny", "yolox_s", "yolox_m", "yolox_l", "yolox_x")
_TORCHVISION: Final = (
    "fasterrcnn_mobilenet_v3_large_320_fpn",
    "fasterrcnn_resnet50_fpn_v2",
    "ssdlite320_mobilenet_v3_large",
    "maskrcnn_resnet50_fpn_v2",
)
# Under it an item is more often a mistake than not, on COCO photos.
MIN_SCORE: Final = 0.3


def load_detector(
    name: str,
    *,
    weights: str | None,
    device: str = "auto",
    threads: int = 0,
    fetch_object: FetchObject | None = None,
    min_score: float = MIN_SCORE,
) -> Detector:
    """A detector by name; any YOLOX-style file may be named by its path, *.onnx.

    Its labels stand beside it (NAME.txt, one a line), or in its metadata, or are COCO's. `one+other` is both
    together.
    `weights`, `device`, `threads`, `fetch_object` as of `load_model`; YOLOX computes on the CPU. Raises
    WeightsMissing, and TusouError for an unknown name, weights of another network, or what is not installed.
    """
    is_file = name.endswith(".onnx") and Path(name).expanduser().is_file()
    if _TOGETHER in name and not is_file:  # a folder may be called c++
        parts = [
            load_detector(
                part,
                weights=weights,
                device=device,
                threads=threads,
                fetch_object=fetch_object,
                min_score=min_score,
            )
            for part in name.split(_TOGETHER)
        ]
        return Together(name, parts)
    if name in _WITHOUT_WEIGHTS:
        return _WITHOUT_WEIGHTS[name]()
    if name in _TORCHVISION:
        chosen = choose_device(device)
        source = find_weights(name, weights=weights, fetch_object=fetch_object)
        with needs_torch(name):
            from workers.models.detectors import torchvision_detectors
        return torchvision_detectors.load(name, source, device=chosen, threads=threads, min_score=min_score)
    if name not in _YOLOX and not name.endswith(".onnx"):
        raise TusouError(
            f"there is no detector {name!r}; there are: {', '.join(names())}, or the path of an ONNX file",
            code="unknown_detector",
        )
    source = _onnx(name, weights, fetch_object)
    labels = _labels_beside(source) if isinstance(source, Path) else None
    data = source.read_bytes() if isinstance(source, Path) else source
    return YoloX(data, name=name, labels=labels, min_score=min_score, threads=threads)


def _labels_beside(path: Path) -> tuple[str, ...] | None:
    beside = path.with_suffix(".txt")
    if not beside.is_file():
        return None
    try:
        lines = beside.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise TusouError(f"the labels in {beside} are not in UTF-8", code="labels_unreadable") from error
    return tuple(line.strip() for line in lines if line.strip())


def names() -> tuple[str, ...]:
    """All names that `load_detector` knows."""
    return (*_WITHOUT_WEIGHTS, *_YOLOX, *_TORCHVISION)


def _onnx(name: str, weights: str | None, fetch_object: FetchObject | None) -> Path | bytes:
    given = name if name.endswith(".onnx") else weights
    source = find_weights(Path(name).stem, weights=given, fetch_object=fetch_object, suffix=".onnx")
    if source is None:
        raise weights_missing(name, "nobody publishes its file for us to download", suffix=".onnx")
    return source
