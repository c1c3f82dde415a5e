"""Random numbers that are the same on every machine."""

from __future__ import annotations

import random


def seeded(name: str) -> random.Random:
    """A generator of its own for each name; Python hashes a string seed with SHA-512, not with hash()."""
    return random.Random(name)  # noqa: S311 - numbers for pictures, not for secrets
