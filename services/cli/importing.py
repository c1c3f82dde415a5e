"""`tusou import`: a manifest sent, its progress shown, its errors told."""

from __future__ import annotations

import json
from pathlib import Path
from time import monotonic
from typing import Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from services.cli import show
from services.cli.client import Client
from services.cli.show import console

# Enough to see what is wrong with a whole column; the rest is `tusou jobs errors`.
BAD_ROWS_SHOWN = 3
UNREADABLE = "manifest_unreadable"
# Without a terminal there is no bar: a line so often says that it goes on.
SAY_EVERY_S = 10.0


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
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TextColumn("{task.fields[bad]}"),
        TimeElapsedColumn(),
    )
    hidden = quiet or not console.is_terminal
    said_at = monotonic()
    with Progress(*columns, console=console, disable=hidden, transient=True) as progress:
        bar = progress.add_task(f"import {manifest.name}", total=None, rate="", bad="")
        for job in client.follow(job):  # noqa: B020 - the same job, newer
            at = job["progress"] or {}
            elapsed = progress.tasks[0].elapsed or 0.0
            rate = f"{at.get('images', 0) / elapsed:.0f} images/s" if elapsed > 1 else ""
            bad = f"{at['bad_rows']} bad" if at.get("bad_rows") else ""
            progress.update(
                bar, completed=at.get("rows_done", 0), total=at.get("rows") or None, rate=rate, bad=bad
            )
            if hidden and not quiet and monotonic() - said_at >= SAY_EVERY_S:
                said_at = monotonic()
                typer.echo(", ".join(filter(None, (_done(at), rate, bad))), err=True)
    return job


def _done(at: dict[str, Any]) -> str:
    """How far an import is; before its rows are counted, that it is being read."""
    if not at.get("planned"):
        return "reading the manifest"
    return f"{at.get('rows_done', 0)} of {at['rows']} rows"


def did_something(job: dict[str, Any]) -> bool:
    """Whether the manifest was read: one of which no row could be is no success for who waits for it."""
    if job["state"] != "succeeded":
        return False
    done = job["result"]
    return bool(done["rows"] > done["bad_rows"] or not done["bad_rows"])


def tell(client: Client, job: dict[str, Any]) -> None:
    """What the finished import did, and the first of its bad rows."""
    if job["state"] != "succeeded":
        show.search(job)
        if (job["error"] or {}).get("code") == UNREADABLE:
            _tell_rows(client, job, f"/v1/imports/{job['id']}/errors")
        return
    done = job["result"]
    show.table("import", ["what", "count"], [[k, v] for k, v in done.items() if isinstance(v, int)])
    if done["ignored_columns"]:
        show.errors.print(show.plain(f"ignored columns: {', '.join(done['ignored_columns'])}"))
    if done["errors_url"]:
        _tell_rows(client, job, done["errors_url"])


def _tell_rows(client: Client, job: dict[str, Any], errors_url: str) -> None:
    for line in client.first_lines(errors_url, BAD_ROWS_SHOWN):
        row = json.loads(line)
        show.errors.print(show.plain(f"line {row['line']}: {row['detail']}"))
    show.errors.print(f"every bad row: `tusou jobs errors {job['id']}`")
