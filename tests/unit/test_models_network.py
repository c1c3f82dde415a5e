"""What is done around an engine: views of an image, whitening, the descriptor joined."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from workers.models.engines.port import Raw
from workers.models.joined import Joined
from workers.models.network import Network
from workers.models.preprocessing.preprocess import Preprocess
from workers.models.steps import embed
from workers.models.whitening import Whitening, fit_whitening

PREPROCESS = Preprocess(16, 16, "bilinear", "squash", (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
RANDOM = np.random.default_rng(0)


class _Halves:
    """Features: brightness of the left and of the right half; logits the same."""

    name = "test"
    device = "cpu"

    def __init__(self, *, classifier: bool = True) -> None:
        self._classifier = classifier

    def load(self, pixels: np.ndarray) -> np.ndarray:
        return pixels

    def run(self, batch: np.ndarray) -> Raw:
        halves = batch.astype(np.float32).reshape(len(batch), 16, 2, 24).mean((1, 3)) / 16
        return Raw(halves, halves if self._classifier else None)


def _network(**options: Any) -> Network:
    known: dict[str, Any] = {
        "name": "halves",
        "dim": 2,
        "preprocess": PREPROCESS,
        "labels": ("left", "right"),
        "fingerprint": "0" * 12,
        "engine": _Halves(),
    }
    return Network(**known | options)


def _photo() -> np.ndarray:
    return RANDOM.integers(1, 256, (16, 16, 3), np.uint8)


def test_an_image_and_its_mirror_image_have_one_vector_when_both_are_averaged() -> None:
    photo = _photo()
    photo[:, :8] //= 4

    for averaging, least, most in (("mirror", 0.999999, 1.1), ("none", -1, 0.9)):
        one, other = embed(_network(averaging=averaging), [photo, photo[:, ::-1]])
        assert least < one.vector @ other.vector < most


def test_averaging_keeps_images_apart_and_in_order() -> None:
    photos = [_photo() for _ in range(3)]
    alone = [embed(_network(averaging="mirror"), [photo])[0] for photo in photos]
    together = embed(_network(averaging="mirror"), photos)

    for one, other in zip(alone, together, strict=True):
        np.testing.assert_allclose(one.vector, other.vector, rtol=1e-6)


def test_an_averaging_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="none, mirror"):
        _network(averaging="ten crops")


def test_the_label_is_that_of_the_averaged_chances() -> None:
    photo = np.zeros((16, 16, 3), np.uint8)
    photo[:, :8] = 64  # logits 4 and 0

    (plain,) = embed(_network(), [photo])
    (averaged,) = embed(_network(averaging="mirror"), [photo])

    assert plain.label == "left"
    assert plain.label_score == pytest.approx(1 / (1 + np.exp(-4)), rel=1e-5)
    assert averaged.label_score == pytest.approx(0.5, rel=1e-5)


def test_the_five_likeliest_labels_come_with_their_probabilities_likeliest_first() -> None:
    engine = _Halves()
    logits = np.log(np.float32([[0.05, 0.3, 0.02, 0.4, 0.1, 0.13]]))
    engine.run = lambda batch: Raw(np.ones((1, 2), np.float32), logits)  # type: ignore[method-assign]

    (result,) = embed(_network(engine=engine, labels=tuple("abcdef")), [_photo()])

    assert [label for label, _ in result.probabilities] == ["d", "b", "f", "e", "a"]
    chances = [chance for _, chance in result.probabilities]
    assert chances == pytest.approx([0.4, 0.3, 0.13, 0.1, 0.05], rel=1e-5)


def test_large_logits_are_no_trouble() -> None:
    engine = _Halves()
    engine.run = lambda batch: Raw(np.ones((1, 2), np.float32), np.float32([[1e4, -1e4]]))  # type: ignore[method-assign]

    (result,) = embed(_network(engine=engine), [_photo()])

    assert (result.label, result.label_score) == ("left", 1.0)


def test_without_labels_there_is_no_label() -> None:
    (result,) = embed(_network(labels=(), engine=_Halves(classifier=False)), [_photo()])

    assert (result.label, result.label_score) == (None, None)


def test_whitening_comes_after_the_views_are_averaged() -> None:
    whitening = Whitening(np.float32([0.5, 0.5]), np.float32([[1], [2]]))
    photo = _photo()

    (result,) = embed(_network(averaging="mirror", whitening=whitening, dim=1), [photo])

    assert result.vector.shape == (1,)
    assert abs(result.vector[0]) == pytest.approx(1)


def test_a_broken_network_gives_no_vector_and_no_crash() -> None:
    (result,) = embed(_network(), [np.zeros((16, 16, 3), np.uint8)])

    assert np.isnan(result.vector).all()


def test_joined_vectors_have_the_weighted_mean_of_both_cosines() -> None:
    from workers.models.classical.describe import DIM

    weight = 0.5
    colour = fit_whitening(RANDOM.normal(size=(20, DIM)), dim=8, shrinkage=0.1)
    network = _network()
    joined = Joined(network, colour=colour, weight=weight)
    first, second = photos = [_photo(), np.roll(_photo(), 60) // 2]

    vectors = np.stack([each.vector for each in embed(joined, photos)])
    plain = np.stack([each.vector for each in embed(network, photos)])

    from workers.models.joined import described

    colours = colour.apply(described([first, second]))
    cosine = (plain[0] @ plain[1] + weight**2 * (colours[0] @ colours[1])) / (1 + weight**2)
    assert vectors.shape == (2, joined.dim) == (2, 10)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    assert vectors[0] @ vectors[1] == pytest.approx(cosine, abs=1e-5)


def test_whitened_features_vary_alike_in_every_direction() -> None:
    sample = RANDOM.normal(size=(500, 4)) @ np.diag([9, 3, 1, 0.1]) + 5
    whitening = fit_whitening(sample, dim=3, shrinkage=0)

    turned = (sample - whitening.mean) @ whitening.matrix

    assert whitening.dim == 3
    np.testing.assert_allclose(np.cov(turned.T, bias=True), np.eye(3), atol=1e-3)


def test_shrinkage_leaves_weak_directions_weak() -> None:
    sample = RANDOM.normal(size=(500, 2)) @ np.diag([10, 0.01])
    whitening = fit_whitening(sample, dim=2, shrinkage=0.1)

    strong, weak = ((sample - whitening.mean) @ whitening.matrix).std(0)

    assert strong > 0.9
    assert weak < 0.01


def test_more_dimensions_than_pictures_cannot_be_fitted() -> None:
    with pytest.raises(ValueError, match="give no 4 dimensions"):
        fit_whitening(RANDOM.normal(size=(3, 8)), dim=4, shrinkage=0.1)
