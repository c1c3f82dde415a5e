"""Files of the YOLOX family that others exported: other labels, other grids, boxes decoded or not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnx", reason="an extra of the exporter")
pytest.importorskip("onnxruntime", reason="an extra of the engines")

# E402: the file is made with a package that is an extra.
from shared.errors import TusouError
from tests import onnx_files
from workers.models.detectors.registry import load_detector
from workers.models.detectors.yolox import YoloX

CELLS = 16 + 4 + 1  # of 32 pixels, with strides of 8, 16 and 32
PHOTO = np.zeros((32, 32, 3), np.uint8)


def says(*, classes: int = 2, in_pixels: bool = False, cells: int = CELLS) -> np.ndarray:
    """One thing of class 1 in the middle: 16 pixels wide and 8 high."""
    raw = np.zeros((1, cells, 5 + classes), np.float32)
    raw[..., 2:4] = 8 if in_pixels else 0  # every cell has a size, and nothing in it
    centre, size = ([16, 16], [16, 8]) if in_pixels else ([0, 0], np.log([2, 1]))
    raw[0, 10] = [*centre, *size, 1, *np.eye(classes)[1] * 0.9]  # the cell at (2, 2) of the finest grid
    return raw


@pytest.mark.parametrize("in_pixels", [False, True], ids=["raw", "decoded in inference"])
def test_a_box_is_the_same_whether_the_file_decodes_it_or_we_do(in_pixels: bool) -> None:
    detector = YoloX(onnx_files.yolox(says(in_pixels=in_pixels)), name="x", labels=("bag", "shoe"), threads=1)

    ((found,),) = detector.detect([PHOTO])

    assert (found.label, round(found.score, 3)) == ("shoe", 0.9)
    assert found.box == pytest.approx((0.25, 0.375, 0.75, 0.625))


@pytest.mark.parametrize("names", ['["bag", "shoe"]', '{"1": "shoe", "0": "bag"}'])
def test_labels_come_from_the_files_metadata(names: str) -> None:
    assert YoloX(onnx_files.yolox(says(), names=names), name="x", threads=1).labels == ("bag", "shoe")


def test_labels_may_stand_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "shop.onnx").write_bytes(onnx_files.yolox(says(classes=3)))
    (tmp_path / "shop.txt").write_text("dress\nskirt\nhat\n", encoding="utf-8")

    detector = load_detector(str(tmp_path / "shop.onnx"), weights=None, threads=1)

    assert detector.detect([PHOTO])[0][0].label == "skirt"


def test_labels_may_stand_beside_the_weights_of_a_size(tmp_path: Path) -> None:
    (tmp_path / "yolox_nano.onnx").write_bytes(onnx_files.yolox(says(classes=3)))
    (tmp_path / "yolox_nano.txt").write_text("dress\nskirt\nhat\n", encoding="utf-8")

    detector = load_detector("yolox_nano", weights=str(tmp_path), threads=1)

    assert detector.labels == ("dress", "skirt", "hat")


def test_labels_in_another_encoding_are_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "shop.onnx").write_bytes(onnx_files.yolox(says()))
    (tmp_path / "shop.txt").write_bytes("écharpe".encode("latin-1"))

    with pytest.raises(TusouError, match=r"shop\.txt are not in UTF-8"):
        load_detector(str(tmp_path / "shop.onnx"), weights=None, threads=1)


def test_a_file_is_one_detector_whatever_its_folder_is_called(tmp_path: Path) -> None:
    (tmp_path / "c++").mkdir()
    path = tmp_path / "c++" / "shop.onnx"
    path.write_bytes(onnx_files.yolox(says(), names='["bag", "shoe"]'))

    assert load_detector(str(path), weights=None, threads=1).name == str(path)


def test_a_fourth_grid_is_read_too() -> None:
    cells = 64 + 16 + 4 + 1
    raw = np.zeros((1, cells, 7), np.float32)
    raw[0, -1] = [0.5, 0.5, 0, 0, 1, 0, 1]  # the one cell of 64 pixels
    detector = YoloX(onnx_files.yolox(raw, side=64), name="x", labels=("a", "b"), threads=1)

    ((found,),) = detector.detect([np.zeros((64, 64, 3), np.uint8)])

    assert found.box == (0, 0, 1, 1)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (says(), "2 classes, and there are 80 labels"),
        (says(cells=22), "it gives"),
        (np.zeros((CELLS, 7), np.float32), "it gives"),
    ],
    ids=["unknown labels", "no grid of ours", "two dimensions"],
)
def test_a_file_that_is_none_such_is_refused(raw: np.ndarray, reason: str) -> None:
    with pytest.raises(TusouError, match=reason):
        YoloX(onnx_files.yolox(raw), name="x", threads=1)
