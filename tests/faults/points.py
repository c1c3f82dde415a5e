"""The kill points of the product, read from its source, and which kind of process reaches each."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRODUCT = ("shared", "services", "workers")

# Which process tells each story. The append is told by a vision worker whatever it appends.
PROCESSES = {
    "accept_search": "gateway",
    "accept_image": "gateway",
    "accept_write": "gateway",
    "accept_delete": "gateway",
    "accept_import": "gateway",
    "plan": "vision",
    "chunk": "vision",
    "end": "vision",
    "write": "vision",
    "append": "vision",
    "search": "vision",
    "lookup": "indexer",
    "answer": "indexer",
    "apply": "indexer",
    "take_up": "indexer",
    "seal": "indexer",
    "snapshot": "indexer",
    "live": "indexer",
    "resend": "keeper",
    "lapse": "keeper",
    "keep_time": "keeper",
    "ask_snapshot": "keeper",
    "place": "keeper",
    "remove": "keeper",
    "expire": "keeper",
    "sweep": "keeper",
    "erase": "keeper",
    "turn": "keeper",
}


@cache
def kill_points() -> tuple[str, ...]:
    """Every name that `kill_point` is called with, in order of file and line."""
    files = (file for folder in PRODUCT for file in sorted((ROOT / folder).rglob("*.py")))
    return tuple(dict.fromkeys(name for file in files for name in _called_with(file.read_text())))


def story_of(point: str) -> str:
    return point.partition(".")[0]


def points_of(*stories: str) -> list[str]:
    return [point for point in kill_points() if story_of(point) in stories]


def _called_with(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", None) == "kill_point":
            texts = [n.value for n in ast.walk(node.args[0]) if isinstance(n, ast.Constant)]
            yield from (text for text in texts if isinstance(text, str) and "." in text)
