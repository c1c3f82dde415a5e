"""Runs a command and puts its trouble into a sentence."""

from __future__ import annotations

import os

from pydantic import ValidationError

from services.cli import show
from services.cli.app import app
from services.cli.pipe import into_a_pipe
from services.cli.trouble import Trouble
from shared.errors import TusouError
from shared.settings import sentences
from shared.unknown_settings import unknown_settings


def run() -> None:
    """Raises SystemExit, as the command line's library does at the end of every command."""
    if (ignored := unknown_settings(os.environ)) is not None:
        _tell(ignored)
    try:
        with into_a_pipe():
            app()
    except Trouble as trouble:
        _tell(str(trouble))
    except TusouError as error:
        _tell(error.detail)
    except OSError as error:
        _tell(f"{error.filename or 'the system'}: {error.strerror or error}")
    except ValidationError as error:
        for sentence in sentences(error):
            _tell(sentence)
    else:
        return
    raise SystemExit(1)


def _tell(sentence: str) -> None:
    show.errors.print(show.plain(sentence))
