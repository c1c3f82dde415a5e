"""The commands that make models for serving: an ONNX file for the edge, and a network's better variant."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Final

import typer

from shared.models.card import checked_name
from shared.settings import Settings
from workers.models.artefacts.artefact import Artefact
from workers.models.artefacts.files import check_new
from workers.models.preprocessing.preprocess import Preprocess
from workers.models.published.torchvision_nets import ARCHITECTURES
from workers.trainer.data.example import Example
from workers.trainer.data.read import read_data
from workers.trainer.data.split import Shares
from workers.trainer.export.edge import export as write_export
from workers.trainer.export.finding import files_of, find_model
from workers.trainer.export.variant import RECOMMENDED, write_variant, write_variant_of
from workers.trainer.progress import json_lines
from workers.trainer.runs import part_of, split_of

_PHOTOS: Final = (".jpg", ".jpeg", ".png", ".webp")
_DIM: Final = RECOMMENDED.dim or 512

Out = Annotated[Path, typer.Option(help="Folder to make.")]
Weights = Annotated[
    str,
    typer.Option(help="Published weights: a file or folder; else TUSOU_WEIGHTS, the store, or a download."),
]


def export(
    model: Annotated[
        str, typer.Argument(help="A folder, NAME or NAME@VERSION of the registry, or built in.")
    ],
    out: Out,
    data: Annotated[
        Path | None, typer.Option(help="Labelled pictures: they show what is lost, and give int8 its ranges.")
    ] = None,
    onnx: Annotated[
        bool, typer.Option("--onnx", help="An ONNX file: the default, and the only format.")
    ] = True,
    int8: Annotated[
        bool,
        typer.Option("--int8", help="That file in 8-bit integers, a quarter of the bytes; else float32."),
    ] = False,
    part: Annotated[
        str, typer.Option(help="train, validation, test or all; else test of a trained model, all of others.")
    ] = "",
    most: Annotated[int, typer.Option(min=8, help="Pictures that are looked at, at most.")] = 1_000,
    seed: Annotated[int, typer.Option(help="Of the choice among them.")] = 0,
    weights: Weights = "",
    threads: Annotated[int, typer.Option(min=0, help="0: all cores")] = 0,
) -> None:
    """Write a model as an ONNX file for the edge, and tell what it is worth there."""
    check_new(out)
    opened = find_model(model, weights=weights)
    measured: list[Example] = []
    calibrating: list[Example] = []
    if data is not None:
        measured, calibrating = _looked_at(opened.artefact, data, part)
        for pictures in (measured, calibrating):
            random.Random(seed).shuffle(pictures)  # noqa: S311 - no secret hangs on it
    made = write_export(opened, out, measured[:most], calibrating, int8=int8, threads=threads)
    for figures in made.measured:
        json_lines({"event": "measured", **asdict(figures)})
    json_lines({"event": "exported", "folder": str(out), "fingerprint": made.artefact.fingerprint})


def variant(
    base: Annotated[str, typer.Argument(help="Built in, a folder, or NAME@VERSION of the registry.")],
    sample: Annotated[Path, typer.Option(help="Folder of photos on which whitening is fitted.")],
    out: Out,
    name: Annotated[str, typer.Option(help="The model's name; else BASE-plus.")] = "",
    dim: Annotated[int, typer.Option(min=2, help="Dimensions kept by whitening, at most.")] = _DIM,
    colour: Annotated[
        float, typer.Option(min=0, help="Weight of the descriptor beside the network; 0: none.")
    ] = RECOMMENDED.colour,
    colour_dim: Annotated[
        int, typer.Option(min=2, help="Dimensions kept of the descriptor.")
    ] = RECOMMENDED.colour_dim,
    colour_shrinkage: Annotated[
        float, typer.Option(min=0, help="How little its weak directions count.")
    ] = RECOMMENDED.colour_shrinkage,
    side: Annotated[
        int | None, typer.Option(min=32, help="Pixels of a trained network's input; else as it was trained.")
    ] = None,
    weights: Weights = "",
) -> None:
    """Write a network with the recommended averaging, whitening and descriptor.

    A built-in one gets the recommended input and pooling too. Many trained ones find more at a side somewhat
    larger than that of the training (Touvron and others, NeurIPS 2019). More photos than dimensions, none of
    them of the catalogue that is to be searched.
    """
    check_new(out)
    options = replace(
        RECOMMENDED, dim=dim, colour=colour, colour_dim=colour_dim, colour_shrinkage=colour_shrinkage
    )
    photos = sorted(_photos(sample))
    if base in ARCHITECTURES:
        called = checked_name(name or f"{base}-plus")
        settings = Settings()
        made = write_variant(
            out,
            base,
            options,
            photos,
            name=called,
            weights=weights or settings.weights or None,
            fetch_object=files_of(settings),
        )
    else:
        opened = find_model(base)
        called = checked_name(name or f"{opened.artefact.name}-plus")
        kept = replace(options, preprocess=_sized(opened.artefact.preprocess, side), pooling=1.0)
        made = write_variant_of(out, opened, kept, photos, name=called)
    json_lines({"event": "exported", "folder": str(out), "fingerprint": made.fingerprint})


def _looked_at(artefact: Artefact, data: Path, part: str) -> tuple[list[Example], list[Example]]:
    """What is measured, and what int8 has its ranges from where others are there.

    A model that was trained here is measured on what it did not learn from: its card tells nothing kinder.
    """
    trained = "recipe" in artefact.training
    shares, split_seed = split_of(artefact.training) if trained else (Shares(0, 0), 0)
    parts = read_data(data, shares=shares, seed=split_seed)
    part = part or ("test" if trained else "all")
    return list(part_of(parts, part)), list(parts.train) if part in ("validation", "test") else []


def _sized(preprocess: Preprocess, side: int | None) -> Preprocess | None:
    if side is None:
        return None
    return replace(preprocess, crop=side, resize=round(preprocess.resize * side / preprocess.crop))


def _photos(folder: Path) -> Iterator[Path]:
    # Links are followed: a sample is often put together of other folders.
    for place, _, files in os.walk(folder, followlinks=True):
        yield from (Path(place) / name for name in files if Path(name).suffix.lower() in _PHOTOS)
