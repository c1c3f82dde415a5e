"""Trouble is one sentence and exit status 1."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from rich.console import Console

from services.cli import main, run
from services.cli.trouble import Trouble
from shared.errors import Unavailable
from shared.settings import Settings


def raising(error: BaseException) -> Callable[[], None]:
    def command() -> None:
        raise error

    return command


def invalid_settings() -> None:
    Settings(port="abc")


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (raising(Trouble("name another folder")), "name another folder"),
        (raising(Unavailable("the database is away")), "the database is away"),
        (raising(PermissionError(13, "Permission denied", "photo.jpg")), "photo.jpg: Permission denied"),
        (invalid_settings, "TUSOU_PORT: "),
    ],
)
def test_trouble_is_a_sentence_and_exit_status_1(
    command: Callable[[], None],
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(run, "app", command)
    with pytest.raises(SystemExit) as end:
        run.run()
    told = capsys.readouterr().err
    assert end.value.code == 1
    assert sentence in told
    assert "Traceback" not in told


# A console of its own: it keeps what it could not say.
@pytest.mark.parametrize("say", [typer.echo, Console().print, print])
def test_a_reader_that_has_left_ends_a_command_quietly_as_sigpipe_would(
    say: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)
        monkeypatch.setattr(run, "app", lambda: (say("a line"), sys.exit(0)))
        with pytest.raises(SystemExit) as end:
            run.run()
        assert sys.stdout is pipe
    assert (end.value.code, capsys.readouterr().err) == (141, "")


def test_ctrl_c_while_the_program_is_read_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "run", raising(KeyboardInterrupt()))
    with pytest.raises(SystemExit) as end:
        main.main()
    assert end.value.code == 130


def test_the_program_reads_nothing_before_it_can_be_interrupted() -> None:
    """Imports at the head of the entry module would be read outside its `try`."""
    heads = [
        line for line in Path(main.__file__).read_text().splitlines() if line.startswith(("import", "from"))
    ]
    assert heads == ["from __future__ import annotations"]
