"""A worker that cannot start says why in one sentence."""

import logging

import pytest

from shared.errors import TusouError
from shared.runtime import opening
from shared.runtime.opening import opened
from shared.settings import Settings


def refuse(_: Settings) -> None:
    raise TusouError("there is no model 'nope'", code="unknown_model")


def test_what_a_worker_lacks_is_told_in_one_sentence(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR), pytest.raises(SystemExit) as ended:
        opened("vision", refuse)
    assert ended.value.code == 1


def test_a_setting_that_does_not_fit_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUSOU_LEASE", "nan")
    with pytest.raises(SystemExit, match="TUSOU_LEASE"):
        opened("vision", refuse)


def test_a_mistyped_setting_is_told_at_the_start(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(opening, "configure", lambda **_: None)
    monkeypatch.setenv("TUSOU_RETENTON", "60")
    opened("vision", lambda _: None)
    assert "TUSOU_RETENTON" in caplog.text
