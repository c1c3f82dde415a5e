"""Trouble that whoever types a command can end: one sentence, exit status 1."""

from __future__ import annotations


class Trouble(Exception):
    """The message says what is wrong and what to do."""
