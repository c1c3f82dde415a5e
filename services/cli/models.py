"""`tusou models`: the registry of trained models in the deployment's database and object store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from services.cli import show
from services.cli.parts import open_migrated, open_objects
from shared.models import registry
from shared.settings import Settings

models_app = typer.Typer(help="Trained models: list, show, pull, push, verify.", no_args_is_help=True)

Reference = Annotated[str, typer.Argument(help="NAME, its newest version, or NAME@VERSION.")]


@models_app.command("list")
def list_models(
    name: Annotated[str | None, typer.Argument(help="Versions of this model alone.")] = None,
) -> None:
    """All versions of all models."""
    db = open_migrated(Settings())
    with db.read() as c:
        found = registry.listing(c, name)
    rows: list[list[object]] = [
        [
            e.reference,
            e.fingerprint,
            e.facts.get("dim"),
            e.facts.get("labels"),
            _mb(e),
            show.when(e.created_at),
        ]
        for e in found
    ]
    show.table("models", ["model", "fingerprint", "dim", "labels", "MB", "pushed"], rows)


@models_app.command("show")
def show_model(model: Reference) -> None:
    """A model's card: how it was made and what it is worth, as JSON."""
    entry = _find(model)
    files = {file: {"sha256": each.sha256, "length": each.length} for file, each in entry.files.items()}
    told = {**entry.facts, "pushed": show.when(entry.created_at), "files": files}
    typer.echo(json.dumps(told, ensure_ascii=False, indent=2))


@models_app.command("pull")
def pull_model(
    model: Reference,
    to: Annotated[Path | None, typer.Option(help="Folder to make; else NAME@VERSION.")] = None,
) -> None:
    """Copy a model's files into a new folder, verified."""
    entry = _find(model)
    folder = to or Path(entry.reference)
    registry.pull(open_objects(Settings()), entry, folder)
    typer.echo(f"{entry.reference} is in {folder}")


@models_app.command("push")
def push_model(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="A model's folder.")],
    name: Annotated[str | None, typer.Option(help="Another name than its own.")] = None,
) -> None:
    """Store a model as the next version of its name; workers load it by TUSOU_MODEL=NAME@VERSION."""
    settings = Settings()
    entry = registry.push(open_migrated(settings), open_objects(settings), folder, name=name)
    typer.echo(entry.reference)


@models_app.command("verify")
def verify_model(model: Reference) -> None:
    """Read every file of a model again and compare it with what was pushed."""
    entry = _find(model)
    found = registry.verify(open_objects(Settings()), entry)
    show.table(entry.reference, ["file", "state"], [[file, fault or "good"] for file, fault in found.items()])
    if any(found.values()):
        raise typer.Exit(1)


def _find(model: str) -> registry.Entry:
    db = open_migrated(Settings())
    with db.read() as c:
        return registry.find(c, model)


def _mb(entry: registry.Entry) -> str:
    return show.mb(sum(each.length for each in entry.files.values()))
