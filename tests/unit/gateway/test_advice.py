"""Every reason that a worker or a header check may give has advice in both languages."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.datastructures import LanguageAccept

from services.gateway.accepting.advice import ADVICE, CHINESE, ENGLISH, OTHERWISE, advise, language_of

ROOT = Path(__file__).parents[3]
SOURCES = [*(ROOT / "workers" / "vision").rglob("*.py"), ROOT / "shared" / "images" / "header.py"]
NAMES = {"Reason", "HeaderProblem", "FetchProblem", "_below", "_above"}


def codes() -> Iterator[str]:
    """First arguments of everything that makes a reason."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else ""
            first = node.args[0]
            if name in NAMES and isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value


@pytest.mark.parametrize("code", sorted(set(codes())))
def test_every_reason_has_advice(code: str) -> None:
    assert code in ADVICE


def test_advice_speaks_two_languages() -> None:
    for english, chinese in ADVICE.values():
        assert english.isascii()
        assert english.endswith(".")
        assert chinese.endswith("。")


def test_an_unknown_reason_still_says_something() -> None:
    assert (advise("new_code", ENGLISH), advise("new_code", CHINESE)) == OTHERWISE


@pytest.mark.parametrize(
    ("header", "language"),
    [("", "en"), ("zh", "zh"), ("zh-Hant-TW,zh;q=0.8", "zh"), ("fr,de", "en"), ("en;q=0.4,zh;q=0.9", "zh")],
)
def test_the_readers_first_language_that_is_spoken_here_counts(header: str, language: str) -> None:
    pairs = [part.partition(";q=") for part in header.split(",") if part]
    accepted = LanguageAccept([(tag, float(q or 1)) for tag, _, q in pairs])
    assert language_of(accepted) == language
