"""What `--crop` and `--filters` may say, checked before anything is sent."""

from __future__ import annotations

import json

import typer


def read_crop(text: str) -> list[float]:
    """`x0,y0,x1,y1` as four numbers of 0..1. Raises typer.BadParameter."""
    try:
        x0, y0, x1, y1 = (float(number) for number in text.strip("[] ").split(","))
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no crop: give x0,y0,x1,y1, such as 0.1,0,0.9,1") from None
    # Written so that NaN, which is neither more nor less than anything, is refused as well.
    if not (0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1):
        raise typer.BadParameter(f"{text!r} is no crop: 0 <= x0 < x1 <= 1, and so for y0 and y1")
    return [x0, y0, x1, y1]


def read_filters(text: str) -> dict[str, object]:
    """The JSON object. Raises typer.BadParameter."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise typer.BadParameter(f'{text!r} is no JSON object, such as {{"category": ["dress"]}}')
    return said
