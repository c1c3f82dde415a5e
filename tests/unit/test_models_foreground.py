"""The detector without a network: pieces that stand out from a plain background."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from workers.models.detectors.foreground import Foreground
from workers.models.detectors.pieces import pieces
from workers.models.detectors.port import Detection
from workers.models.detectors.registry import load_detector


def sheet(*things: tuple[tuple[int, int, int, int], str], paper: str = "#e8e4da") -> np.ndarray:
    image = Image.new("RGB", (400, 300), paper)
    for box, colour in things:
        ImageDraw.Draw(image).ellipse(box, fill=colour)
    return np.asarray(image)


def found(image: np.ndarray) -> list[Detection]:
    (items,) = Foreground().detect([image])
    return items


@pytest.mark.parametrize("paper", ["#e8e4da", "#ffffff", "#202428"])
def test_each_thing_on_plain_paper_is_found_where_it_stands(paper: str) -> None:
    things = found(sheet(((40, 60, 160, 240), "#b02020"), ((240, 40, 360, 160), "#70a0d0"), paper=paper))
    boxes = sorted(thing.box for thing in things)
    assert boxes == [
        pytest.approx((0.1, 0.2, 0.4, 0.8), abs=0.02),
        pytest.approx((0.6, 2 / 15, 0.9, 8 / 15), abs=0.02),
    ]


def test_what_stands_out_more_is_surer() -> None:
    black, grey = found(sheet(((40, 60, 160, 240), "#101010"), ((240, 60, 360, 240), "#9a968c")))
    assert black.box[0] < grey.box[0]
    assert 0.5 <= grey.score < black.score <= 1


def test_nothing_is_found_before_a_background_that_is_not_plain() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (300, 400, 3), np.uint8)
    assert found(noise) == []


def test_nothing_is_found_on_an_empty_sheet() -> None:
    grain = np.random.default_rng(0).integers(-6, 7, (300, 400, 1))
    assert found(np.clip(sheet().astype(int) + grain, 0, 255).astype(np.uint8)) == []


def test_a_thing_may_touch_the_edge() -> None:
    (thing,) = found(sheet(((250, 100, 450, 260), "#207020")))
    assert thing.box == pytest.approx((0.625, 1 / 3, 1, 13 / 15), abs=0.02)


def test_pieces_touch_by_their_corners_too() -> None:
    mask = np.array([[1, 0, 0, 0, 1], [0, 1, 0, 0, 0], [1, 0, 0, 1, 1]], bool)
    assert sorted((piece.box, piece.pixels) for piece in pieces(mask)) == [
        ((0, 0, 2, 3), 3),
        ((3, 2, 5, 3), 2),
        ((4, 0, 5, 1), 1),
    ]


def test_branches_that_meet_further_down_are_one_piece() -> None:
    mask = np.array([[1, 0, 1, 0, 1], [1, 0, 1, 0, 1], [1, 1, 1, 1, 1]], bool)
    (piece,) = pieces(mask)
    assert (piece.box, piece.pixels) == ((0, 0, 5, 3), 11)


def test_two_detectors_together_tell_what_either_finds() -> None:
    image = sheet(((40, 60, 160, 240), "#b02020"))
    both = load_detector("foreground+fake", weights=None)
    (items,) = both.detect([image])
    (quarters,) = load_detector("fake", weights=None).detect([image])
    assert sorted(items, key=str) == sorted([*found(image), *quarters], key=str)
    assert both.labels == load_detector("fake", weights=None).labels
