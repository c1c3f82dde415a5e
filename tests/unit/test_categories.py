"""The categories of an item: the neighbours' vote, pooled with the classifier's opinion."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.answer.categories import TEMPERATURE, VOTERS, pool, rounded, vote

NAMES = ["Shoes", "shoes", "Hats", "Bags"]


def test_the_nearer_votes_more() -> None:
    """A tenth of a cosine nearer weighs e times as much."""
    shares = vote([(0.9, "Hats"), (0.9 - TEMPERATURE, "Bags")])
    assert shares["Hats"] / shares["Bags"] == pytest.approx(math.e)
    assert sum(shares.values()) == pytest.approx(1)


def test_products_without_a_category_and_those_beyond_the_tenth_have_no_vote() -> None:
    scored = [(0.9, None), *[(0.8, "Hats")] * VOTERS, (0.8, "Bags")]
    assert vote(scored) == {"Hats": pytest.approx(1)}
    assert vote([(0.9, None)]) == {}


def test_both_opinions_weigh_the_same() -> None:
    """Vote 0.6 and 0.4, classifier 0.2 and 0.8: the means."""
    pooled = pool({"Hats": 0.6, "Bags": 0.4}, (("bags", 0.8), ("hats", 0.2)))
    assert pooled == {"Hats": pytest.approx(0.4), "Bags": pytest.approx(0.6)}


def test_what_the_classifier_gives_to_other_labels_it_leaves_to_the_vote() -> None:
    """It says 0.5 bags and 0.5 of something else: its opinion is 0.5 * (0.6, 0.4) + 0.5 * (0, 1)."""
    pooled = pool({"Hats": 0.6, "Bags": 0.4}, (("Bags", 0.5), ("teapot", 0.3)))
    assert pooled == {"Hats": pytest.approx((0.6 + 0.3) / 2), "Bags": pytest.approx((0.4 + 0.7) / 2)}


@pytest.mark.parametrize("probabilities", [(), (("teapot", 0.9), ("kettle", 0.1))])
def test_a_classifier_of_other_names_changes_nothing(probabilities: tuple[tuple[str, float], ...]) -> None:
    shares = {"Hats": 0.6, "Bags": 0.4}
    assert pool(shares, probabilities) == pytest.approx(shares)


def test_categories_that_differ_in_case_share_a_label_as_they_share_the_vote() -> None:
    pooled = pool({"Shoes": 0.6, "shoes": 0.2, "Hats": 0.2}, (("SHOES", 1.0),))
    assert pooled == {
        "Shoes": pytest.approx(0.675),
        "shoes": pytest.approx(0.225),
        "Hats": pytest.approx(0.1),
    }


def test_without_neighbours_there_are_no_categories() -> None:
    assert pool(vote([]), (("Hats", 1.0),)) == {}


@given(
    st.lists(st.tuples(st.floats(-1, 1), st.sampled_from([*NAMES, None])), max_size=12),
    st.lists(st.tuples(st.sampled_from([*NAMES, "teapot"]), st.floats(0, 0.2)), max_size=5),
)
def test_what_is_pooled_adds_up_to_one(
    scored: list[tuple[float, str | None]], probabilities: list[tuple[str, float]]
) -> None:
    pooled = pool(vote(scored), probabilities)
    assert not pooled or sum(pooled.values()) == pytest.approx(1)
    assert all(share >= 0 for share in pooled.values())


@given(st.dictionaries(st.text(max_size=3), st.floats(0.001, 1), min_size=1, max_size=12))
def test_what_is_told_adds_up_to_one_too(weights: dict[str, float]) -> None:
    total = sum(weights.values())
    told = rounded({name: weight / total for name, weight in weights.items()})

    assert sum(told.values()) == pytest.approx(1, abs=1e-9)
    assert list(told.values())[1:] == sorted(list(told.values())[1:], reverse=True)


def test_thirds_add_up() -> None:
    assert rounded({"a": 1 / 3, "b": 1 / 3, "c": 1 / 3}) == {"a": 0.3334, "b": 0.3333, "c": 0.3333}
