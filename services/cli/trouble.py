"""How a command ends otherwise than well: trouble in one sentence, or Ctrl-C."""

from __future__ import annotations

INTERRUPTED = 130  # what a shell says of a program that Ctrl-C ended


class Trouble(Exception):
    """The message says what is wrong and what to do; exit status 1."""
