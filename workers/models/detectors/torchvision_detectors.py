"""torchvision's detectors with their published weights, or a file of the same layout."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import nn
from torchvision.models import WeightsEnum, detection

from workers.models.detectors.port import Detection, check_photos, detections
from workers.models.engines.cores import cores
from workers.models.weights.load import State, load_found, unfit

_Build = Callable[..., nn.Module]
DETECTORS: Final[dict[str, tuple[_Build, WeightsEnum]]] = {
    "fasterrcnn_mobilenet_v3_large_320_fpn": (
        detection.fasterrcnn_mobilenet_v3_large_320_fpn,
        detection.FasterRCNN_MobileNet_V3_Large_320_FPN_Weights.COCO_V1,
    ),
    "fasterrcnn_resnet50_fpn_v2": (
        detection.fasterrcnn_resnet50_fpn_v2,
        detection.FasterRCNN_ResNet50_FPN_V2_Weights.COCO_V1,
    ),
    "ssdlite320_mobilenet_v3_large": (
        detection.ssdlite320_mobilenet_v3_large,
        detection.SSDLite320_MobileNet_V3_Large_Weights.COCO_V1,
    ),
    "maskrcnn_resnet50_fpn_v2": (
        detection.maskrcnn_resnet50_fpn_v2,
        detection.MaskRCNN_ResNet50_FPN_V2_Weights.COCO_V1,
    ),
}


class TorchvisionDetector:
    """`net` is one of DETECTORS in eval mode on `device`; it resizes and normalises by itself.

    Of a Mask R-CNN the boxes are used, not the masks. What scores less than `min_score` is left out.
    """

    def __init__(
        self, net: nn.Module, *, name: str, labels: tuple[str, ...], device: str, min_score: float
    ) -> None:
        self.name = name
        self.labels = labels
        self._net = net
        self._device = device
        self._min_score = min_score

    @torch.inference_mode()
    def detect(self, images: Sequence[np.ndarray]) -> list[list[Detection]]:
        check_photos(images)
        return [self._detect(image) for image in images]

    def _detect(self, image: np.ndarray) -> list[Detection]:
        # A copy: the decode child's memory is read-only, and torch has no tensors that are.
        pixels = torch.from_numpy(image.copy()).to(self._device).permute(2, 0, 1).float() / 255
        (found,) = self._net([pixels])
        good = found["scores"] >= self._min_score
        boxes, scores, classes = (
            found[key][good].float().cpu().numpy() for key in ("boxes", "scores", "labels")
        )
        height, width = image.shape[:2]
        return detections(boxes, scores, classes.astype(np.intp), self.labels, (width, height))


def load(
    name: str, source: Path | bytes | None, *, device: str, threads: int, min_score: float
) -> TorchvisionDetector:
    """One of DETECTORS with what `find_weights` found, or (None) the published weights downloaded.

    Raises WeightsMissing, and TusouError for weights of another network.
    """
    build, published = DETECTORS[name]
    state = load_found(name, published, source)
    if device == "cpu":
        torch.set_num_threads(threads or cores())
    return TorchvisionDetector(
        _filled(name, build, state).to(device),
        name=name,
        labels=tuple(published.meta["categories"]),
        device=device,
        min_score=min_score,
    )


def _filled(name: str, build: _Build, state: State) -> nn.Module:
    net = build(weights=None, weights_backbone=None)
    try:
        net.load_state_dict(state, strict=True)
    except RuntimeError as error:
        raise unfit(name, f"they are another network's: {error}") from error
    return net.eval().requires_grad_(False)
