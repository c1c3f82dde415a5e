"""The command line's client: settings that cannot work, and answers that are none."""

from __future__ import annotations

import httpx
import pytest

from services.cli.client import Client, Refused
from services.cli.trouble import Trouble
from shared.settings import Settings


def answering(monkeypatch: pytest.MonkeyPatch, answer: httpx.Response) -> Client:
    """A client whose every request gets this answer."""
    monkeypatch.setattr(httpx.Client, "request", lambda *_, **__: answer)
    return Client(Settings())


@pytest.mark.parametrize("url", ["nonsense", "ftp://x", "http://", "http://[::1", "127.0.0.1:8000"])
def test_an_address_that_is_none_names_the_setting(url: str) -> None:
    with pytest.raises(Trouble, match="TUSOU_URL"):
        Client(Settings(url=url))


@pytest.mark.parametrize("key", ["ключ", "a\nb", "a b"])
def test_a_key_that_no_header_can_hold_names_the_setting(key: str) -> None:
    with pytest.raises(Trouble, match="TUSOU_KEY"):
        Client(Settings(key=key))


def test_another_server_at_the_address_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    client = answering(monkeypatch, httpx.Response(200, text="<html>"))
    with pytest.raises(Refused, match="no Tusou gateway"):
        client.get("/v1/jobs")


def test_a_missing_key_is_answered_with_the_setting_that_holds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = {"title": "Unauthorized", "code": "unauthorized", "detail": "send a key"}
    client = answering(monkeypatch, httpx.Response(401, json=problem))
    with pytest.raises(Refused, match="TUSOU_KEY"):
        client.get("/v1/jobs")
