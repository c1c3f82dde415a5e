"""What all requests and answers share."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

CATALOG_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"


def _catalog_name(name: str) -> str:
    if not re.fullmatch(CATALOG_PATTERN, name):
        raise ValueError("a catalog's name is 1 to 64 letters, digits, . _ and -, a letter or digit first")
    return name


CatalogName = Annotated[
    str,
    AfterValidator(_catalog_name),
    Field(json_schema_extra={"pattern": CATALOG_PATTERN}, description="1 to 64 letters, digits, . _ and -"),
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
