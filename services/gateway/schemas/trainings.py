"""Trainings."""

from __future__ import annotations

from pydantic import Field, field_validator

from services.gateway.schemas.common import Ask, CatalogName, JsonObject
from shared.models.card import is_name
from shared.models.recipes import RecipeName


class TrainingBody(Ask):
    """What is to be learnt from, how, and what the model will be called."""

    name: str = Field(max_length=64, description="The model's name: a-z 0-9 . _ -, a letter or digit first.")
    catalog: CatalogName = Field(
        "default", description="Products with a category and photos are learnt from."
    )
    recipe: RecipeName = Field("transfer", description="How it is learnt (docs/models.md).")
    changes: JsonObject = Field(
        default_factory=dict, description='Fields of the recipe that are to differ: {"batch": 16}.'
    )
    seed: int = Field(0, ge=0, lt=2**31, description="Of the split and of all random numbers.")

    @field_validator("name")
    @classmethod
    def _a_name_of_the_registry(cls, name: str) -> str:
        if not is_name(name):
            raise ValueError("a model's name is 1 to 64 of a-z 0-9 . _ -, a letter or digit first")
        return name
