"""One deployment for all that is sent to it: every real process, keys, and secrets that can be recognised."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from services.cli.embedded.stack import Stack
from tests.deployment import deployed

# In every setting that is a secret; none of them may ever be written anywhere.
KEY = "tsk_" + "s3cretbootstrapkey" * 2
SIGNING_SECRET = "s3cret-of-signatures"


@dataclass(frozen=True)
class Target:
    """A running deployment, called with its admin key."""

    stack: Stack
    http: httpx.Client
    data_folder: Path

    def logs(self) -> dict[str, str]:
        """What each process has written so far."""
        folder = self.stack.home / "logs"
        return {path.name: path.read_text(errors="replace") for path in sorted(folder.glob("*.log"))}

    def pids(self) -> dict[str, int | None]:
        return {child.name: child.pid for child in self.stack.children if child.running()}


@pytest.fixture(scope="session")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """Its model tells pixels apart, no more, and its quality gate is open: what is decoded, succeeds."""
    data_folder = tmp_path_factory.mktemp("data")
    settings = {
        "TUSOU_BOOTSTRAP_KEY": KEY,
        "TUSOU_SIGNING_SECRET": SIGNING_SECRET,
        "TUSOU_QUALITY_GATE": "false",
        "TUSOU_MAX_QUEUE_WAIT": "600",
        "TUSOU_LOG_LEVEL": "DEBUG",
    }
    with (
        deployed(tmp_path_factory.mktemp("home"), model="fake", data_folder=data_folder, **settings) as stack,
        httpx.Client(base_url=stack.url, headers={"Authorization": f"Bearer {KEY}"}, timeout=90) as http,
    ):
        assert http.put("/v1/catalogs/default", json={}).status_code == 201
        yield Target(stack, http, data_folder)
