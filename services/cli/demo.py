"""`tusou demo`: the whole thing in one command, with the sample catalogue."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import typer
from rich.progress import Progress

from services.cli import importing, show
from services.cli.client import Client
from services.cli.embedded.serve import Stop, keep, stack_for
from services.cli.embedded.stack import AlreadyRunning, DidNotStart, Stack, free_port
from services.cli.sample.catalog import Sample, write_sample
from shared.settings import Settings


def run_demo(settings: Settings, *, once: bool, model: str | None) -> int:
    """Exit status. A home of its own for each model: vectors of different models never meet."""
    stop = Stop()
    began = time.monotonic()
    model = model or settings.model
    home = settings.home.absolute() / f"demo-{model}"
    sample_folder = home / "sample"
    settings = settings.model_copy(
        update={
            "home": home,
            "model": model,
            "port": settings.port if _free(settings.port) else free_port(),
            "data_folder": sample_folder,
        }
    )
    stack = stack_for(settings, TUSOU_MODEL=model, TUSOU_SAMPLES_FOLDER=str(sample_folder / "queries"))
    try:
        typer.echo("starting the gateway, a vision worker, an index worker and a keeper …")
        stack.begin()
        sample = _draw(sample_folder)
        stack.wait_ready()
        return _show(settings, stack, sample, stop, once=once, began=began)
    except (AlreadyRunning, DidNotStart) as error:
        show.errors.print(str(error), markup=False)
        return 1
    finally:
        stack.stop()


def _draw(folder: Path) -> Sample:
    with Progress(console=show.console, transient=True) as progress:
        bar = progress.add_task("drawing the sample catalogue", total=None)
        return write_sample(folder, progress=lambda done, of: progress.update(bar, completed=done, total=of))


def _show(settings: Settings, stack: Stack, sample: Sample, stop: Stop, *, once: bool, began: float) -> int:
    client = Client(settings, url=stack.url)
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
        return 0 if found["state"] == "succeeded" else 1
    typer.echo(f"\nOpen {stack.url} and try it with a photo of yours. Ctrl-C stops.")
    keep(stack, stop)
    return 0


def _free(port: int) -> bool:
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
