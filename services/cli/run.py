"""Runs a command and puts its trouble into a sentence."""

from __future__ import annotations

from pydantic import ValidationError
from rich.text import Text

from services.cli import show
from services.cli.app import app
from services.cli.trouble import Trouble
from shared.errors import TusouError


def run() -> None:
    """Raises SystemExit, as the command line's library does at the end of every command."""
    try:
        app()
    except Trouble as trouble:
        _tell(str(trouble))
    except TusouError as error:
        _tell(error.detail)
    except OSError as error:
        _tell(f"{error.filename or 'the system'}: {error.strerror or error}")
    except ValidationError as error:
        for wrong in error.errors():
            _tell(f"TUSOU_{'_'.join(map(str, wrong['loc'])).upper()}: {wrong['msg']}")
    else:
        return
    raise SystemExit(1)


def _tell(sentence: str) -> None:
    show.errors.print(Text(sentence))
