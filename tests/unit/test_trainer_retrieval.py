"""Figures of ranked lists, against cases worked by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from workers.trainer.evaluation.neighbours import Gallery, by_category, by_product
from workers.trainer.evaluation.retrieval import (
    Ranking,
    average_precision,
    ndcg,
    recall_at,
    reciprocal_rank,
    retrieval,
)

YES, NO = True, False


def test_average_precision_is_the_textbooks() -> None:
    """Right at ranks 1, 3 and 6 of four right ones: (1/1 + 2/3 + 3/6 + 0) / 4."""
    ranking = Ranking((YES, NO, YES, NO, NO, YES), 4)
    assert average_precision(ranking, 100) == pytest.approx((1 + 2 / 3 + 3 / 6) / 4)


def test_average_precision_of_a_short_look_is_out_of_what_could_be_seen() -> None:
    ranking = Ranking((YES, YES, NO), 10)
    assert average_precision(ranking, 2) == 1.0


def test_ndcg_is_the_formula() -> None:
    """Right at ranks 2 and 3 of two: (1/log2 3 + 1/log2 4) / (1/log2 2 + 1/log2 3)."""
    ranking = Ranking((NO, YES, YES), 2)
    expected = (1 / math.log2(3) + 1 / 2) / (1 + 1 / math.log2(3))
    assert ndcg(ranking, 100) == pytest.approx(expected)


@pytest.mark.parametrize(("right", "rank"), [((YES, YES), 1), ((NO, NO, NO, YES), 4)])
def test_reciprocal_rank_is_that_of_the_first(right: tuple[bool, ...], rank: int) -> None:
    assert reciprocal_rank(Ranking(right, 2), 100) == 1 / rank


def test_nothing_right_counts_zero() -> None:
    ranking = Ranking((NO, NO), 1)
    assert [average_precision(ranking, 9), reciprocal_rank(ranking, 9), ndcg(ranking, 9)] == [0, 0, 0]


def test_recall_at_k_asks_for_one_of_k() -> None:
    ranking = Ranking((NO, NO, YES, YES), 5)
    assert [recall_at(ranking, k) for k in (1, 2, 3, 4)] == [0, 0, 1, 1]


def test_means_leave_out_queries_that_have_no_answer() -> None:
    found = retrieval([Ranking((YES,), 1), Ranking((NO,), 1), Ranking((NO,), 0)])
    assert found is not None
    assert (found.queries, found.r1, found.map, found.mrr, found.ndcg) == (2, 0.5, 0.5, 0.5, 0.5)


def test_where_there_is_nothing_to_find_there_is_no_figure() -> None:
    assert retrieval([Ranking((), 0)]) is None


def _gallery(*, copies: list[int]) -> Gallery:
    """Five photos on a circle at 0, 10, 20, 90 and 100 degrees; products 0 0 1 2 2, categories 0 0 0 1 1."""
    angles = np.radians([0, 10, 20, 90, 100])
    vectors = np.stack([np.cos(angles), np.sin(angles)], 1).astype(np.float32)
    return Gallery(vectors, np.array([0, 0, 0, 1, 1]), np.array([0, 0, 1, 2, 2]), np.array(copies))


def test_by_product_ranks_all_but_the_query_itself() -> None:
    rankings = list(by_product(_gallery(copies=[0, 1, 2, 3, 4])))

    assert rankings[0] == Ranking((YES, NO, NO, NO), 1)
    assert rankings[1].right[:2] in ((YES, NO), (NO, YES))  # 0 and 20 degrees are equally near
    assert rankings[2].total == 0


def test_byte_identical_copies_are_not_looked_for() -> None:
    rankings = list(by_product(_gallery(copies=[0, 0, 2, 3, 4])))
    assert rankings[0] == Ranking((NO, NO, NO), 0)


def test_by_category_does_not_see_the_querys_own_product() -> None:
    rankings = list(by_category(_gallery(copies=[0, 1, 2, 3, 4])))

    assert rankings[0] == Ranking((YES, NO, NO), 1)
    assert rankings[2] == Ranking((YES, YES, NO, NO), 2)
    assert rankings[3].total == 0


def test_a_short_look_gives_the_head_of_the_whole_ranking() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((300, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    numbers = np.arange(300)
    gallery = Gallery(vectors, numbers % 7, numbers, numbers)

    whole, short = by_category(gallery, depth=300), by_category(gallery, depth=10)

    assert [r.right[:10] for r in whole] == [r.right for r in short]
