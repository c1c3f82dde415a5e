"""What a test does when the server it needs is not on this machine."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


class NotInstalled(Exception):
    """A server whose program is not here; `reason` says how to get it."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name} is not here: {reason}")
        self.name = name
        self.reason = reason


def missing(name: str, reason: str) -> NoReturn:
    """Skips the test, with the reason; under CI=true fails it, so that no server is left out unnoticed."""
    sentence = f"{name} is not here: {reason}"
    if os.environ.get("CI") == "true":
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)
