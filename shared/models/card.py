"""A model's folder as the registry sees it: its card, and the files that the card names.

What the card means is known to workers/models/artefacts/artefact.py; here its files and a few
facts are enough.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

from shared.errors import InvalidRequest

CARD: Final = "model.json"

NAME: Final = r"[a-z0-9][a-z0-9._-]{0,63}"
_FILE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_FINGERPRINT: Final = re.compile(r"[0-9a-f]{1,16}")


def read_card(folder: Path) -> dict[str, Any]:
    """What the card of a model's folder says; numbers that are none are null.

    Raises InvalidRequest for a folder without a card, and for a card that names no files or no fingerprint.
    """
    path = folder / CARD
    if not path.is_file():
        # A training leaves its model in a folder of its own, beside checkpoints and reports.
        inside = f"; {folder / 'model'} holds one" if (folder / "model" / CARD).is_file() else ""
        raise InvalidRequest(f"{folder} holds no model: there is no {CARD}{inside}")
    try:
        card = json.loads(path.read_bytes(), parse_constant=lambda _: None)
    except ValueError as error:
        raise InvalidRequest(f"{path} is no model's card: {error}") from error
    if not isinstance(card, dict) or not _is_card(card):
        raise InvalidRequest(f"{path} is no model's card: it names no files, or no fingerprint")
    return card


def checked_name(name: str) -> str:
    """Raises InvalidRequest for what no model in the registry can be called."""
    if not is_name(name):
        raise InvalidRequest(
            f"a model's name is 1 to 64 of a-z 0-9 . _ -, a letter or digit first; not {name[:100]!a}"
        )
    return name


def is_name(name: str) -> bool:
    return re.fullmatch(NAME, name) is not None


def facts(card: dict[str, Any]) -> dict[str, Any]:
    """The card for people: without its files, and of a thousand labels their number."""
    told = {key: value for key, value in card.items() if key not in ("files", "format")}
    return told | {"labels": len(card.get("labels") or ())}


def _is_card(card: dict[str, Any]) -> bool:
    files = card.get("files")
    return (
        isinstance(files, dict)
        and bool(files)
        and CARD not in files
        and all(_FILE.fullmatch(name) and isinstance(sha256, str) for name, sha256 in files.items())
        and _FINGERPRINT.fullmatch(str(card.get("fingerprint"))) is not None
    )
