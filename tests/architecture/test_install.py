"""`make` installs quietly, except when it fails."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

SCRIPT = Path(__file__).parents[2] / "deploy" / "install.sh"


def install(code: str, tmp_path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        ["sh", str(SCRIPT), sys.executable, "-c", code],
        env={"PATH": "/usr/bin:/bin", "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_an_installation_that_works_says_nothing_outside_a_terminal(tmp_path: Path) -> None:
    installing = install("print('Collecting everything')", tmp_path)
    assert installing.communicate(timeout=30) == ("", "")
    assert installing.returncode == 0
    assert not list(tmp_path.iterdir())


def test_an_installation_that_fails_shows_all_it_said_and_passes_its_status_on(tmp_path: Path) -> None:
    installing = install("print('no such version'); raise SystemExit(3)", tmp_path)
    out, errors = installing.communicate(timeout=30)
    assert (out, errors) == ("", "no such version\n")
    assert installing.returncode == 3
    assert not list(tmp_path.iterdir())


def test_an_interrupted_installation_leaves_no_process_and_no_file(tmp_path: Path) -> None:
    began = tmp_path / "began"
    installing = install(
        f"import pathlib, time; pathlib.Path({str(began)!r}).touch(); time.sleep(600)", tmp_path
    )
    while not began.exists():
        time.sleep(0.02)
    (child,) = [p for p in psutil.Process(installing.pid).children() if "600" in " ".join(p.cmdline())]
    installing.send_signal(signal.SIGTERM)
    installing.communicate(timeout=30)
    assert installing.returncode == 130
    assert not child.is_running()
    assert list(tmp_path.iterdir()) == [began]
