"""Commands that act on the deployment through shared/: up, demo, migrate, keys, doctor."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services.cli import show
from services.cli.demo import run_demo
from services.cli.doctor import examine
from services.cli.embedded.serve import serve
from services.cli.parts import open_database, open_erased, open_migrated, open_objects
from shared import keys
from shared.db import schema
from shared.settings import Settings


def deployment(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command("up")(up)
    app.command("demo")(demo)
    app.command("migrate")(migrate)
    app.command("doctor")(doctor)
    app.add_typer(keys_app, name="keys")


def up(
    data: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="Folder that manifests may name images in."),
    ] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port of the gateway.")] = None,
) -> None:
    """Run everything on this machine, with embedded parts."""
    settings = Settings()
    changed = {"port": port, "data_folder": data.absolute() if data else None}
    changed = {k: v for k, v in changed.items() if v is not None}
    raise typer.Exit(serve(settings.model_copy(update=changed)))


def demo(
    once: Annotated[bool, typer.Option(help="Show the hits and exit.")] = False,
    model: Annotated[str | None, typer.Option(help="tiny, mobilenet_v2, …")] = None,
) -> None:
    """Load the sample catalogue, search it with a photo, serve the page."""
    raise typer.Exit(run_demo(Settings(), once=once, model=model))


def migrate() -> None:
    """Bring the database to this version's schema, and make what the object store stands on."""
    settings = Settings()
    store, erased = open_objects(settings), open_erased(settings)
    db = open_database(settings)
    schema.migrate(db)
    db.close()
    store.ensure()
    erased.ensure()
    typer.echo("the schema is up to date")


def doctor() -> None:
    """Check every dependency and say what to do."""
    findings = examine(Settings())
    show.table("doctor", ["part", "state", "what to do"], [[f.part, f.state, f.advice] for f in findings])
    if any(f.state == "bad" for f in findings):
        raise typer.Exit(1)


MAX_RATE = 1_000_000

keys_app = typer.Typer(help="API keys: create, list, revoke.", no_args_is_help=True)


@keys_app.command("create")
def create_key(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    scopes: Annotated[str, typer.Option(help="search, catalogue, admin; several with spaces")] = "search",
    tenant: Annotated[str, typer.Option()] = "default",
    rate_per_minute: Annotated[
        int | None, typer.Option(min=0, max=MAX_RATE, help="Requests a minute; 0: no limit.")
    ] = None,
) -> None:
    """Make a key; it is shown this once."""
    db = open_migrated(Settings())
    with db.write() as c:
        secret = keys.create_key(
            c, db, tenant=tenant, name=name, scopes=scopes.split(), rate_per_minute=rate_per_minute
        )
    typer.echo(secret)


@keys_app.command("list")
def list_keys() -> None:
    """Keys, without their secrets."""
    db = open_migrated(Settings())
    with db.read() as c:
        rows = [
            [k.id, k.tenant, k.name, k.scopes, "revoked" if k.revoked_at else "valid"]
            for k in keys.listing(c)
        ]
    show.table("keys", ["id", "tenant", "name", "scopes", "state"], rows)


@keys_app.command("revoke")
def revoke_key(key_id: str) -> None:
    """A revoked key is refused within two seconds."""
    db = open_migrated(Settings())
    with db.write() as c:
        keys.revoke(c, key_id)
    typer.echo(f"{key_id} is revoked")
