"""What is decided before a training: recipes, rates, and random numbers."""

from __future__ import annotations

from dataclasses import replace

import pytest

pytest.importorskip("torch", reason="torch is an extra")
pytest.importorskip("pytorch_metric_learning", reason="an extra of the trainer")

import torch

from shared.errors import InvalidRequest
from shared.models.recipes import RECIPES
from workers.trainer.data.sampling import per_class, shuffled
from workers.trainer.recipes.presets import PRESETS, preset
from workers.trainer.recipes.recipe import Recipe, Stage, recipe_from_json
from workers.trainer.seeds import repeatable, seed_of
from workers.trainer.training.schedule import share_of_rate


def test_a_training_may_ask_for_every_recipe() -> None:
    """The gateway refuses other names, and cannot ask the trainer for them."""
    assert tuple(PRESETS) == RECIPES


@pytest.mark.parametrize("name", PRESETS)
def test_a_recipe_survives_json(name: str) -> None:
    recipe = preset(name)
    assert recipe_from_json(recipe.as_json()) == recipe


@pytest.mark.parametrize(
    "wrong", [{"metric_loss": "triplet"}, {"augmentation": "much"}, {"optimizer": "lion"},
              {"classification_weight": 0.0}, {"metric_target": "shop"}, {"stages": ()}, {"watch": "loss"}]
)  # fmt: skip
def test_a_recipe_that_cannot_be_followed_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidRequest):
        recipe_from_json({"network": "classic", "stages": [{"epochs": 1, "rate": 0.1}], **wrong})


def test_accuracy_is_not_watched_where_nothing_classifies() -> None:
    """The last epoch would be taken for the best, and nobody told."""
    recipe = Recipe("digits", (Stage(1, 0.1),), metric_loss="softmax")
    with pytest.raises(InvalidRequest, match="watch r1, or none"):
        replace(recipe, classification_weight=0.0)


STAGE = {"epochs": 1, "rate": 0.1}


@pytest.mark.parametrize(
    "wrong",
    [
        {"dropout": 2},
        {"label_smoothing": 5},
        {"patience": "x"},
        {"dim": 0},
        {"per_class": -4},
        {"batch": 1},
        {"warmup": "x"},
        {"stages": [STAGE | {"epochs": 0}]},
        {"stages": [STAGE | {"rate": -1}]},
        {"stages": [STAGE | {"rate": "0.1"}]},
        {"stages": [STAGE | {"way": 1}]},
        {"stages": [STAGE | {"rate": float("inf")}]},
        {"stages": [STAGE | {"rate": 1e300}]},
        {"stages": [STAGE | {"views": 10**9}]},
        {"weight_decay": float("nan")},
        {"batch": 10**30},
        {"dim": 10**9},
        {"side": 10**6},
    ],
)
def test_a_number_that_cannot_be_is_refused_before_hours_are_spent(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidRequest, match="this is no recipe: "):
        recipe_from_json({"network": "classic", "stages": [{"epochs": 1, "rate": 0.1}], **wrong})


def test_an_unknown_field_is_refused_with_those_there_are() -> None:
    with pytest.raises(InvalidRequest, match=r"colour.*label_smoothing"):
        recipe_from_json({"network": "classic", "stages": [{"epochs": 1, "rate": 0.1}], "colour": 1})


def test_any_change_of_a_recipe_is_another_one() -> None:
    one, other = Recipe("classic", (Stage(1, 0.1),)), Recipe("classic", (Stage(1, 0.2),))
    assert one.sha256() != other.sha256()


def test_the_rate_rises_straight_and_falls_as_half_a_cosine() -> None:
    rates = [share_of_rate(step, 20, warmup=0.2) for step in range(20)]

    assert rates[:5] == [0.25, 0.5, 0.75, 1.0, 1.0]
    assert rates[12] == pytest.approx(0.5)
    assert rates[4:] == sorted(rates[4:], reverse=True)
    assert rates[-1] > 0


@pytest.mark.parametrize("warmup", [0.0, 1.0])
def test_every_step_learns(warmup: float) -> None:
    assert all(0 < share_of_rate(step, 3, warmup) <= 1 for step in range(3))


def test_an_order_is_that_of_its_seed_and_round() -> None:
    assert shuffled(50, 1, 2) == shuffled(50, 1, 2)
    assert len({tuple(d.index for d in shuffled(50, s, r)) for s in (1, 2) for r in (1, 2)}) == 4
    assert sorted(d.index for d in shuffled(50, 1, 2)) == list(range(50))


def test_a_batch_holds_k_pictures_of_each_of_p_classes() -> None:
    classes = [n % 5 for n in range(40)]

    draws = per_class(classes, each=4, batch=12, seed=0, round=3)

    assert len(draws) == 36
    for first in range(0, 36, 12):
        chosen = [classes[d.index] for d in draws[first : first + 12]]
        assert sorted(chosen.count(label) for label in set(chosen)) == [4, 4, 4]
    assert draws == per_class(classes, each=4, batch=12, seed=0, round=3)
    assert draws != per_class(classes, each=4, batch=12, seed=0, round=4)


@pytest.mark.parametrize(("each", "batch"), [(5, 12), (2, 12), (4, 48)])
def test_a_batch_that_cannot_be_made_is_refused(each: int, batch: int) -> None:
    with pytest.raises(InvalidRequest, match="cannot be made"):
        per_class([n % 5 for n in range(40)], each=each, batch=batch, seed=0, round=0)


def test_seeds_differ_by_purpose() -> None:
    assert len({seed_of(0, "a"), seed_of(0, "b"), seed_of(0, "a", 1), seed_of(1, "a")}) == 4


def test_a_training_leaves_the_callers_random_numbers_alone() -> None:
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)

    with repeatable("cpu"):
        torch.manual_seed(99)
        torch.rand(100)

    assert torch.rand(1) == expected
    assert not torch.are_deterministic_algorithms_enabled()
