"""Figures of labels, their areas and calibration, and the page that shows them."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is an extra")
pytest.importorskip("torchmetrics", reason="an extra of the trainer")

from tests.trainer_rig import picture
from workers.trainer.course import Epoch
from workers.trainer.data.example import Example
from workers.trainer.evaluation.classification import classification
from workers.trainer.evaluation.evaluate import evaluate
from workers.trainer.evaluation.mistakes import worst_mistakes
from workers.trainer.evaluation.page import report_page
from workers.trainer.evaluation.predict import Predictions
from workers.trainer.evaluation.report import report_json

LABELS = ("a", "b", "c")
# Right labels 0 0 0 1 1 2, answers 0 0 1 1 1 1: the confusion matrix can be worked by hand.
CHANCES = np.array(
    [[0.8, 0.1, 0.1], [0.6, 0.3, 0.1], [0.3, 0.6, 0.1], [0.1, 0.8, 0.1], [0.0, 1.0, 0.0], [0.0, 0.9, 0.1]],
    np.float32,
)
RIGHT = np.array([0, 0, 0, 1, 1, 2])


def predictions() -> Predictions:
    vectors = np.eye(6, dtype=np.float32)
    return Predictions(CHANCES, vectors, RIGHT, np.arange(6))


def examples(label: str = "a") -> list[Example]:
    return [Example(picture(0, n), label, f"group {n}") for n in range(6)]


def test_figures_are_those_worked_by_hand() -> None:
    found = classification(predictions(), LABELS)

    assert found.confusion == ((2, 1, 0), (0, 2, 0), (0, 1, 0))
    assert found.accuracy == pytest.approx(4 / 6)
    assert [one.precision for one in found.labels] == pytest.approx([1, 0.5, 0])
    assert [one.recall for one in found.labels] == pytest.approx([2 / 3, 1, 0])
    assert [one.f1 for one in found.labels] == pytest.approx([0.8, 2 / 3, 0])
    assert found.macro.f1 == pytest.approx((0.8 + 2 / 3) / 3)
    assert found.micro.f1 == pytest.approx(4 / 6)
    assert [one.support for one in found.labels] == [3, 2, 1]


def test_areas_are_shares_of_pairs_in_the_right_order() -> None:
    """Label b: two right ones (.8, 1.0) against four others (.1, .3, .6, .9): 7 of 8 pairs."""
    found = classification(predictions(), LABELS)

    assert found.labels[0].roc_area == pytest.approx(1.0)
    assert found.labels[1].roc_area == pytest.approx(7 / 8)
    assert found.labels[1].pr_area == pytest.approx((1 / 1 + 2 / 3) / 2)


def test_a_label_that_no_picture_has_has_no_area() -> None:
    found = classification(replace(predictions(), labels=np.array([0, 0, 0, 1, 1, 1])), LABELS)
    assert (found.labels[2].roc_area, found.labels[2].pr_area) == (None, None)
    assert found.areas.macro_roc is not None


def test_calibration_is_the_weighed_distance() -> None:
    """Six bins of one picture or two: |.6 - .5| of two, |.8 - 1| of two, |.9 - 0| and |1 - 1|, by hand."""
    found = classification(predictions(), LABELS).calibration

    assert found.ece == pytest.approx((2 * 0.1 + 2 * 0.2 + 0.9 + 0) / 6, abs=1e-6)
    assert [(b.pictures, round(b.accuracy, 2)) for b in found.bins] == [(2, 0.5), (2, 1), (1, 0), (1, 1)]


def test_worst_mistakes_are_the_surest() -> None:
    found = worst_mistakes(examples(), predictions(), LABELS)
    assert [(m.taken_for, round(m.probability, 2)) for m in found] == [("b", 0.9), ("b", 0.6)]
    assert all(m.thumbnail.startswith("data:image/jpeg;base64,") for m in found)


class _Outside(HTMLParser):
    """Collects what a page would fetch or run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            if name in ("src", "href") and not (value or "").startswith("data:"):
                self.found.append(f"{tag} {name}")


def test_the_page_needs_nothing_else_and_escapes_what_others_wrote() -> None:
    evil = "<script>alert(1)</script>"
    report = evaluate(evil, predictions(), examples(evil), (evil, "b", "c"), facts={"note": evil})
    history = tuple(Epoch(n, 0, 0.1, 1.0 / (n + 1), {"accuracy": 0.5, "loss": 1.0}, 1.0) for n in range(3))

    page = report_page(replace(report, history=history))

    parser = _Outside()
    parser.feed(page)
    assert parser.found == []
    assert "script" not in parser.tags
    assert {"svg", "img", "table"} <= parser.tags
    assert page.count("<svg") == 5
    assert not re.search(r"nan|None<", page)


def test_the_report_is_json_that_any_reader_takes() -> None:
    report = evaluate("x", predictions(), examples(), LABELS, facts={"best": math.nan})

    told = json.loads(report_json(report))

    assert told["classification"]["accuracy"] == pytest.approx(4 / 6)
    assert told["facts"]["best"] is None
    assert "thumbnail" not in told["mistakes"][0]
    assert told["retrieval_by_category"]["queries"] == 5
