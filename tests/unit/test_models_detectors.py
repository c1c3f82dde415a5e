"""Detectors, what they have in common: boxes, suppression, letterbox."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from shared.errors import TusouError, WeightsMissing
from workers.models.detectors.coco import COCO
from workers.models.detectors.fake import FakeDetector
from workers.models.detectors.letterbox import letterbox
from workers.models.detectors.nms import overlap, suppress
from workers.models.detectors.port import Detection, detections
from workers.models.detectors.registry import load_detector, names

LEFT = (0.0, 0.0, 0.5, 1.0)
RIGHT = (0.5, 0.0, 1.0, 1.0)


def test_overlap_is_intersection_over_union() -> None:
    others = np.array([[0, 0, 2, 2], [1, 0, 3, 2], [2, 0, 4, 2], [0, 0, 1, 1]], float)

    np.testing.assert_allclose(overlap(others[0], others), [1, 1 / 3, 0, 1 / 4])


def test_boxes_without_area_overlap_nothing() -> None:
    point = np.zeros(4)

    assert overlap(point, np.zeros((1, 4))).tolist() == [0]


def test_of_boxes_on_one_another_the_best_of_each_class_stays() -> None:
    boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 9], [0, 0, 10, 10], [20, 0, 30, 10]], float)
    scores = np.array([0.5, 0.9, 0.4, 0.3])
    classes = np.array([1, 1, 2, 1])

    assert suppress(boxes, scores, classes, 0.45).tolist() == [1, 2, 3]
    assert suppress(boxes, scores, classes, 0.95).tolist() == [1, 0, 2, 3]


def test_nothing_suppressed_is_nothing() -> None:
    empty = np.zeros(0)

    assert suppress(np.zeros((0, 4)), empty, empty, 0.45).tolist() == []


@pytest.mark.parametrize(
    ("size", "ratio"), [((200, 100), 0.32), ((100, 200), 0.32), ((32, 64), 1), ((8, 4), 8)]
)
def test_a_letterbox_keeps_the_ratio_and_fills_with_grey(size: tuple[int, int], ratio: float) -> None:
    width, height = size
    square, scale = letterbox(np.full((height, width, 3), 7, np.uint8), 64)

    assert scale == pytest.approx(ratio)
    inside = square[: int(height * scale), : int(width * scale)]
    assert (inside == 7).all()
    assert (square == 7).sum() == inside.size
    assert set(np.unique(square)) == {7, 114}


def test_boxes_are_cut_at_the_edges_and_told_best_first() -> None:
    boxes = np.array([[-10, -10, 50, 50], [60, 60, 300, 300], [100, 10, 120, 20]], float)

    found = detections(boxes, np.array([0.2, 0.9, 0.95]), np.array([0, 1, 0]), ("hat", "shoe"), (100, 100))

    assert found == [Detection((0.6, 0.6, 1, 1), "shoe", 0.9), Detection((0, 0, 0.5, 0.5), "hat", 0.2)]


@pytest.mark.parametrize(
    "image",
    [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32), np.zeros((0, 4, 3), np.uint8)],
    ids=["grey", "floats", "empty"],
)
def test_what_is_no_photo_is_refused(image: np.ndarray) -> None:
    with pytest.raises(ValueError, match="a detector got"):
        FakeDetector().detect([image])


def test_the_fake_finds_the_quarters_that_are_not_plain() -> None:
    photo = np.full((40, 60, 3), 200, np.uint8)
    photo[5:10, 40:50] = 0
    photo[30:35, 5:10] = 150

    found = FakeDetector().detect([photo, np.zeros((9, 9, 3), np.uint8)])

    assert [each.box for each in found[0]] == [(0.5, 0, 1, 0.5), (0, 0.5, 0.5, 1)]
    assert found[0][0].score > found[0][1].score
    assert found[1] == []


def test_coco_has_its_eighty_classes() -> None:
    assert len(COCO) == len(set(COCO)) == 80
    assert (COCO[0], COCO[24], COCO[56], COCO[79]) == ("person", "backpack", "chair", "toothbrush")


def test_an_unknown_detector_is_answered_with_those_there_are() -> None:
    with pytest.raises(TusouError) as told:
        load_detector("yolo9000", weights=None)

    assert told.value.code == "unknown_detector"
    assert all(name in told.value.detail for name in names())


def test_a_missing_detector_file_is_named_with_the_ways_to_get_it(tmp_path: Path) -> None:
    """There is no library that would download it."""
    with pytest.raises(WeightsMissing, match="TUSOU_WEIGHTS") as told:
        load_detector("yolox_nano", weights=str(tmp_path))

    assert str(tmp_path / "yolox_nano.onnx") in told.value.detail
    assert "download" not in told.value.detail

    with pytest.raises(WeightsMissing, match=r"incoming/models/yolox_nano\.onnx"):
        load_detector("yolox_nano", weights=None)
