"""The classical descriptor: what it sees and what it overlooks."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from workers.models.classical.descriptor import Descriptor
from workers.models.classical.foreground import foreground_weights
from workers.models.classical.grid import CELLS, PLACES, SIDE, cell_means
from workers.models.classical.leaves import dead_leaves
from workers.models.classical.pooling import second_order
from workers.models.classical.whitening import drawn_whitening, fit_drawn, whitening_of
from workers.models.preprocessing.geometry import prepare
from workers.models.steps import embed

DATA = Path(os.environ.get("TUSOU_DATA", "../shared/data"))
GENERAL = DATA / "catalogs" / "general"
RED, BLUE = (200, 30, 40), (30, 60, 200)
WHITE, BEIGE = (255, 255, 255), (214, 200, 176)


@pytest.fixture(scope="module")
def descriptor() -> Descriptor:
    return Descriptor()


def _product(
    colour: tuple[int, int, int], background: tuple[int, int, int], *, round_: bool = False
) -> np.ndarray:
    """A striped disc or box in the middle; (SIDE, SIDE, 3) uint8."""
    y, x = np.mgrid[:SIDE, :SIDE] - SIDE / 2
    inside = (x * x + y * y < 40**2) if round_ else (np.abs(x) < 38) & (np.abs(y) < 30)
    image = np.empty((SIDE, SIDE, 3), np.uint8)
    image[:] = background
    image[inside] = colour
    image[inside & (x % 16 < 5)] = (90, 90, 90)
    return image


def _cosine(descriptor: Descriptor, one: np.ndarray, other: np.ndarray) -> float:
    first, second = embed(descriptor, [one, other])
    return float(first.vector @ second.vector)


def test_a_mirrored_image_has_the_same_vector(descriptor: Descriptor) -> None:
    """A shoe is the same from its left and from its right."""
    photo = next(dead_leaves(1, seed=11))

    assert _cosine(descriptor, photo, photo[:, ::-1]) == pytest.approx(1, abs=1e-4)


def test_a_product_before_another_background_is_nearer_than_another_product_before_the_same(
    descriptor: Descriptor,
) -> None:
    photo = _product(RED, WHITE)
    elsewhere = _cosine(descriptor, photo, _product(RED, BEIGE))

    assert elsewhere > _cosine(descriptor, photo, _product(BLUE, WHITE))


def test_colour_tells_two_products_of_one_shape_apart(descriptor: Descriptor) -> None:
    assert _cosine(descriptor, _product(RED, WHITE), _product(BLUE, WHITE)) < 0.8


def test_shape_tells_two_products_of_one_colour_apart(descriptor: Descriptor) -> None:
    assert _cosine(descriptor, _product(RED, WHITE), _product(RED, WHITE, round_=True)) < 0.9


def test_a_darker_photo_of_the_same_thing_stays_near(descriptor: Descriptor) -> None:
    photo = _product(RED, BEIGE)

    assert _cosine(descriptor, photo, (photo * 0.8).astype(np.uint8)) > 0.6


def test_the_background_weighs_less_than_the_product() -> None:
    """The weights are those of places; the product fills the middle of the image."""
    image = _product(RED, BEIGE).transpose(2, 0, 1).astype(np.float32) / 255

    weights = foreground_weights(cell_means(image))

    assert weights.shape == (PLACES, PLACES)
    assert weights.sum() == pytest.approx(1, abs=1e-5)
    corner, middle = weights[:4, :4].max(), weights[PLACES // 2, PLACES // 2]
    assert corner < middle / 20


def test_cells_hold_the_means_of_their_pixels() -> None:
    pixels = np.random.default_rng(0).random((2, SIDE, SIDE), np.float32)

    means = cell_means(pixels)

    assert means.shape == (2, CELLS, CELLS)
    np.testing.assert_allclose(means[1, 3, 5], pixels[1, 12:16, 20:24].mean(), rtol=1e-5)


def test_pooling_forgets_where_and_keeps_what() -> None:
    """The same features in another order, their weights with them, give the same vector."""
    random = np.random.default_rng(0)
    features, weights, order = random.random((5, 40)), random.random(40), random.permutation(40)

    pooled = second_order(features, weights)

    assert pooled.shape == (15,)
    np.testing.assert_allclose(second_order(features[:, order], weights[order]), pooled, atol=1e-12)


def test_pooled_vectors_multiply_like_the_matrices_they_stand_for() -> None:
    """For an orthogonal set of features the moment is diagonal and its power known."""
    features, weights = np.eye(3) * np.array([1.0, 2.0, 3.0]), np.full(3, 1 / 3)

    pooled = second_order(features, weights)

    assert pooled @ pooled == pytest.approx(sum((s * s / 3) ** 0.7 for s in (1, 2, 3)))


def test_whitening_evens_out_what_its_sample_varies_in() -> None:
    random = np.random.default_rng(0)
    sample = random.standard_normal((2000, 4)) * np.array([1.0, 0.9, 0.8, 0.7]) + 5

    whitening = whitening_of(sample)

    white = (sample - whitening.mean) @ whitening.matrix
    np.testing.assert_allclose(np.cov(white.T), np.eye(4), atol=0.05)


def test_the_drawn_pictures_are_the_same_on_every_machine() -> None:
    """Vectors of two workers must meet; a drawing may differ by rounding only."""
    first, again = list(dead_leaves(3, seed=0)), list(dead_leaves(3, seed=0))

    np.testing.assert_array_equal(first, again)
    means = [round(float(picture.mean()), 1) for picture in first]
    assert means == pytest.approx([130.3, 113.0, 162.0], abs=0.2)


@pytest.mark.skipif(not GENERAL.is_dir(), reason=f"no real catalogue at {GENERAL} (TUSOU_DATA)")
def test_two_of_five_photos_of_a_real_catalogue_find_another_photo_of_their_product_first(
    descriptor: Descriptor,
) -> None:
    """R@1 of .43 was measured; a random network has .11."""
    lines = (GENERAL / "products.jsonl").read_text().splitlines()
    named = [
        (json.loads(line)["id"], GENERAL / name) for line in lines for name in json.loads(line)["images"]
    ]
    images = [prepare(Image.open(path).convert("RGB"), descriptor.preprocess) for _, path in named]
    contents = np.array([hash(path.read_bytes()) for _, path in named])
    products = np.array([product for product, _ in named])
    vectors = np.stack([result.vector for result in embed(descriptor, images)])

    allowed = contents[:, None] != contents  # leaves out the query itself and its copies
    answerable = (allowed & (products[:, None] == products)).any(1)
    best = np.where(allowed, vectors @ vectors.T, -2).argmax(1)

    assert answerable.sum() == 351
    assert (products[best] == products)[answerable].mean() >= 0.40


def test_the_shipped_whitening_is_the_one_that_the_drawn_pictures_give() -> None:
    shipped, fitted = drawn_whitening(), fit_drawn()
    sample = np.random.default_rng(0).normal(fitted.mean, 0.1, (50, len(fitted.mean)))
    cosines = (shipped.apply(sample) * fitted.apply(sample)).sum(1)
    assert cosines.min() > 0.99999
