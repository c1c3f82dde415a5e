"""What the command line prints: tables of hits, jobs, products."""

from __future__ import annotations

import html
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

console = Console()
errors = Console(stderr=True)

# With these a terminal is told what to do; a product's text only has to be read. Lines and tabs stay.
_CONTROLS = {n: "\N{REPLACEMENT CHARACTER}" for n in (*range(32), *range(127, 160)) if n not in (9, 10, 13)}


def when(seconds: float) -> str:
    """Of seconds since 1970: a time in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def mb(count: int) -> str:
    """Bytes as MB, without the unit."""
    return f"{count / 1e6:.1f}"


def plain(said: str) -> Text:
    """Text of others as it is: nothing in it is markup, or an order to the terminal."""
    return Text(said.translate(_CONTROLS))


def table(title: str, columns: list[str], rows: list[list[object]]) -> None:
    """Title and cells are shown as they are, by `plain`, and an id stays in one piece."""
    shown = Table(title=plain(title), title_justify="left", header_style="bold")
    for column in columns:
        shown.add_column(column, overflow="fold", no_wrap=column == "id")
    for row in rows:
        shown.add_row(*(plain("" if cell is None else str(cell)) for cell in row))
    console.print(shown)


def price(value: dict[str, Any] | None) -> str:
    return f"{value['amount']} {value['currency']}" if value else ""


def rating(value: dict[str, Any] | None) -> str:
    if not value or value.get("value") is None:
        return ""
    count = f" ({value['count']})" if value.get("count") is not None else ""
    return f"{value['value']:g}{count}"


def search(job: dict[str, Any]) -> None:
    """The hits of a finished search, or why there are none."""
    if job["state"] == "rejected":
        for reason in job["reasons"]:
            errors.print(plain(f"rejected: {reason['code']}: {reason.get('advice') or ''}"))
        return
    if job["state"] != "succeeded":
        error = job["error"] or {}
        errors.print(plain(f"{job['state']}: {error.get('code', '')}: {error.get('detail', '')}"))
        return
    for item in job["result"]["items"]:
        if item["no_confident_match"]:
            console.print("no confident match")
        rows = [
            [rank, f"{hit['score']:.3f}", p["title"], price(p["price"]), rating(p["rating"])]
            for rank, hit in enumerate(item["hits"], 1)
            for p in [hit["product"]]
        ]
        table(item["label"] or "hits", ["rank", "score", "title", "price", "rating"], rows)
    timings = job["timings_ms"]
    console.print(f"[dim]{timings.get('total', 0):.0f} ms in all: {_stretches(timings)}[/dim]")


def _stretches(timings: dict[str, float]) -> str:
    return ", ".join(f"{name} {ms:.0f}" for name, ms in timings.items() if name != "total")


def page(job: dict[str, Any], url: str) -> str:
    """The hits as one HTML page; everything from a product is escaped."""
    hits = [hit for item in job["result"]["items"] for hit in item["hits"]]
    return PAGE.replace("CARDS", "\n".join(_card(hit, url) for hit in hits))


def _card(hit: dict[str, Any], url: str) -> str:
    product = hit["product"]
    source = html.escape(url + (hit.get("image_url") or ""), quote=True)
    title = html.escape(product["title"] or product["id"])
    return (
        f"<li><img alt='' src='{source}'><b>{title}</b>"
        f"<span>{html.escape(price(product['price']))}</span><small>{hit['score']:.3f}</small></li>"
    )


PAGE = """<!doctype html><meta charset="utf-8"><title>Tusou</title>
<style>body{font:16px system-ui;margin:2rem}ul{display:grid;gap:1rem;padding:0;
grid-template-columns:repeat(auto-fill,minmax(11rem,1fr))}li{list-style:none;display:grid;gap:.2rem}
img{width:100%;aspect-ratio:1;object-fit:contain;background:#f4f4f4}</style>
<ul>CARDS</ul>
"""
