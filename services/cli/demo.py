"""`tusou demo`: the whole thing in one command, with the sample catalogue."""

from __future__ import annotations

import time
from pathlib import Path

import typer
from rich.progress import Progress

from services.cli import importing, show
from services.cli.client import Client
from services.cli.embedded.address import free_port, is_free
from services.cli.embedded.serve import keep, stack_for, stop_on_signals, wait_ready
from services.cli.embedded.stack import Stack
from services.cli.sample.catalog import Sample, write_sample
from services.cli.trouble import INTERRUPTED
from shared.settings import Settings

# Images at a time that are best for a model that comes with us: measuring it would cost the demo's start.
IMPORT_BATCH = {"descriptor": "1", "tiny": "4"}


def run_demo(settings: Settings, *, once: bool, model: str | None) -> int:
    """Exit status. A home of its own for each model: vectors of different models never meet.

    Raises Trouble when a part does not start.
    """
    stop_on_signals()
    began = time.monotonic()
    model = model or settings.model
    home = settings.home.absolute() / f"demo-{model}"
    sample_folder = home / "sample"
    settings = settings.model_copy(
        update={
            "home": home,
            "model": model,
            "port": settings.port if is_free(settings.host, settings.port) else free_port(),
            "data_folder": sample_folder,
        }
    )
    stack = stack_for(settings, **environment(settings, sample_folder / "queries"))
    try:
        typer.echo("starting the gateway, a vision worker, an index worker and a keeper …")
        stack.begin()
        sample = _draw(sample_folder)
        wait_ready(stack)
        return _show(settings, stack, sample, once=once, began=began)
    except KeyboardInterrupt:
        return INTERRUPTED
    finally:
        stack.stop()


def environment(settings: Settings, photos: Path) -> dict[str, str]:
    """What the demo's processes are told beside the settings of its stack."""
    env = {"TUSOU_MODEL": settings.model, "TUSOU_SAMPLES_FOLDER": str(photos)}
    if settings.model in IMPORT_BATCH and not settings.import_batch:
        env["TUSOU_IMPORT_BATCH"] = IMPORT_BATCH[settings.model]
    return env


def _draw(folder: Path) -> Sample:
    typer.echo("drawing the sample catalogue …")
    with Progress(console=show.console, transient=True, disable=not show.console.is_terminal) as progress:
        bar = progress.add_task("products", total=None)
        return write_sample(folder, progress=lambda done, of: progress.update(bar, completed=done, total=of))


def _show(settings: Settings, stack: Stack, sample: Sample, *, once: bool, began: float) -> int:
    client = Client(settings, url=stack.url)
    typer.echo("importing it …")
    job = importing.run(client, sample.manifest, base="")
    if job["state"] != "succeeded":
        show.search(job)
        return 1
    done = job["result"]
    typer.echo(
        f"{done['products_in_catalog']} products, {done['images']} images ({done['embedded']} embedded now)"
    )
    query = sample.queries[0]
    photo = sample.folder / query.file
    typer.echo(f"searching with {photo}")
    found = client.search(photo, limit="8", min_version=done["version"])
    show.search(found)
    typer.echo(f"ready after {time.monotonic() - began:.1f} s")
    if found["state"] != "succeeded" or once:
        typer.echo("stopping …")
        return 0 if found["state"] == "succeeded" else 1
    typer.echo(f"\nOpen {stack.url} and try it with a photo of yours. Ctrl-C stops.")
    keep(stack)
    return 0
