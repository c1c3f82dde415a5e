"""A model as one ONNX file for the edge, and what it is worth there."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from shared.errors import InvalidRequest
from workers.models.artefacts.artefact import ONNX, Artefact
from workers.models.artefacts.files import Opened, pack, write
from workers.models.port import Embedded, Model
from workers.models.preprocessing.geometry import prepare
from workers.models.preprocessing.preprocess import Preprocess
from workers.models.serving import serve
from workers.models.steps import embed
from workers.trainer.data.copies import copies
from workers.trainer.data.example import Example
from workers.trainer.data.picture import open_picture
from workers.trainer.evaluation.neighbours import Gallery, by_category
from workers.trainer.evaluation.retrieval import retrieval
from workers.trainer.export.int8 import to_int8

_BATCH: Final = 8
_CALIBRATING: Final = 100  # pictures whose ranges are those of int8
_WITHOUT_PICTURES: Final = 32  # grey ones, when only the rate is measured


@dataclass(frozen=True)
class Measured:
    """`bytes` of the ONNX file; `r1` by category, another group's picture; None where nothing tells."""

    name: str
    precision: str
    bytes: int
    images_per_s: float
    pictures: int
    r1: float | None
    accuracy: float | None


@dataclass(frozen=True)
class Exported:
    """The artefact that was written, and the figures of each precision that was looked at."""

    artefact: Artefact
    measured: tuple[Measured, ...]


def export(
    opened: Opened,
    folder: Path,
    examples: Sequence[Example],
    calibrating: Sequence[Example] = (),
    *,
    int8: bool = False,
    threads: int = 0,
) -> Exported:
    """Makes `folder`; the examples are measured, for int8 in both precisions.

    The first hundred of `calibrating` give int8 its ranges. Without any a quarter of the examples does, a
    hundred at most, and only the others are measured. Raises InvalidRequest for a model without an ONNX file,
    and for int8 of int8 or without pictures.
    """
    if ONNX not in opened.artefact.files:
        raise InvalidRequest(f"{opened.where} has no {ONNX}")
    if not int8:
        figures: tuple[Measured, ...] = (measure(opened, examples, threads=threads),)
        state, onnx, artefact = opened.state(), opened.file(ONNX), opened.artefact
    else:
        seen, examples = _divided(opened, examples, calibrating)
        onnx = to_int8(opened.file(ONNX), list(_prepared(seen, opened.artefact.preprocess)))
        state, artefact = {}, replace(opened.artefact, name=f"{opened.artefact.name}-int8", precision="int8")
        small, _ = pack(artefact, state, onnx, *opened.whitenings())
        figures = tuple(measure(each, examples, threads=threads) for each in (opened, small))
        artefact = replace(artefact, evaluation=_evaluation(figures[-1]))
    return Exported(write(folder, artefact, state, onnx, *opened.whitenings()), figures)


def measure(opened: Opened, examples: Sequence[Example], *, threads: int = 0) -> Measured:
    """Batches of eight through ONNX Runtime on the CPU; decoding does not count."""
    model = serve(opened, name=opened.artefact.name, engine="onnx", device="cpu", threads=threads)
    model.warmup([_BATCH])
    found, seconds = _embedded(model, examples)
    if not examples:
        began = time.perf_counter()
        model.warmup([_BATCH] * (_WITHOUT_PICTURES // _BATCH))
        seconds = time.perf_counter() - began
    return Measured(
        name=opened.artefact.name,
        precision=opened.artefact.precision,
        bytes=len(opened.file(ONNX)),
        images_per_s=round((len(examples) or _WITHOUT_PICTURES) / seconds, 1),
        pictures=len(examples),
        r1=_r1(found, examples),
        accuracy=_accuracy(model, found, examples),
    )


def _divided(
    opened: Opened, examples: Sequence[Example], calibrating: Sequence[Example]
) -> tuple[Sequence[Example], Sequence[Example]]:
    """Those that give the ranges, and those that are measured."""
    if opened.artefact.precision != "float32":
        raise InvalidRequest(f"{opened.where} is in {opened.artefact.precision} already")
    if calibrating:
        return calibrating[:_CALIBRATING], examples
    count = min(_CALIBRATING, len(examples) // 4)
    if not count:
        raise InvalidRequest("int8 needs pictures (--data), four at least: their ranges become the network's")
    return examples[:count], examples[count:]


def _prepared(examples: Sequence[Example], preprocess: Preprocess) -> Iterator[np.ndarray]:
    """(crop, crop, 3) uint8 each, as a search prepares them."""
    for example in examples:
        yield prepare(open_picture(example, preprocess.resize), preprocess)


def _embedded(model: Model, examples: Sequence[Example]) -> tuple[list[Embedded], float]:
    """In the order of the examples, and the seconds in the model."""
    found: list[Embedded] = []
    seconds = 0.0
    for first in range(0, len(examples), _BATCH):
        images = list(_prepared(examples[first : first + _BATCH], model.preprocess))
        began = time.perf_counter()
        found += embed(model, images)
        seconds += time.perf_counter() - began
    return found, seconds


def _r1(found: list[Embedded], examples: Sequence[Example]) -> float | None:
    if not found:
        return None
    gallery = Gallery(
        np.stack([each.vector for each in found]),
        _numbers([example.label for example in examples]),
        _numbers([example.group for example in examples]),
        copies(examples),
    )
    figures = retrieval(by_category(gallery))
    return figures.r1 if figures else None


def _accuracy(model: Model, found: list[Embedded], examples: Sequence[Example]) -> float | None:
    """None where the model does not know the labels of the data."""
    if not found or not {example.label for example in examples} <= set(model.labels):
        return None
    return float(np.mean([each.label == e.label for each, e in zip(found, examples, strict=True)]))


def _numbers(names: Sequence[str]) -> np.ndarray:
    return np.unique(np.asarray(names), return_inverse=True)[1].astype(np.int64)


def _evaluation(figures: Measured) -> dict[str, Any]:
    return {key: value for key, value in asdict(figures).items() if key in ("pictures", "r1", "accuracy")}
