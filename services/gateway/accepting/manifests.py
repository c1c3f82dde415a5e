"""Manifests of an import: files of a form, or keys of the object store."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import BinaryIO, cast

from werkzeug.datastructures import FileStorage

from services.gateway.http.bodies import refuse
from shared.catalog.manifest.formats import ManifestFormat, detect_format
from shared.catalog.sources import Source, is_own_object, parse_source
from shared.jobs.import_request import StoredManifest
from shared.storage.verify import BLOCK

FIELD = "manifest"
SUFFIXES = {
    ".csv": ManifestFormat.CSV,
    ".tsv": ManifestFormat.TSV,
    ".tab": ManifestFormat.TSV,
    ".jsonl": ManifestFormat.JSONL,
    ".ndjson": ManifestFormat.JSONL,
    ".parquet": ManifestFormat.PARQUET,
}


@dataclass(frozen=True)
class Manifest:
    """A file of the form, read once for its hash."""

    stream: BinaryIO
    name: str
    format: ManifestFormat
    sha256: str


def read_manifest(file: FileStorage, name: str | None) -> Manifest:
    stream = cast(BinaryIO, file.stream)
    digest = hashlib.sha256()
    while block := stream.read(BLOCK):
        digest.update(block)
    if stream.tell() == 0:
        refuse(FIELD, "the manifest is empty", "empty_manifest")
    shown = name or file.filename or FIELD
    found = detect_format(stream, shown, file.mimetype)
    return Manifest(stream, shown, found, digest.hexdigest())


def incoming_manifest(tenant: str, key: str, name: str | None) -> StoredManifest:
    """A manifest that the shop laid into the object store itself: its bytes are read by the plan."""
    source = parse_source(f"object:{key}")
    if not isinstance(source, Source) or not is_own_object(source, tenant):
        refuse("object_keys", f"keys resolve under incoming/{tenant}/ only", "bad_source")
    shown = name or source.value.rpartition("/")[2]
    plain = shown.lower().removesuffix(".gz")
    found = next((known for suffix, known in SUFFIXES.items() if plain.endswith(suffix)), None)
    if found is None:
        refuse("object_keys", f"the suffix of {shown!r} tells no format; use one of {', '.join(SUFFIXES)}")
    return StoredManifest(source.value, shown, found, incoming=True)
