"""Figures of labels, their areas and calibration, and the page that shows them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is an extra")
figures_of = pytest.importorskip(
    "torchmetrics.functional.classification", reason="torchmetrics is an extra of the trainer"
)

# E402: these need torch, so they follow the skip where there is none.
from tests.trainer_rig import picture  # noqa: E402
from workers.trainer.course import Epoch  # noqa: E402
from workers.trainer.data.example import Example  # noqa: E402
from workers.trainer.evaluation.classification import Classification, classification  # noqa: E402
from workers.trainer.evaluation.curves import curves  # noqa: E402
from workers.trainer.evaluation.evaluate import evaluate  # noqa: E402
from workers.trainer.evaluation.mistakes import worst_misses, worst_mistakes  # noqa: E402
from workers.trainer.evaluation.page import report_page  # noqa: E402
from workers.trainer.evaluation.predict import Predictions  # noqa: E402
from workers.trainer.evaluation.report import report_json  # noqa: E402
from workers.trainer.evaluation.retrieval import Ranking  # noqa: E402

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


def figures(chances: np.ndarray = CHANCES, right: np.ndarray = RIGHT) -> Classification:
    found = classification(chances, right, LABELS)
    assert found is not None
    return found


def examples(labels: Sequence[str] = LABELS) -> list[Example]:
    return [Example(picture(0, n), labels[label], f"group {n}") for n, label in enumerate(RIGHT)]


def test_a_share_above_1_by_a_rounding_changes_no_figure() -> None:
    """Two classes of one name, or a vote and a classifier, add up to 1.0000001 now and then."""
    summed = CHANCES.copy()
    summed[4, 1] = np.nextafter(np.float32(1), np.float32(2))
    assert figures(summed) == figures()


def test_figures_are_those_worked_by_hand() -> None:
    found = figures()

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
    found = figures()

    assert found.labels[0].roc_area == pytest.approx(1.0)
    assert found.labels[1].roc_area == pytest.approx(7 / 8)
    assert found.labels[1].pr_area == pytest.approx((1 / 1 + 2 / 3) / 2)


def test_a_label_that_no_picture_has_has_no_area() -> None:
    found = figures(right=np.array([0, 0, 0, 1, 1, 1]))
    assert (found.labels[2].roc_area, found.labels[2].pr_area) == (None, None)
    assert found.areas.macro_roc is not None


def test_each_label_has_its_curves() -> None:
    """Label b's chances, sorted: right, wrong, right, then three wrong ones."""
    b = figures().labels[1]

    assert b.roc_curve == ((0, 0), (0, 0.5), (0.25, 0.5), (0.25, 1), (1, 1))
    assert b.pr_curve is not None
    assert {(0.5, 1.0), (1.0, 0.6667)} <= set(b.pr_curve)


def test_a_curve_of_many_pictures_is_drawn_with_few_points_and_keeps_its_area() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 20_000)
    scores = (truth + rng.normal(0, 1, 20_000)).astype(np.float32)

    found = curves(torch.from_numpy(scores), torch.from_numpy(truth))

    assert found is not None
    assert (len(found.roc_curve), len(found.pr_curve)) == (100, 100)
    x, y = np.array(found.roc_curve).T
    assert np.trapezoid(y, x) == pytest.approx(found.roc_area, abs=0.002)


def test_pictures_without_an_answer_are_wrong_and_in_no_column() -> None:
    chances = CHANCES.copy()
    chances[0] = 0  # it was right before

    found = figures(chances)

    assert (found.pictures, found.unanswered) == (6, 1)
    assert found.accuracy == pytest.approx(3 / 6)
    assert found.confusion[0] == (1, 1, 0)
    assert found.labels[0].recall == pytest.approx(1 / 3)
    assert found.macro.recall == pytest.approx((1 / 3 + 1 + 0) / 3)
    assert sum(b.pictures for b in found.calibration.bins) == 5


def test_means_are_those_of_torchmetrics_where_all_is_answered() -> None:
    chances = np.random.default_rng(0).dirichlet(np.ones(3), 50).astype(np.float32)
    right = np.random.default_rng(1).integers(0, 3, 50)
    data = (torch.from_numpy(chances), torch.from_numpy(right), 3)

    found = figures(chances, right)

    assert found.macro.precision == pytest.approx(
        float(figures_of.multiclass_precision(*data, average="macro"))
    )
    assert found.macro.f1 == pytest.approx(float(figures_of.multiclass_f1_score(*data, average="macro")))


def test_where_nothing_is_answered_there_is_no_figure() -> None:
    assert classification(np.zeros((6, 3), np.float32), RIGHT, LABELS) is None


def test_calibration_is_the_weighed_distance() -> None:
    """Six bins of one picture or two: |.6 - .5| of two, |.8 - 1| of two, |.9 - 0| and |1 - 1|, by hand."""
    found = figures().calibration

    assert found.ece == pytest.approx((2 * 0.1 + 2 * 0.2 + 0.9 + 0) / 6, abs=1e-6)
    assert [(b.pictures, round(b.accuracy, 2)) for b in found.bins] == [(2, 0.5), (2, 1), (1, 0), (1, 1)]


def test_worst_mistakes_are_the_surest() -> None:
    found = worst_mistakes(examples(), CHANCES, RIGHT, LABELS)
    assert [(m.taken_for, round(m.probability, 2)) for m in found] == [("b", 0.9), ("b", 0.6)]
    assert all(m.thumbnail.startswith("data:image/jpeg;base64,") for m in found)


def test_a_picture_without_an_answer_is_no_sure_mistake() -> None:
    silent = np.zeros_like(CHANCES)
    assert worst_mistakes(examples(), silent, RIGHT, LABELS) == ()


def test_worst_misses_are_wrong_first_hits_by_their_scores() -> None:
    """The third has none to find, the fourth is right, the last found what is no example."""
    rankings = [
        Ranking((False, True), 1, (3, 0.5)),
        Ranking((False, True), 1, (4, 0.9)),
        Ranking((False,), 0, (4, 1.0)),
        Ranking((True,), 1, (4, 1.0)),
        Ranking((False,), 1, (1, 0.9)),  # the second the other way round
        Ranking((False,), 1),
    ]
    found = worst_misses(examples(), rankings)
    assert [(m.label, m.found_label, m.score) for m in found] == [("a", "b", 0.9), ("a", "b", 0.5)]
    assert all(m.found_thumbnail.startswith("data:image/jpeg;base64,") for m in found)


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
    labels = (evil, "b", "c")
    report = evaluate(evil, predictions(), examples(labels), labels, facts={"note": evil})
    history = tuple(Epoch(n, 0, 0.1, 1.0 / (n + 1), {"accuracy": 0.5, "loss": 1.0}, 1.0) for n in range(3))

    page = report_page(replace(report, history=history))

    parser = _Outside()
    parser.feed(page)
    assert parser.found == []
    assert "script" not in parser.tags
    assert {"svg", "img", "table"} <= parser.tags
    assert page.count("<svg") == 5 + 3  # and one for each label
    assert not re.search(r"nan|None<", page)


def test_the_report_is_json_that_any_reader_takes() -> None:
    report = evaluate("x", predictions(), examples(), LABELS, facts={"best": math.nan})

    told = json.loads(report_json(report))

    assert told["classification"]["accuracy"] == pytest.approx(4 / 6)
    assert told["facts"]["best"] is None
    assert "thumbnail" not in told["mistakes"][0]
    assert told["retrieval_by_category"]["queries"] == 5
    assert told["retrieval_by_product"] is None
    assert "thumbnail" not in report_json(report)


FIGURES = ("r1", "r5", "r10", "map", "mrr", "ndcg")


def test_retrieval_stands_in_both_forms_by_category_and_by_product() -> None:
    """Two groups of three: all figures differ, so that none can stand in another's place."""
    rng = np.random.default_rng(2)
    vectors = rng.standard_normal((60, 4)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    labels, groups = np.arange(60) % 10, np.arange(60) // 2 % 20
    shown = [Example(picture(0, n), f"l{labels[n]}", f"g{groups[n]}") for n in range(60)]
    found = Predictions(np.zeros((60, 0), np.float32), vectors, labels, groups)

    report = evaluate("x", found, shown, tuple(f"l{n}" for n in range(10)), facts={})

    told, page = json.loads(report_json(report)), report_page(report)
    assert told["classification"] is None
    for kind in ("retrieval_by_category", "retrieval_by_product"):
        assert set(FIGURES) <= set(told[kind])
        row = "".join(f"<td>{told[kind][name]:.4f}</td>" for name in FIGURES)
        assert row in page
    assert len({round(told["retrieval_by_category"][name], 4) for name in FIGURES}) == len(FIGURES)
    assert report.misses_by_category
    assert report.misses_by_product


@pytest.mark.parametrize(("labels", "matrix"), [(2, True), (40, True), (70, False)])
def test_a_page_of_few_and_of_many_labels_can_be_read(labels: int, matrix: bool) -> None:
    """Of many there is a list of confusions instead of a matrix; each label keeps its curves and its row."""
    rng = np.random.default_rng(0)
    right = np.arange(4 * labels) % labels
    chances = rng.dirichlet(np.ones(labels), len(right)).astype(np.float32)
    names = tuple(f"label {n}" for n in range(labels))
    shown = [Example(picture(0, 0), names[n], f"{place}") for place, n in enumerate(right)]
    vectors = np.eye(len(right), dtype=np.float32)

    page = report_page(
        evaluate("x", Predictions(chances, vectors, right, np.arange(len(right))), shown, names, facts={})
    )

    assert ('class="confusion"' in page) == matrix
    assert ("Most frequent confusions" in page) == (labels > 12)
    assert page.count('class="sketch"') == labels
    assert len(re.findall(r"<td>label \d+</td><td>4</td>", page)) == labels
