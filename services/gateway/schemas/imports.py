"""Imports."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, field_validator

from services.gateway.schemas.common import Ask, CatalogName
from shared.catalog.sources import Source, SourceKind, parse_source

MAX_MANIFESTS = 100
MAX_KEY_CHARS = 1_000


class ImportBody(Ask):
    """Manifests are the files `manifest` of a form, or object_keys."""

    JSON_FIELDS: ClassVar = frozenset({"object_keys"})

    object_keys: list[str] = Field(
        [],
        max_length=MAX_MANIFESTS,
        description="`incoming/<own tenant>/….csv` in the object store, any size.",
    )
    catalog: CatalogName = "default"
    mode: Literal["upsert", "replace"] = Field(
        "upsert", description="replace also deletes products that no row names."
    )
    dry_run: bool = Field(False, description="Read and check the rows, write nothing.")
    force: bool = Field(False, description="Let replace delete although more than 10 % of the rows are bad.")
    refresh: bool = Field(False, description="Ask the hosts of unchanged images whether they changed.")
    base: str = Field(
        "", max_length=MAX_KEY_CHARS, description="Folder that relative image paths start from."
    )
    name: str | None = Field(
        None, max_length=255, description="File name of the only manifest; its suffix tells the format."
    )

    @field_validator("object_keys")
    @classmethod
    def _each_once(cls, object_keys: list[str]) -> list[str]:
        if len(set(object_keys)) < len(object_keys):
            raise ValueError("a key stands here twice")
        return object_keys

    @field_validator("base")
    @classmethod
    def _below_the_data_folder(cls, base: str) -> str:
        folder = base.removesuffix("/")
        source = parse_source(folder)
        if folder and not (isinstance(source, Source) and source.kind is SourceKind.PATH):
            raise ValueError("this has to be a relative folder without .. and \\")
        return folder


class ErrorsQuery(Ask):
    format: Literal["jsonl", "csv"] = "jsonl"
