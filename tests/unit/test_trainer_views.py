"""What a network is shown: views that repeat, the serving one exact, and numbers told of what it says."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch", reason="torch is an extra")
pytest.importorskip("torchvision", reason="torchvision is an extra")
pytest.importorskip("pytorch_metric_learning", reason="an extra of the trainer")

# E402: these need torch, so they follow the skip where there is none.
from shared.errors import InvalidRequest  # noqa: E402
from tests.trainer_rig import examples, jpeg  # noqa: E402
from workers.models.engines.normalise import Normalise  # noqa: E402
from workers.models.preprocessing.geometry import prepare  # noqa: E402
from workers.models.preprocessing.preprocess import Preprocess  # noqa: E402
from workers.trainer.data.augment import NAMES, view  # noqa: E402
from workers.trainer.data.batches import decoded  # noqa: E402
from workers.trainer.data.example import Example  # noqa: E402
from workers.trainer.data.pictures import Draw, Pictures  # noqa: E402
from workers.trainer.data.sampling import in_order, shuffled  # noqa: E402
from workers.trainer.evaluation.predict import Predictions  # noqa: E402
from workers.trainer.evaluation.threshold import no_confident_match  # noqa: E402
from workers.trainer.progress import Throttled, json_lines  # noqa: E402

SPEC = Preprocess(
    resize=40,
    crop=32,
    interpolation="bilinear",
    fit="center",
    mean=(0.485, 0.456, 0.406),
    std=(0.229, 0.224, 0.225),
)
PHOTO = Image.fromarray(np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8))


def test_without_augmentation_a_network_sees_what_a_search_shows_it() -> None:
    assert np.array_equal(view("none", SPEC)(PHOTO), prepare(PHOTO, SPEC))


@pytest.mark.parametrize("name", NAMES)
def test_every_view_is_a_square_of_bytes(name: str) -> None:
    pixels = view(name, SPEC)(PHOTO)
    assert (pixels.shape, pixels.dtype) == ((32, 32, 3), np.uint8)


def test_an_unknown_augmentation_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="gentle"):
        view("wild", SPEC)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "none"])
def test_a_draw_repeats_and_another_draw_differs(name: str) -> None:
    """Whatever was drawn before: a resumed training sees what an undivided one would have seen."""
    pictures = Pictures([Example(jpeg((200, 90, 10), (64, 64)), "a", "a")] * 2, ["a"], view(name, SPEC), 3)
    photo = Pictures(examples(1, 2), ["bar 0"], view(name, SPEC), 3)

    first = photo[Draw(0, 5, 1)][0]
    pictures[Draw(1, 0, 0)]
    torch.rand(10)

    assert torch.equal(photo[Draw(0, 5, 1)][0], first)
    others = [photo[draw][0] for draw in (Draw(0, 6, 1), Draw(0, 5, 2))]
    assert not any(torch.equal(other, first) for other in others)


def test_pixels_are_normalised_as_torchvision_would() -> None:
    pixels = view("none", SPEC)(PHOTO)
    expected = (
        torch.from_numpy(pixels).permute(2, 0, 1).float() / 255 - torch.tensor(SPEC.mean)[:, None, None]
    )
    expected = expected / torch.tensor(SPEC.std)[:, None, None]
    torch.testing.assert_close(Normalise(SPEC)(torch.from_numpy(pixels)[None])[0], expected)


def test_batches_come_in_the_order_of_the_draws_and_leave_out_a_short_one_on_demand() -> None:
    pictures = Pictures(examples(5, 2), [f"bar {n}" for n in range(5)], view("none", SPEC), 0)

    def labels(draws: list[Draw], *, whole: bool) -> list[list[int]]:
        found = decoded(pictures, draws, size=4, device="cpu", loaders=0, whole=whole)
        return [batch.labels.tolist() for batch in found]

    assert labels(in_order(10), whole=False) == [[0, 1, 2, 3], [4, 0, 1, 2], [3, 4]]
    assert [len(batch) for batch in labels(shuffled(10, 0, 0), whole=True)] == [4, 4]


def test_numbers_of_groups_follow_the_groups() -> None:
    pictures = Pictures(examples(2, 4, group_of=2), ["bar 0", "bar 1"], view("none", SPEC), 0)
    assert pictures.group_numbers == [0, 1, 0, 1, 2, 3, 2, 3]


def test_the_threshold_keeps_nineteen_of_twenty_right_matches() -> None:
    """100 pairs, each alone on two axes: the pair's own cosine is the best, 0.01 to 1.00."""
    cosines = np.arange(1, 101) / 100
    vectors = np.zeros((200, 200), np.float32)
    for n, cosine in enumerate(cosines):
        vectors[2 * n, 2 * n] = 1
        vectors[2 * n + 1, 2 * n : 2 * n + 2] = cosine, np.sqrt(1 - cosine**2)
    numbers = np.arange(200)
    found = Predictions(np.zeros((200, 2), np.float32), vectors, numbers // 2, numbers)

    threshold = no_confident_match(found)

    assert threshold == pytest.approx(0.055, abs=0.01)


def test_too_few_right_matches_give_no_threshold() -> None:
    found = Predictions(
        np.zeros((2, 2), np.float32), np.eye(2, dtype=np.float32), np.zeros(2, int), np.arange(2)
    )
    assert no_confident_match(found) is None


def test_progress_is_a_line_of_json_each(capsys: pytest.CaptureFixture[str]) -> None:
    json_lines({"event": "epoch", "name": "衣\n"})
    json_lines({"event": "finished"})
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["epoch", "finished"]


def test_steps_are_throttled() -> None:
    told: list[dict[str, object]] = []
    tell = Throttled(told.append, seconds=3600)
    for n in range(5):
        assert not tell.due()
        tell({"n": n})
    always = Throttled(told.append, seconds=0)
    always({"n": 9})
    assert told == [{"n": 9}]
