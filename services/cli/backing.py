"""`tusou backup` and `tusou restore`: database and objects, to a folder or bucket and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated
from urllib.parse import unquote, urlsplit

import typer

from services.cli import show
from services.cli.parts import open_database, open_existing, open_objects
from services.cli.trouble import Trouble
from shared.backup import manifest as manifests
from shared.backup.manifest import FOLDER, Manifest
from shared.backup.restore import replaces, restore
from shared.backup.take import take
from shared.erasure.erased_list import ErasedList
from shared.settings import Settings
from shared.storage.open import open_store
from shared.storage.port import ObjectStore

Place = Annotated[
    str | None,
    typer.Argument(
        help="A folder, or s3://KEY:SECRET@host:port/bucket; else TUSOU_BACKUP_URL.", metavar="PLACE"
    ),
]


def backing(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command("backup")(backup_command)
    app.command("restore")(restore_command)


def backup_command(
    place: Place = None,
    keep: Annotated[int, typer.Option(min=1, help="How many dumps stay; older ones go.")] = 7,
    verify: Annotated[
        bool,
        typer.Option(help="Read every object that is in the backup already, and copy damaged ones anew."),
    ] = False,
) -> None:
    """Back up database and objects; what is there already is not copied again.

    It may run at any time beside everything else. Exit status 1: something was not backed up.
    """
    settings = Settings()
    target = _open_place(settings, place)
    db = open_existing(settings)
    with _telling() as tell:
        done = take(
            db, open_objects(settings), target, keep=keep, holder=settings.process, verify=verify, tell=tell
        )
    copied, made = done.copied, done.manifest
    typer.echo(
        f"dump {made.dump}: {sum(t.rows for t in made.tables.values())} rows, {made.objects} objects "
        f"({show.mb(made.object_bytes)} MB); copied {copied.copied} ({show.mb(copied.copied_bytes)} MB), "
        f"pruned {done.pruned[0]} dumps and {done.pruned[1]} objects"
    )
    for name, why in list(copied.lost.items())[:10]:
        show.errors.print(show.plain(f"not backed up: {name}: {why}"))
    if copied.lost:
        raise Trouble(f"the deployment has lost {len(copied.lost)} objects; `tusou fsck` tells what they are")


def restore_command(
    place: Place = None,
    dump: Annotated[str | None, typer.Option(help="Which dump, as --list names it; else the newest.")] = None,
    list_dumps: Annotated[
        bool, typer.Option("--list", help="Show the dumps that are there, and exit.")
    ] = False,
    force: Annotated[bool, typer.Option(help="Replace what the database holds.")] = False,
    accept_losses: Annotated[
        bool, typer.Option(help="Restore the rest where objects of the backup are damaged.")
    ] = False,
) -> None:
    """Make the deployment what it was when a backup was taken.

    Stop gateways, vision workers, trainers and keepers first; index workers may go on. A restore that was
    interrupted is run again.
    """
    settings = Settings()
    source = _open_place(settings, place)
    if list_dumps:
        rows = [_row(m) for m in _all_dumps(source)]
        show.table("dumps", ["id", "taken", "schema", "rows", "objects", "MB"], rows)
        return
    manifest = manifests.read(source, dump)
    db = open_database(settings)
    if force and (what := replaces(db)):
        show.errors.print(show.plain(f"replacing {what}"))
    with _telling() as tell:
        done = restore(
            db,
            open_objects(settings),
            source,
            manifest,
            erased=ErasedList(open_store(settings.erased_store_url)).entries(),
            erase_within=settings.erase_within,
            force=force,
            accept_losses=accept_losses,
            tell=tell,
        )
    typer.echo(
        f"restored dump {manifest.dump} of {show.when(manifest.taken_at)}: copied {done.copied.copied} of "
        f"{manifest.objects} objects; {done.open_jobs} open jobs begin again; erased again: {done.erased}"
    )
    if done.lost or manifest.absent:
        show.errors.print(
            show.plain(f"{len(done.lost) + len(manifest.absent)} objects are lost: run `tusou fsck --repair`")
        )


def _open_place(settings: Settings, place: str | None) -> ObjectStore:
    """Raises Trouble."""
    url = place or settings.backup_url.get_secret_value()
    if not url:
        raise Trouble("say where to: a folder, an s3:// address, or TUSOU_BACKUP_URL")
    if "://" not in url:
        url = Path(url).absolute().as_uri()
    if _where(url) == _where(settings.store_url):
        raise Trouble("a backup in the deployment's own object store would be lost with it")
    if _is_in_home(url, settings.home):
        raise Trouble(f"a backup in {settings.home} would be lost with the deployment; name another folder")
    try:
        return open_store(url)
    except ValueError as error:
        raise Trouble(f"the backup's place: {error}") from error
    except ModuleNotFoundError as error:
        raise Trouble(
            f"an s3:// address needs {error.name}, which is not installed: pip install '.[s3]'"
        ) from error


def _where(url: str) -> tuple[str, str, str]:
    """Scheme, server and place of an object store: its keys and options do not make it another one."""
    parts = urlsplit(url)
    path = unquote(parts.path)
    place = str(Path(path).resolve()) if parts.scheme == "file" else path.strip("/")
    return parts.scheme, parts.netloc.rpartition("@")[2].lower(), place


def _is_in_home(url: str, home: Path) -> bool:
    """Whether a folder is what `tusou up` keeps, or lies in it."""
    scheme, _, place = _where(url)
    return scheme == "file" and (home / "tusou.db").exists() and Path(place).is_relative_to(home.resolve())


@contextmanager
def _telling() -> Iterator[Callable[[str], None]]:
    """Shows what is being done."""
    with show.errors.status("") as status:
        yield lambda what: status.update(f"{what} …")


def _all_dumps(source: ObjectStore) -> list[Manifest]:
    found = manifests.dumps(list(source.list(FOLDER)))
    return [manifests.read_named(source, name) for name in found.values()]


def _row(manifest: Manifest) -> list[object]:
    rows = sum(table.rows for table in manifest.tables.values())
    return [
        manifest.dump,
        show.when(manifest.taken_at),
        manifest.schema,
        rows,
        manifest.objects,
        show.mb(manifest.object_bytes),
    ]
