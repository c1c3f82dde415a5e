"""Real detectors: YOLOX on photos whose items are known, torchvision's through their own forward."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from shared.errors import TusouError, WeightsMissing
from tests.needs import need_onnx, need_onnx_runtime, need_torch
from workers.models.detectors.port import Detection, Detector
from workers.models.detectors.registry import load_detector

DATA = Path(os.environ.get("TUSOU_DATA", "../shared/data"))
COCO_PHOTOS = DATA / "coco-val" / "images"
YOLOX = DATA / "weights" / "yolox_nano.onnx"
TORCHVISION = (
    "fasterrcnn_mobilenet_v3_large_320_fpn",
    "fasterrcnn_resnet50_fpn_v2",
    "ssdlite320_mobilenet_v3_large",
    "maskrcnn_resnet50_fpn_v2",
)


def _well_formed(detector: Detector, found: list[Detection]) -> None:
    for each in found:
        x0, y0, x1, y1 = each.box
        assert 0 <= x0 < x1 <= 1
        assert 0 <= y0 < y1 <= 1
        assert each.label in detector.labels
        assert 0 <= each.score <= 1
    scores = [each.score for each in found]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.skipif(
    not (COCO_PHOTOS.is_dir() and YOLOX.is_file()), reason=f"no COCO photos and YOLOX in {DATA} (TUSOU_DATA)"
)
class TestYoloX:
    @pytest.fixture(scope="class")
    @classmethod
    def detector(cls) -> Detector:
        need_onnx_runtime()
        return load_detector("yolox_nano", weights=str(YOLOX.parent), threads=1)

    def test_it_is_as_good_as_its_makers_say(self) -> None:
        """AP50 .497; .501 was measured."""
        need_onnx_runtime()
        from benchmarks.detection import REFERENCE, measure

        ap50, _, photos = measure(DATA)

        assert photos == 128
        assert ap50 == pytest.approx(REFERENCE, abs=0.01)

    def test_boxes_lie_in_the_photo_whatever_its_shape(self, detector: Detector) -> None:
        photo = Image.open(COCO_PHOTOS / "000000000139.jpg").convert("RGB")
        shapes = [photo, photo.resize((900, 300)), photo.resize((40, 200)), photo.crop((0, 0, 33, 1))]

        for found in detector.detect([np.asarray(shape) for shape in shapes]):
            _well_formed(detector, found)

    def test_an_item_stays_where_it_is_when_the_photo_is_larger(self, detector: Detector) -> None:
        """Boxes are told in shares of the photo, not in pixels of the square that the network sees."""
        photo = Image.open(COCO_PHOTOS / "000000000139.jpg").convert("RGB")
        small, large = detector.detect([np.asarray(photo), np.asarray(photo.resize((960, 640)))])

        assert small[0].label == large[0].label
        np.testing.assert_allclose(small[0].box, large[0].box, atol=0.03)

    def test_nothing_scores_under_the_least(self) -> None:
        need_onnx_runtime()
        strict = load_detector(str(YOLOX), weights=None, min_score=0.6, threads=1)
        photos = [np.asarray(Image.open(path).convert("RGB")) for path in sorted(COCO_PHOTOS.iterdir())[:8]]

        scores = [each.score for found in strict.detect(photos) for each in found]

        assert scores
        assert min(scores) >= 0.6

    def test_a_plain_photo_has_no_items(self, detector: Detector) -> None:
        assert detector.detect([np.full((300, 200, 3), 230, np.uint8)]) == [[]]

    def test_its_file_comes_from_the_object_store(self) -> None:
        need_onnx_runtime()
        store = {"yolox_nano.onnx": YOLOX.read_bytes()}

        assert (
            load_detector("yolox_nano", weights=None, fetch_object=store.get, threads=1).name == "yolox_nano"
        )

    def test_torch_is_not_imported_for_it(self) -> None:
        need_onnx_runtime()
        code = (
            "import sys, numpy; from workers.models.detectors.registry import load_detector; "
            f"load_detector({str(YOLOX)!r}, weights=None).detect([numpy.zeros((9, 9, 3), 'uint8')]); "
            "sys.exit('torch' in sys.modules)"
        )

        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_file_that_is_no_detector_is_refused(tmp_path: Path) -> None:
    need_onnx()
    from tests.onnx_files import halves

    path = tmp_path / "halves.onnx"
    path.write_bytes(halves())

    with pytest.raises(TusouError, match="no YOLOX file") as told:
        load_detector(str(path), weights=None)

    assert told.value.code == "weights_unfit"


class TestTorchvision:
    """With invented weights: how they are loaded and told, not how good they are."""

    @pytest.fixture(scope="class")
    @classmethod
    def weights(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        need_torch()
        return tmp_path_factory.mktemp("weights")

    @pytest.mark.parametrize("name", TORCHVISION)
    def test_what_the_network_finds_is_told_in_shares_of_the_photo(self, name: str, weights: Path) -> None:
        import torch

        from workers.models.detectors.torchvision_detectors import DETECTORS

        torch.manual_seed(0)
        build, published = DETECTORS[name]
        net = build(weights=None, weights_backbone=None).eval()
        torch.save(net.state_dict(), weights / f"{name}.pth")
        photo = np.random.default_rng(0).integers(0, 256, (120, 200, 3), np.uint8)
        photo.setflags(write=False)

        detector = load_detector(name, weights=str(weights), device="cpu", threads=1, min_score=0)
        (found,) = detector.detect([photo])

        with torch.inference_mode():
            (theirs,) = net([torch.from_numpy(photo.copy()).permute(2, 0, 1).float() / 255])
        assert detector.labels == tuple(published.meta["categories"])
        _well_formed(detector, found)
        assert len(found) <= len(theirs["scores"])
        expected = theirs["boxes"].numpy() / (200, 120, 200, 120)
        for each in found[:5]:
            assert np.abs(expected - each.box).max(1).min() < 1e-3

    def test_weights_of_another_network_are_refused(self, weights: Path) -> None:
        import torch

        path = weights / "other.pth"
        torch.save({"weight": torch.zeros(1)}, path)

        with pytest.raises(TusouError, match="another network's") as told:
            load_detector("ssdlite320_mobilenet_v3_large", weights=str(path), device="cpu")

        assert told.value.code == "weights_unfit"

    def test_a_missing_file_is_told_with_the_ways_to_get_it(self, weights: Path) -> None:
        with pytest.raises(WeightsMissing, match="download"):
            load_detector("fasterrcnn_resnet50_fpn_v2", weights=str(weights / "nowhere"))
