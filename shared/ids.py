"""Identifiers: ordered ones for what we list by age, random ones for what must tell nothing."""

from __future__ import annotations

import secrets

from ulid import ULID


def new_id() -> str:
    """A ULID: 26 characters that sort by time of making."""
    return str(ULID()).lower()


def random_id() -> str:
    """128 random bits as hex: tells nothing of when it was made, nor of other tenants."""
    return secrets.token_hex(16)
