"""What the command line shows of texts that come from others."""

from __future__ import annotations

from typing import Any

import pytest

from services.cli import show

ORDERS = "\x1b[31mred\x1b]0;title\x07\x9b2J\x7f"


def found(**product: Any) -> dict[str, Any]:
    hit = {"score": 0.5, "product": {"price": None, "rating": None, **product}}
    item = {"label": product["category"], "no_confident_match": False, "hits": [hit]}
    return {"state": "succeeded", "result": {"items": [item]}, "timings_ms": {"total": 1.0}}


def test_a_products_text_gives_the_terminal_no_order(capsys: pytest.CaptureFixture[str]) -> None:
    show.search(found(title=ORDERS, category=ORDERS))
    show.table("products", ["id"], [[ORDERS]])
    show.errors.print(show.plain(ORDERS))
    said = "".join(capsys.readouterr())
    assert said.count("red") == 4
    assert not set(said) & set("\x1b\x07\x9b\x7f")


def test_a_products_text_is_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    """A category `[/]` closed what was never opened, and the search ended in a traceback."""
    show.search(found(title="[b]hat[/]", category="[/]"))
    said = capsys.readouterr().out
    assert "[b]hat[/]" in said
    assert "[/]" in said.splitlines()[0]
