"""`tusou up` beside another server on its port, and ended at any moment."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from services.cli.embedded.address import check_address, free_port
from services.cli.embedded.child import Child
from services.cli.embedded.stack import DidNotStart, Stack
from services.cli.trouble import INTERRUPTED, Trouble
from shared.settings import Settings

UP = [sys.executable, "-P", "-c", "from services.cli.main import main; main()", "up"]


@pytest.fixture
def up(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """The command as it starts."""
    env = {**os.environ, "TUSOU_HOME": str(tmp_path), "TUSOU_PORT": str(free_port()), "PYTHONUNBUFFERED": "1"}
    env["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    with subprocess.Popen(UP, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def test_a_port_on_which_another_listens_is_refused() -> None:
    """The other's answers were taken for those of our gateway, which was started again and again."""
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        port = other.getsockname()[1]
        with pytest.raises(Trouble, match=f"port {port} of 127.0.0.1 is taken"):
            check_address("127.0.0.1", port)
    check_address("127.0.0.1", port)


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(Trouble, match=r"no server can listen at 192\.0\.2\.1"):
        check_address("192.0.2.1", 8000)


def test_a_part_that_has_died_is_not_ready_whoever_answers_in_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(httpx, "get", lambda *_, **__: httpx.Response(200, json={"parts": {}}))
    dead = Child("gateway", ["false"], {}, tmp_path / "gateway.log")
    dead.start()
    dead.wait_stopped(timeout=10)
    stack = Stack(Settings(home=tmp_path))
    stack.children.append(dead)
    with pytest.raises(DidNotStart, match="gateway did not start"):
        stack.wait_ready()


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_during_the_start_ends_it_and_every_part(
    up: subprocess.Popen[str], ending: signal.Signals, tmp_path: Path
) -> None:
    """It used to start to its end before it looked."""
    assert up.stdout is not None
    assert up.stdout.readline().startswith("starting")
    up.send_signal(ending)
    said, trouble = up.communicate(timeout=60)
    assert up.returncode == INTERRUPTED
    assert "serves at" not in said
    assert "Traceback" not in trouble
    check_nothing_is_left(tmp_path)


def check_nothing_is_left(home: Path) -> None:
    """No process of the deployment is left: each would name its home in its environment."""
    mine = f"TUSOU_HOME={home}".encode()
    left = []
    for environ in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mine in environ.read_bytes().split(b"\0"):
                left.append(environ.parent.name)
        except OSError:  # it has just ended, or is another user's
            continue
    assert left == []
