"""`tusou train` and its like: a stand-in for the trainer says what a trainer would."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from services.cli.training import process
from services.cli.training.view import measured_table
from services.cli.trouble import Trouble
from tests.signals import hear_ctrl_c

EPOCH = {"event": "epoch", "number": 0, "stage": 0, "rate": 0.1, "loss": 0.5, "seconds": 2.0}


def trainer_saying(*lines: str, code: int = 0) -> tuple[str, str]:
    return "-c", f"import sys; print(*{list(lines)!r}, sep='\\n'); sys.exit({code})"


def test_epochs_and_help_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    epoch = json.dumps(EPOCH | {"validation": {"accuracy": 0.75}})
    trainer = trainer_saying(epoch, "Usage: of the trainer", json.dumps({"event": "of a later version"}))
    assert process.run_trainer(["train", "data"], trainer) == 0
    told = capsys.readouterr().out
    assert "epoch 0  loss 0.5000  validation:  accuracy 0.7500  2 s" in told
    assert "Usage: of the trainer" in told


def test_what_the_trainer_calls_failed_is_trouble() -> None:
    trainer = trainer_saying('{"event": "failed", "code": "x", "error": "there is no data"}', code=1)
    with pytest.raises(Trouble, match="there is no data"):
        process.run_trainer(["train", "data"], trainer)


def test_an_exit_status_is_handed_on() -> None:
    assert process.run_trainer(["train", "--nonsense"], trainer_saying(code=2)) == 2


def test_a_trainer_that_was_killed_is_told_of_with_how_to_go_on() -> None:
    trainer = ("-c", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    with pytest.raises(Trouble, match=r"SIGKILL.*runs out of memory.*tusou train data"):
        process.run_trainer(["train", "data"], trainer)


def test_the_loss_stands_beside_the_bytes(capsys: pytest.CaptureFixture[str]) -> None:
    def figures(name: str, size: int, r1: float | None) -> dict[str, Any]:
        return {"name": name, "bytes": size, "images_per_s": 10.0, "r1": r1, "accuracy": None}

    measured_table([figures("bars", 14_000_000, 0.681), figures("bars-int8", 3_900_000, 0.675)])
    told = capsys.readouterr().out
    assert "14.00 MB" in told
    assert "28% of it" in told
    assert "+0.0060" in told


def test_ctrl_c_ends_the_trainer_and_says_how_to_go_on(tmp_path: Path) -> None:
    """The terminal's signal reaches the command line alone; the trainer gets its own, and is waited for."""
    ended = tmp_path / "ended"
    trainer = (
        "import pathlib, time\n"
        "try:\n"
        "    print('ready', flush=True)\n"
        "    time.sleep(60)\n"
        f"except KeyboardInterrupt: pathlib.Path({str(ended)!r}).touch()\n"
    )
    script = (
        "from services.cli.training import process\n"
        "arguments = ['train', 'my data', '--name', 'x']\n"
        f"raise SystemExit(process.run_trainer(arguments, ('-c', {trainer!r})))"
    )
    command = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=hear_ctrl_c,
    )  # fmt: skip
    assert command.stdout is not None
    assert command.stdout.readline() == "ready\n"
    os.kill(command.pid, signal.SIGINT)
    _, said = command.communicate(timeout=30)

    assert command.returncode == 130
    assert ended.exists()
    assert "the same command goes on from the last checkpoint" in said
    assert "tusou train 'my data' --name x" in said
