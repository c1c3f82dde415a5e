"""The recipes that a training may ask for; the trainer knows what each says (workers/trainer/recipes)."""

from __future__ import annotations

from typing import Final, Literal, get_args

RecipeName = Literal["classic", "digits", "transfer", "metric", "tiny"]
RECIPES: Final[tuple[str, ...]] = get_args(RecipeName)
