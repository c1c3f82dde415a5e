"""Orientation of edges around each place, split into what a mirror keeps and what it turns round."""

from __future__ import annotations

from typing import Final

import numpy as np

from workers.models.classical.grid import PLACES, blocks, cell_means, middle

ORIENTATIONS: Final = 6
# Contrast (0..1 per channel, summed) under which an edge counts as noise; flat between .1 and .3.
_NOISE: Final = np.float32(0.15)
_ROOT_HALF: Final = np.float32(np.sqrt(0.5))
# A mirror turns orientation k into -k.
_MIRRORED: Final = [-k % ORIENTATIONS for k in range(ORIENTATIONS)]
_OWN_MIRROR: Final = [k for k in range(ORIENTATIONS) if _MIRRORED[k] == k]
_PAIRED: Final = [k for k in range(ORIENTATIONS) if k < _MIRRORED[k]]


def orientation_features(rgb: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(3, SIDE, SIDE) float32 in 0..1 -> even (16, PLACES, PLACES) and odd (14, ...) features.

    Histograms of oriented gradients (Dalal and Triggs, 2005) of a 16-pixel window of 2 x 2 blocks and of its
    middle, each normalised and square-rooted (Arandjelovic and Zisserman, 2012).
    """
    cells = cell_means(_responses(rgb))  # (6, CELLS, CELLS)
    quarter = blocks(cells)
    window = np.stack(
        [quarter[:, i : i + PLACES, j : j + PLACES] for i in (0, 2) for j in (0, 2)]
    )  # (4, 6, PLACES, PLACES): upper left, upper right, lower left, lower right
    window = _normalised(window, axes=(0, 1))
    left, right = window[[0, 2]], window[[1, 3]][:, _MIRRORED]
    centre = _normalised(middle(cells), axes=(0,))
    first, second = centre[_PAIRED], centre[[_MIRRORED[k] for k in _PAIRED]]
    even = [(left + right) * _ROOT_HALF, centre[_OWN_MIRROR], (first + second) * _ROOT_HALF]
    odd = [(left - right) * _ROOT_HALF, (first - second) * _ROOT_HALF]
    return _joined(even), _joined(odd)


def _responses(rgb: np.ndarray) -> np.ndarray:
    """(3, SIDE, SIDE) -> (6, SIDE, SIDE): edge contrast in each of the orientations.

    The structure tensor summed over the channels gives one orientation (as its doubled angle, so that light
    on dark equals dark on light); it is shared among the orientations by the squared cosine.
    """
    across = rgb[:, 1:-1, 2:] - rgb[:, 1:-1, :-2]
    down = rgb[:, 2:, 1:-1] - rgb[:, :-2, 1:-1]
    cosine = np.zeros(rgb.shape[1:], np.float32)
    sine = np.zeros(rgb.shape[1:], np.float32)
    cosine[1:-1, 1:-1] = (across * across - down * down).sum(0)
    sine[1:-1, 1:-1] = 2 * (across * down).sum(0)
    squared = np.hypot(cosine, sine) + np.float32(1e-12)
    scale = squared ** np.float32(-0.75)  # responses are squared below: contrast = |tensor| ** 0.5
    cosine *= scale
    sine *= scale
    angles = 2 * np.pi * np.arange(ORIENTATIONS) / ORIENTATIONS
    along = [cosine * np.float32(np.cos(angle)) + sine * np.float32(np.sin(angle)) for angle in angles]
    responses: np.ndarray = np.square(np.maximum(np.stack(along), 0))
    return responses


def _normalised(histograms: np.ndarray, *, axes: tuple[int, ...]) -> np.ndarray:
    length = np.sqrt(np.square(histograms).sum(axes, keepdims=True))
    rooted: np.ndarray = np.sqrt(histograms / (length + _NOISE))
    return rooted


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    return np.concatenate([part.reshape(-1, PLACES, PLACES) for part in parts])
