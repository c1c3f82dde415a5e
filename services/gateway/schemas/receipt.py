"""Receipts of what is erased."""

from __future__ import annotations

from pydantic import Field

from services.gateway.schemas.common import Tell
from shared.erasure.receipts import ErasedKind


class Receipt(Tell):
    """`hidden`: since then nothing shows it. `erased`: since then nothing of it is stored."""

    id: str
    kind: ErasedKind
    subject: str | None = Field(description="Id of the product or job; null once erased.")
    hidden: str
    erase_by: str
    erased: str | None
