"""Where an image of a product comes from: one string, kept as the shop wrote it.

Two sources are the same when their strings are equal; that, with the optional `image_version`, is what
"unchanged" means for an image.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from shared.catalog.fault_codes import FaultCode
from shared.catalog.text import FieldError, is_storable, shown

MAX_SOURCE_CHARS = 2000

_UPLOAD = "upload:"
_OBJECT = "object:"
_HTTP = re.compile(r"https?://", re.IGNORECASE)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_IMAGE_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")


class SourceKind(StrEnum):
    URL = "url"
    UPLOAD = "upload"  # an image sent before, by its id
    OBJECT = "object"  # a key of the object store, within the tenant's own incoming folder
    PATH = "path"  # a file of the data folder; embedded deployments only


@dataclass(frozen=True, slots=True)
class Source:
    """One image source: `value` is the URL, image id, object key or path; `text` is what was written."""

    kind: SourceKind
    value: str
    text: str


def parse_source(text: str) -> Source | FieldError:
    """The source a string names. Errors: `bad_source`, `bad_character`, `value_too_long`.

    `https://…` and `http://…` (what the address may be is the fetcher's to say), `upload:<image id>`,
    `object:incoming/<tenant>/…`, else a relative path with `/` between its parts.
    """
    if not is_storable(text):
        return FieldError(
            "images", FaultCode.BAD_CHARACTER, f"{shown(text)} holds NUL or half a surrogate pair"
        )
    if len(text) > MAX_SOURCE_CHARS:
        detail = f"an image source has at most {MAX_SOURCE_CHARS} characters, this one {len(text)}"
        return FieldError("images", FaultCode.VALUE_TOO_LONG, detail)
    if _HTTP.match(text):
        return Source(SourceKind.URL, text, text)
    if text.startswith(_UPLOAD):
        image_id = text.removeprefix(_UPLOAD)
        return Source(SourceKind.UPLOAD, image_id, text) if _IMAGE_ID.fullmatch(image_id) else _refused(text)
    if text.startswith(_OBJECT):
        key = text.removeprefix(_OBJECT)
        return Source(SourceKind.OBJECT, key, text) if _is_plain_path(key) else _refused(text)
    if _SCHEME.match(text) or not _is_plain_path(text):
        return _refused(text)
    return Source(SourceKind.PATH, text, text)


def is_own_object(source: Source, tenant: str) -> bool:
    """Whether an `object:` source lies under `incoming/<tenant>/`, the only keys this tenant may name."""
    return source.kind is SourceKind.OBJECT and source.value.startswith(f"incoming/{tenant}/")


def _is_plain_path(path: str) -> bool:
    """Relative, never upwards, one separator: it stays below the folder it is joined to, on any system."""
    parts = path.split("/")
    return "\\" not in path and all(part not in ("", "..") for part in parts)


def _refused(text: str) -> FieldError:
    detail = (
        f"{shown(text)} is no image source; use http(s)://…, upload:<image id>, object:incoming/<tenant>/… "
        "or a relative path without .. and \\"
    )
    return FieldError("images", FaultCode.BAD_SOURCE, detail)
