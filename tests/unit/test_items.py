"""The items of a photo: which of a detector's boxes count, and which is the main one."""

from dataclasses import replace

import numpy as np

from workers.models.detectors.port import Detection
from workers.models.fake import FakeModel
from workers.vision.items import ItemFinder, choose, cut


class Told:
    """A detector that finds what it was told."""

    name = "told"
    labels = ("bag", "shoe")

    def __init__(self, *found: Detection) -> None:
        self._found = list(found)

    def detect(self, images: object) -> list[list[Detection]]:
        return [self._found]


def test_one_thing_with_two_names_is_one_item_under_the_likelier() -> None:
    bag = Detection((0.1, 0.1, 0.9, 0.9), "bag", 0.6)
    case = Detection((0.1, 0.1, 0.88, 0.9), "suitcase", 0.5)
    beside = Detection((0.0, 0.0, 0.3, 0.3), "shoe", 0.4)
    assert choose([case, beside, bag], most=5) == [bag, beside]


def test_the_likeliest_are_kept_and_the_most_prominent_comes_first() -> None:
    corner = Detection((0.0, 0.0, 0.2, 0.2), "shoe", 0.9)
    middle = Detection((0.25, 0.25, 0.75, 0.75), "bag", 0.6)
    unlikely = Detection((0.5, 0.8, 0.9, 1.0), "bag", 0.3)
    assert choose([corner, middle, unlikely], most=2) == [middle, corner]


def test_what_is_too_small_to_be_told_from_others_is_no_item() -> None:
    speck = Detection((0.5, 0.5, 0.55, 0.55), "bag", 0.9)
    strip = Detection((0.0, 0.0, 1.0, 0.02), "shoe", 0.9)
    large = Detection((0.0, 0.0, 0.5, 0.5), "bag", 0.5)
    view = np.zeros((400, 400, 3), np.uint8)
    assert ItemFinder(Told(speck, strip, large), most=5).find(view) == [large]


def test_a_cut_shows_the_item_alone() -> None:
    view = np.zeros((100, 200, 3), np.uint8)
    view[20:60, 50:150] = 200
    seen = cut(view, (0.25, 0.2, 0.75, 0.6), FakeModel().preprocess)
    assert seen.shape == (32, 32, 3)
    assert (seen == 200).all()


def test_a_thing_that_one_detector_is_surer_of_is_called_what_the_other_knows() -> None:
    nameless, named = Detection((0, 0, 0.5, 0.5), None, 0.8), Detection((0, 0, 0.5, 0.52), "bag", 0.6)
    assert choose([nameless, named], 5) == [named]
    assert choose([replace(named, score=0.9), nameless], 5) == [replace(named, score=0.9)]
