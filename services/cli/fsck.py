"""`tusou fsck`: SQL, objects and index against one another."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Annotated

import typer

from services.cli import show
from services.cli.parts import open_migrated, open_objects
from services.cli.trouble import Trouble
from shared.db.engine import Database
from shared.erasure.erased_list import ErasedList
from shared.errors import TusouError
from shared.fsck.examine import examine
from shared.fsck.finding import Finding
from shared.fsck.meanings import MEANINGS, to_json
from shared.fsck.repair.deps import Repairs
from shared.fsck.repair.run import repair
from shared.settings import Settings
from shared.storage.open import open_store
from shared.storage.port import ObjectStore

FOUND, COULD_NOT_LOOK = 1, 2

Done = list[tuple[Finding, str | None]]


def fsck_command(
    mend: Annotated[
        bool, typer.Option("--repair", help="Mend what can be mended without inventing data.")
    ] = False,
    quick: Annotated[
        bool, typer.Option(help="Compare rows and lengths only; no object is read, no vector compared.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Find every inconsistency between database, objects and index.

    It may run beside everything else. Exit status 0: none, or all mended; 1: some; 2: it could not look.
    """
    try:
        settings = Settings()
        db, store = open_migrated(settings), open_objects(settings)
        store.ping()
        with show.errors.status("") as status:
            found, done = _run(settings, db, store, mend=mend, quick=quick, tell=status.update)
    except (Trouble, TusouError, OSError) as error:
        show.errors.print(show.plain(f"fsck could not look: {error}"))
        raise typer.Exit(COULD_NOT_LOOK) from error
    left = found if not mend else [finding for finding, what in done if what is None]
    if as_json:
        _print_json(found, done)
    else:
        _print(found, done, mend=mend)
    raise typer.Exit(FOUND if left else 0)


def _run(
    settings: Settings,
    db: Database,
    store: ObjectStore,
    *,
    mend: bool,
    quick: bool,
    tell: Callable[[str], None],
) -> tuple[list[Finding], Done]:
    listed = ErasedList(open_store(settings.erased_store_url)).entries()
    found = examine(db, store, listed=listed, quick=quick, tell=tell)
    if not mend or not found:
        return found, []
    tell("repairing")
    repairs = Repairs(
        db, store, settings.group, settings.errors_retention, settings.retention, settings.erase_within
    )
    return found, repair(repairs, found)


def _print_json(found: list[Finding], done: Done) -> None:
    mended = {id(finding): what for finding, what in done}
    told = [{**to_json(finding), "done": mended.get(id(finding))} for finding in found]
    typer.echo(json.dumps({"findings": told}, ensure_ascii=False, indent=2))


def _print(found: list[Finding], done: Done, *, mend: bool) -> None:
    if not found:
        typer.echo("database, objects and index agree")
        return
    if mend:
        rows: list[list[object]] = [[f.code, f.subject, f.detail, what or "not mended"] for f, what in done]
        show.table("fsck", ["code", "subject", "found", "done"], rows)
    else:
        show.table("fsck", ["code", "subject", "found"], [[f.code, f.subject, f.detail] for f in found])
    codes = sorted({finding.code for finding in found})
    show.table(
        "codes", ["code", "means", "repair"], [[c, MEANINGS[c].meaning, MEANINGS[c].repair] for c in codes]
    )
