"""What all requests and answers share."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema


@dataclass(frozen=True)
class Shaped:
    """Annotates a text: the contract has the pattern, who misses it is told the sentence."""

    pattern: str
    sentence: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {**handler(schema), "pattern": self.pattern}

    def _check(self, text: str) -> str:
        if not re.fullmatch(self.pattern, text):
            raise ValueError(self.sentence)
        return text


CatalogName = Annotated[
    str,
    Shaped(
        r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
        "a catalog's name is 1 to 64 letters, digits, . _ and -, a letter or digit first",
    ),
    Field(description="1 to 64 letters, digits, . _ and -"),
]


class Ask(BaseModel):
    """What comes: unknown fields are refused, numbers are finite."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Tell(BaseModel):
    """What goes."""

    model_config = ConfigDict(extra="forbid")


class FieldFault(Tell):
    field: str
    code: str
    detail: str


class Problem(Tell):
    """RFC 9457. `code` is stable; `detail` says what to do; `retryable` whether sending it again can help."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    retryable: bool
    errors: list[FieldFault] | None = None


class Cursor(Ask):
    """One page of a list."""

    limit: int = Field(50, ge=1, le=200, description="How many at most.")
    after: str | None = Field(None, description="`next` of the page before.")


JsonObject = dict[str, Any]
