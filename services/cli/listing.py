"""`tusou jobs`, `tusou products`, `tusou index`: looking at what is there."""

from __future__ import annotations

import json
from typing import Annotated, Any
from urllib.parse import quote

import typer

from services.cli import show
from services.cli.client import Client
from shared.settings import Settings

jobs_app = typer.Typer(help="Jobs: the newest; or show, cancel, retry one.", invoke_without_command=True)
products_app = typer.Typer(help="Products: a list of them; or show, delete one.", invoke_without_command=True)
index_app = typer.Typer(help="The index: shards, replicas, snapshots.", invoke_without_command=True)

CatalogOption = Annotated[str, typer.Option(help="The catalog.")]


def _client() -> Client:
    return Client(Settings())


def _minute(time: str) -> str:
    """Short enough that a job is one line of 80 columns."""
    return time[5:16].replace("T", " ")


def _job(job_id: str) -> str:
    return f"/v1/jobs/{quote(job_id, safe='')}"


def _product(product_id: str) -> str:
    return f"/v1/products/{quote(product_id, safe='')}"


def _print(body: Any) -> None:
    typer.echo(json.dumps(body, ensure_ascii=False, indent=2))


@jobs_app.callback()
def list_jobs(
    context: typer.Context,
    state: Annotated[
        str | None, typer.Option(help="queued, running, succeeded, rejected, failed, cancelled")
    ] = None,
    kind: Annotated[str | None, typer.Option(help="search, product, import, training, explanation")] = None,
) -> None:
    """The newest jobs."""
    if context.invoked_subcommand is None:
        found = _client().get("/v1/jobs", state=state, kind=kind)["jobs"]
        rows = [
            [j["id"], j["kind"], j["state"], _minute(j["created_at"]), (j["error"] or {}).get("code")]
            for j in found
        ]
        show.table("jobs, in UTC", ["id", "kind", "state", "created", "error"], rows)


@jobs_app.command("show")
def show_job(job_id: str) -> None:
    """One job, as JSON."""
    _print(_client().get(_job(job_id)))


@jobs_app.command("cancel")
def cancel_job(job_id: str) -> None:
    """Cancel a job that has not finished."""
    _print(_client().delete(_job(job_id)))


@jobs_app.command("retry")
def retry_job(job_id: str) -> None:
    """A dead letter once more."""
    _print(_client().post(f"{_job(job_id)}:retry"))


@jobs_app.command("errors")
def job_errors(job_id: str) -> None:
    """The bad rows of an import, as JSON lines."""
    typer.echo(_client().bytes(f"/v1/imports/{quote(job_id, safe='')}/errors").decode(), nl=False)


@products_app.callback()
def list_products(
    context: typer.Context,
    catalog: CatalogOption = "default",
    limit: Annotated[int, typer.Option(min=1, max=200)] = 50,
    after: Annotated[str | None, typer.Option(help="What the page before named.")] = None,
) -> None:
    """Products by id."""
    if context.invoked_subcommand is None:
        page = _client().get("/v1/products", catalog=catalog, limit=limit, after=after)
        rows = [[p["id"], p["title"], show.price(p["price"]), p["category"]] for p in page["products"]]
        show.table(catalog, ["id", "title", "price", "category"], rows)
        if page["next"]:
            show.errors.print(show.plain(f"more: --after {page['next']}"))


@products_app.command("show")
def show_product(product_id: str, catalog: CatalogOption = "default") -> None:
    """One product, as JSON."""
    _print(_client().get(_product(product_id), catalog=catalog))


@products_app.command("delete")
def delete_product(product_id: str, catalog: CatalogOption = "default") -> None:
    """Hide a product at once."""
    _print(_client().delete(_product(product_id), catalog=catalog))


@index_app.callback()
def show_index(context: typer.Context) -> None:
    """Indexes, their shards, and who serves them."""
    if context.invoked_subcommand is None:
        _print(_client().get("/v1/index"))
