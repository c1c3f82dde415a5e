"""What fetching takes and gives: limits, and the three ways it can end."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """Bounds of one fetch, and when a host that never answers is left alone."""

    seconds: float = 10  # from the first look-up to the last byte, redirects included
    max_bytes: int = 16 * 1024 * 1024
    max_redirects: int = 3
    ports: frozenset[int] | None = frozenset({80, 443})  # None: any
    suspend_after: int = 16  # fetches of one host that ran out of time, with no answer among them
    suspend_seconds: float = 30


class FetchCode(StrEnum):
    BLOCKED = "url_blocked"  # the URL, its address or its port is not allowed; nothing was sent
    FAILED = "url_failed"
    TOO_LARGE = "url_too_large"
    NOT_IMAGE = "url_not_image"


@dataclass(frozen=True, slots=True)
class Fetched:
    """The bytes as they came, and what a conditional request names next time."""

    data: bytes
    etag: str | None
    last_modified: str | None


@dataclass(frozen=True, slots=True)
class NotModified:
    """The host says that the image is the one whose `etag` or `last_modified` was sent.

    It may name newer ones (RFC 9110, 15.4.5), to be sent next time; None where it names none.
    """

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class FetchProblem:
    """Why there is no image: a stable code and a sentence."""

    code: FetchCode
    detail: str
