"""`tusou import`: a manifest sent, its progress shown, its errors told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from services.cli.client import Client
from services.cli.show import console


def base_of(manifest: Path, data_folder: Path | None) -> str:
    """Where relative image paths start, seen from the data folder; empty when the manifest lies elsewhere."""
    if data_folder is None:
        return ""
    folder, root = manifest.resolve().parent, data_folder.resolve()
    return folder.relative_to(root).as_posix().removeprefix(".") if folder.is_relative_to(root) else ""


def run(client: Client, manifest: Path, *, quiet: bool = False, **fields: Any) -> dict[str, Any]:
    """Start the import and follow it to its end; returns the finished job."""
    job = client.start_import(manifest, **fields)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TextColumn("{task.fields[bad]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, disable=quiet, transient=True) as progress:
        bar = progress.add_task(f"import {manifest.name}", total=None, rate="", bad="")
        for job in client.follow(job):  # noqa: B020 - the same job, newer
            at = job["progress"] or {}
            elapsed = progress.tasks[0].elapsed or 0.0
            rate = f"{at.get('images', 0) / elapsed:.0f} images/s" if elapsed > 1 else ""
            bad = f"{at['bad_rows']} bad" if at.get("bad_rows") else ""
            progress.update(
                bar, completed=at.get("rows_done", 0), total=at.get("rows") or None, rate=rate, bad=bad
            )
    return job
