"""What the listing commands ask of the gateway."""

from __future__ import annotations

from typing import Any

import pytest
from typer.testing import CliRunner

from services.cli import listing
from services.cli.app import app

Asked = list[tuple[str, str, dict[str, Any]]]
PAGE = {"products": [], "next": "Ry0wMDUw"}


class Listening:
    """A client that notes what is asked, and answers with an empty page."""

    def __init__(self) -> None:
        self.asked: Asked = []

    def get(self, path: str, **params: Any) -> dict[str, Any]:
        self.asked.append(("GET", path, params))
        return PAGE

    def delete(self, path: str, **params: Any) -> dict[str, Any]:
        self.asked.append(("DELETE", path, params))
        return {}


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Listening:
    listener = Listening()
    monkeypatch.setattr(listing, "_client", lambda: listener)
    return listener


def test_a_job_is_one_line_of_80_columns(client: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    job = {"id": "0" * 26, "kind": "explanation", "state": "succeeded", "error": None}
    page = {"jobs": [{**job, "created_at": "2026-11-26T18:21:28.725Z"}]}
    monkeypatch.setattr(client, "get", lambda *_, **__: page)
    monkeypatch.setattr(listing.show.console, "width", 80)
    assert "11-26 18:21 " in CliRunner().invoke(app, ["jobs"]).output


@pytest.mark.parametrize("rate", ["-5", "99999999999999999999"])
def test_a_rate_that_would_be_none_or_fits_no_column_is_a_usage_error(rate: str) -> None:
    result = CliRunner().invoke(app, ["keys", "create", "x", "--rate-per-minute", rate])
    assert result.exit_code == 2
    assert "--rate-per-minute" in result.output


@pytest.mark.parametrize(("verb", "method"), [("show", "GET"), ("delete", "DELETE")])
def test_a_product_is_looked_for_in_the_named_catalog(client: Listening, verb: str, method: str) -> None:
    done = CliRunner().invoke(app, ["products", verb, "a/b?", "--catalog", "spring"])
    assert done.exit_code == 0
    assert client.asked == [(method, "/v1/products/a%2Fb%3F", {"catalog": "spring"})]


def test_a_job_id_cannot_lead_to_another_address(client: Listening) -> None:
    """`tusou jobs cancel ../products/X` deleted a product."""
    CliRunner().invoke(app, ["jobs", "cancel", "../products/X"])
    assert client.asked == [("DELETE", "/v1/jobs/..%2Fproducts%2FX", {})]


def test_a_page_of_products_names_the_next_one(client: Listening) -> None:
    shown = CliRunner().invoke(app, ["products"])
    assert "--after Ry0wMDUw" in shown.output
