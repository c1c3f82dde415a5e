"""Chooses the object store that a URL names."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from shared.storage.folder import FolderStore
from shared.storage.memory import MemoryStore
from shared.storage.port import ObjectStore

_FORMS = "memory://, file:///folder or s3://ACCESS:SECRET@host:port/bucket?secure=false&region=NAME"
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_DEFAULT_REGION = "us-east-1"  # what servers of one's own call themselves unless told otherwise


def open_store(url: str) -> ObjectStore:
    """The store at `url`; nothing is contacted or made yet (`ensure` and `ping` do).

    Characters that mean something in URLs are percent-encoded in the access key, the secret and the
    folder. `secure` is true and `region` us-east-1 unless named. Raises `ValueError` for another form of
    URL, which is not repeated, as it may hold a secret.
    """
    parts = urlsplit(url)
    if parts.scheme == "memory":
        return MemoryStore()
    if parts.scheme == "file" and not parts.netloc and parts.path.startswith("/"):
        return FolderStore(Path(unquote(parts.path)))
    if parts.scheme == "s3":
        return _open_s3(parts)
    raise ValueError(f"the object store's URL must be {_FORMS}")


def _open_s3(parts: SplitResult) -> ObjectStore:
    bucket = parts.path.strip("/")
    options = {key: values[-1] for key, values in parse_qs(parts.query, keep_blank_values=True).items()}
    secure = options.pop("secure", "true")
    region = options.pop("region", "") or _DEFAULT_REGION
    complete = parts.hostname and parts.username and parts.password and _BUCKET.fullmatch(bucket)
    if not complete or options or secure not in ("true", "false"):
        raise ValueError(f"the object store's URL must be {_FORMS}")
    # Only those who chose S3 have its client (the extra `s3`).
    from shared.storage.s3 import S3Store

    return S3Store(
        parts.netloc.rpartition("@")[2],
        bucket,
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        secure=secure == "true",
        region=region,
    )
