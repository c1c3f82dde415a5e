"""The commands of `tusou`.

`search`, `import`, `jobs`, `products` and `index` speak HTTP to TUSOU_URL; `up`, `demo`, `migrate`,
`keys`, `models`, `doctor`, `backup`, `restore` and `fsck` act on the deployment itself; `train`, `evaluate`,
`export` and `variant` start the trainer as a process.
"""

from __future__ import annotations

import json
import tempfile
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from services.cli import importing, show
from services.cli.backing import backing
from services.cli.client import Client
from services.cli.deployment import deployment
from services.cli.fsck import fsck_command
from services.cli.listing import index_app, jobs_app, products_app
from services.cli.models import models_app
from services.cli.options import read_crop, read_filters
from services.cli.training.commands import training
from shared.settings import Settings

app = typer.Typer(
    help="Tusou (图搜): visual search for online shops.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(jobs_app, name="jobs")
app.add_typer(products_app, name="products")
app.add_typer(index_app, name="index")
app.add_typer(models_app, name="models")
deployment(app)
backing(app)
app.command("fsck")(fsck_command)
training(app)

JsonOption = Annotated[bool, typer.Option("--json", help="Print the job as JSON.")]
CatalogOption = Annotated[str, typer.Option(help="The catalog.")]


@app.command("search")
def search_command(
    image: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A photo.")],
    limit: Annotated[int, typer.Option(min=1, max=100)] = 10,
    catalog: CatalogOption = "default",
    crop: Annotated[str | None, typer.Option(help="x0,y0,x1,y1 of the upright photo, 0..1")] = None,
    filters: Annotated[str | None, typer.Option(help='JSON, as {"category": ["dress"]}')] = None,
    as_json: JsonOption = False,
    open_page: Annotated[
        bool, typer.Option("--open", help="Write the hits as an HTML page and open it.")
    ] = False,
) -> None:
    """Search with a photo."""
    client = Client(Settings())
    job = client.search(
        image,
        limit=str(limit),
        catalog=catalog,
        crop=read_crop(crop) if crop is not None else None,
        filters=read_filters(filters) if filters is not None else None,
    )
    if as_json:
        typer.echo(json.dumps(job, ensure_ascii=False, indent=2))
    else:
        show.search(job)
    if job["state"] != "succeeded":
        raise typer.Exit(1)
    if open_page:
        with tempfile.NamedTemporaryFile(
            "w", suffix=".html", prefix="tusou-", delete=False, encoding="utf-8"
        ) as file:
            file.write(show.page(job, client.url))
        typer.echo(file.name)
        webbrowser.open(Path(file.name).as_uri())


@app.command("import")
def import_command(
    manifest: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="CSV, TSV, JSONL or Parquet.")
    ],
    catalog: CatalogOption = "default",
    base: Annotated[
        str | None,
        typer.Option(help="Folder under the server's data folder that relative image paths start at."),
    ] = None,
    replace: Annotated[bool, typer.Option(help="Delete products that the manifest does not name.")] = False,
    dry_run: Annotated[bool, typer.Option(help="Check the rows and change nothing.")] = False,
    force: Annotated[bool, typer.Option(help="Replace even when many rows are bad.")] = False,
    refresh: Annotated[
        bool, typer.Option(help="Ask for images again although their source is the same.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Load a catalogue."""
    settings = Settings()
    client = Client(settings)
    job = importing.run(
        client,
        manifest,
        quiet=as_json,
        catalog=catalog,
        base=base if base is not None else importing.base_of(manifest, settings.data_folder),
        mode="replace" if replace else "upsert",
        dry_run=dry_run,
        force=force,
        refresh=refresh,
    )
    if as_json:
        typer.echo(json.dumps(job, ensure_ascii=False, indent=2))
    else:
        importing.tell(client, job)
    raise typer.Exit(0 if importing.did_something(job) else 1)
