"""Heat maps: what alone makes the match is the hottest, and it is drawn where it lies."""

import io

import numpy as np
import pytest
from PIL import Image

from workers.models.preprocessing.geometry import prepare, seen
from workers.models.preprocessing.preprocess import Preprocess
from workers.vision.occlusion import GRID, covered_rows, heat
from workers.vision.overlay import overlay

SIDE = 70  # ten pixels a cell
CELLS = [(row, column) for row in range(GRID) for column in range(GRID)]


def spec(fit: str, resize: int = 80, crop: int = 64) -> Preprocess:
    return Preprocess(resize, crop, "bilinear", fit, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))


def brightness(pixels: np.ndarray) -> np.ndarray:
    """A model that sees each cell's brightness, and nothing else: (GRID * GRID,) float32 of unit length."""
    cells = pixels.mean(2).reshape(GRID, SIDE // GRID, GRID, SIDE // GRID).mean((1, 3)).ravel()
    return np.asarray(cells / np.linalg.norm(cells), np.float32)


def heat_of(pixels: np.ndarray, other: np.ndarray) -> np.ndarray:
    covered = np.stack([brightness(copy) for row in covered_rows(pixels) for copy in row])
    return heat(brightness(pixels), covered, brightness(other))


def lit(*cells: tuple[int, int]) -> np.ndarray:
    """Black but for these cells."""
    pixels = np.zeros((SIDE, SIDE, 3), np.uint8)
    for row, column in cells:
        pixels[row * 10 : row * 10 + 10, column * 10 : column * 10 + 10] = 255
    return pixels


@pytest.mark.parametrize("cell", CELLS[:: GRID + 1])
def test_a_patch_that_alone_makes_the_match_is_the_hottest(cell: tuple[int, int]) -> None:
    """Two images share one bright cell; what else is bright in the first is dark in the second."""
    other_cell = ((cell[0] + 3) % GRID, (cell[1] + 4) % GRID)
    warmth = heat_of(lit(cell, other_cell), lit(cell))
    assert np.unravel_index(warmth.argmax(), warmth.shape) == cell
    assert warmth.max() == 1
    assert warmth[other_cell] < 0.2


def test_patches_overlap_and_cover_every_pixel() -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (SIDE, SIDE, 3)).astype(np.uint8)
    times = np.zeros((SIDE, SIDE), int)
    for row in covered_rows(pixels):
        assert len(row) == GRID
        for copy in row:
            times += (copy != pixels).any(2)
    assert times.min() >= 1
    assert np.median(times) == 4  # two patches across and two down


def test_an_image_in_which_no_part_matters_is_cold() -> None:
    """A plain image is the same with any patch in its mean colour."""
    plain = np.full((SIDE, SIDE, 3), 90, np.uint8)
    assert not heat_of(plain, lit((2, 2))).any()


def test_a_patch_whose_cover_helps_the_match_is_cold() -> None:
    warmth = heat_of(lit((1, 1), (5, 5)), lit((1, 1)))
    assert warmth.min() == 0
    assert warmth[5, 5] == 0


def test_a_heat_map_lies_where_the_model_looked() -> None:
    """Heat in the first cell of a part that begins in the middle; around that part nothing is coloured."""
    warmth = np.zeros((GRID, GRID), np.float32)
    warmth[0, 0] = 1
    picture = Image.open(io.BytesIO(overlay(lit(), warmth, (0.5, 0.5, 1.0, 1.0))))
    assert (picture.format, picture.size) == ("PNG", (SIDE, SIDE))
    drawn = np.asarray(picture.convert("RGB")).astype(int)
    assert drawn[:35, :35].max() == 0
    assert np.unravel_index(drawn.sum(2).argmax(), (SIDE, SIDE)) in {
        (y, x) for y in range(35, 41) for x in range(35, 41)
    }


def test_a_heat_map_of_a_long_image_keeps_its_shape() -> None:
    drawn = overlay(np.zeros((20, 100, 3), np.uint8), np.ones((GRID, GRID)), (0.4, 0.0, 0.6, 1.0))
    assert Image.open(io.BytesIO(drawn)).size == (100, 20)


@pytest.mark.parametrize("size", [(200, 100), (100, 200), (64, 64)])
def test_the_part_that_is_seen_is_the_one_that_prepare_shows(size: tuple[int, int]) -> None:
    """A ramp across and one down tell where the crop's edges were."""
    across = np.broadcast_to(np.linspace(0, 255, size[0])[None, :], size[::-1])
    down = np.broadcast_to(np.linspace(0, 255, size[1])[:, None], size[::-1])
    image = Image.fromarray(np.stack([across, down, across], 2).astype(np.uint8))
    shown = prepare(image, spec("center")) / 255
    left, top, right, bottom = seen(*size, spec("center"))
    assert shown[0, 0, :2] == pytest.approx((left, top), abs=0.02)
    assert shown[-1, -1, :2] == pytest.approx((right, bottom), abs=0.02)


def test_a_squashed_image_is_seen_whole() -> None:
    assert seen(300, 20, spec("squash")) == (0, 0, 1, 1)
