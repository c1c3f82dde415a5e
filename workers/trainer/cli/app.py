"""The trainer's commands; the `tusou` command starts them as a process and reads their lines."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import torch
import typer

from shared.errors import InvalidRequest, TusouError
from shared.models.card import checked_name
from shared.settings import Settings
from workers.trainer.cli.making import Weights, export, variant
from workers.trainer.data.read import read_data
from workers.trainer.data.split import Shares
from workers.trainer.evaluation.client import open_service
from workers.trainer.evaluation.service import evaluate_service
from workers.trainer.export.finding import files_of, find_served
from workers.trainer.hardware import hardware
from workers.trainer.progress import json_lines
from workers.trainer.recipes.presets import PRESETS, preset
from workers.trainer.recipes.recipe import Recipe, recipe_from_json
from workers.trainer.runs import evaluate_model, split_of, train_artefact, write_report

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)

app.command()(export)
app.command()(variant)

Data = Annotated[
    Path, typer.Argument(help="A folder of classes, a folder of idx files, a manifest, or a CSV of digits.")
]
Seed = Annotated[int, typer.Option(help="Of the split and of all random numbers.")]
Device = Annotated[str, typer.Option(help="auto, cpu or cuda")]
Threads = Annotated[int, typer.Option(min=0, help="0: all cores")]
Loaders = Annotated[int, typer.Option(min=0, help="Processes that decode; 0: none beside this one.")]
Validation = Annotated[float, typer.Option(help="Share split off for validation, where the data has none.")]
Test = Annotated[float, typer.Option(help="Share split off for the test, where the data has none.")]


@app.command()
def train(
    data: Data,
    name: Annotated[str, typer.Option(help="The model's name.")],
    recipe: Annotated[str, typer.Option(help=f"{', '.join(PRESETS)}, or a JSON file.")] = "transfer",
    out: Annotated[
        Path | None, typer.Option(help="Folder of checkpoints, curves, report, model/; else runs/NAME.")
    ] = None,
    change: Annotated[list[str] | None, typer.Option("--set", help="FIELD=JSON of the recipe")] = None,
    weights: Weights = "",
    seed: Seed = 0,
    device: Device = "auto",
    threads: Threads = 0,
    loaders: Loaders = 0,
    validation: Validation = 0.1,
    test: Test = 0.1,
) -> None:
    """Train a network; a run that was killed goes on from its last checkpoint."""
    checked_name(name)  # hours before the registry would refuse it; it names the folder too
    _threads(threads)
    shares, settings = Shares(validation, test), Settings()
    train_artefact(
        read_data(data, shares=shares, seed=seed),
        replace(_changed(_recipe(recipe), change or []), seed=seed),
        out or Path("runs") / name,
        name=name,
        hardware=hardware(device, loaders),
        weights=weights or settings.weights,
        fetch_object=files_of(settings),
        shares=shares,
        on_progress=json_lines,
    )


@app.command()
def evaluate(
    data: Data,
    out: Annotated[Path, typer.Option(help="Folder for report.json and report.html.")],
    model: Annotated[
        str, typer.Option(help="Built in, a folder, or NAME or NAME@VERSION of the registry.")
    ] = "",
    service: Annotated[
        str,
        typer.Option(help="Address of a running service that holds DATA, a manifest; its key: TUSOU_KEY."),
    ] = "",
    catalog: Annotated[str, typer.Option(help="That of the service.")] = "default",
    part: Annotated[
        str, typer.Option(help="train, validation, test or all; else test of a trained model, all of others.")
    ] = "",
    engine: Annotated[str, typer.Option(help="auto, torch or onnx: what the model runs with.")] = "auto",
    weights: Weights = "",
    seed: Annotated[int | None, typer.Option(help="Of the split; else as in the training.")] = None,
    device: Device = "auto",
    threads: Threads = 0,
    loaders: Loaders = 0,
    validation: Annotated[float | None, typer.Option(help="Share; else as in the training.")] = None,
    test: Annotated[float | None, typer.Option(help="Share; else as in the training.")] = None,
) -> None:
    """Measure a model, or a running service, on labelled pictures."""
    if bool(model) == bool(service):
        raise InvalidRequest("what is to be measured? one of --model and --service")
    if service:
        if part not in ("", "all"):
            raise InvalidRequest("a service is measured with its whole catalogue: --part all")
        _evaluate_service(data, service, catalog, out)
        return
    out.mkdir(parents=True, exist_ok=True)  # before minutes of looking
    _threads(threads)
    served = find_served(model, weights=weights, engine=engine, device=device, threads=threads)
    shares, seed = split_of(served.training, validation=validation, test=test, seed=seed)
    parts = read_data(data, shares=shares, seed=seed)
    # What a model was not trained on may be measured whole.
    part = part or ("test" if "recipe" in served.training else "all")
    evaluate_model(served.model, parts, part, out, loaders=loaders, on_progress=json_lines)


def _evaluate_service(manifest: Path, url: str, catalog: str, out: Path) -> None:
    parts = read_data(manifest, shares=Shares(0, 0), seed=0)
    if not manifest.is_file() or not all(isinstance(e.image, Path) for e in parts.train):
        raise InvalidRequest(f"{manifest} is no manifest: a service is measured with a catalogue it holds")
    service = open_service(url, catalog, key=Settings().key.get_secret_value())
    with service.http:
        report = evaluate_service(service, manifest.parent, parts.train, json_lines)
    write_report(report, out, json_lines)


def main() -> None:
    """Known trouble is one line with an `error`, and exit status 1."""
    try:
        app(prog_name="tusou")
    except TusouError as error:
        json_lines({"event": "failed", "code": error.code, "error": error.detail})
        raise SystemExit(1) from None
    except OSError as error:  # a full disk, or a folder that is none or not ours
        where = f"{error.filename}: " if error.filename else ""
        json_lines({"event": "failed", "code": "disk", "error": f"{where}{error.strerror or error}"})
        raise SystemExit(1) from None


def _threads(threads: int) -> None:
    if threads:
        torch.set_num_threads(threads)


def _recipe(name: str) -> Recipe:
    path = Path(name)
    if path.suffix != ".json":
        return preset(name)
    try:
        return recipe_from_json(json.loads(path.read_bytes()))
    # TypeError: JSON, but no object; RecursionError: JSON in JSON without end.
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise InvalidRequest(f"{path} is no recipe: {error}") from error


def _changed(recipe: Recipe, changes: list[str]) -> Recipe:
    values: dict[str, Any] = recipe.as_json()
    for change in changes:
        field, _, value = change.partition("=")
        try:
            values[field] = json.loads(value)
        except ValueError:
            values[field] = value  # a word need not be quoted
    return recipe_from_json(values)
