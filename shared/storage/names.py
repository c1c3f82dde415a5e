"""Object names: `<kind>/<yyyymmddhh>/<tenant>/<ulid>`, never used twice.

The hour lets the keeper sweep what no row names without listing the whole store. A backup's own files have
names of another form (shared/backup/manifest.py); no deployment's store has them.
"""

from __future__ import annotations

import re
import time

from ulid import ULID

from shared.errors import InvalidRequest

KINDS = (
    "uploads",  # photos as they came
    "images",  # normalised, without metadata
    "thumbnails",
    "explanations",  # heat maps over two images
    "manifests",
    "chunks",  # the rows of one chunk of an import
    "segments",
    "snapshots",
    "errors",  # the row errors of an import
    "models",
    "erased",  # the list of what was erased: `erased/<yyyymmddhh>/<sha256>/<ulid>`, no tenant's
    "incoming",  # what users lay down themselves: `incoming/<tenant>/<any path>`
)
# What stands in no owner row: the users' own names, and the list that outlives every backup of the rows.
UNOWNED = ("erased", "incoming")

HOUR_S = 3600
SETTLED_EARLY_S = 300

_TENANT = r"[a-z0-9_-]{1,64}"
_ULID = r"[0-7][0-9A-HJKMNP-TV-Z]{25}"
_OURS = re.compile(rf"({'|'.join(KINDS[:-1])})/([0-9]{{10}})/{_TENANT}/{_ULID}")
_INCOMING = re.compile(rf"incoming/{_TENANT}/[^\x00-\x1f\x7f\\]+")
_BACKUP = re.compile(rf"backups/{_ULID}/([a-z_]{{1,64}}\.jsonl\.gz|manifest-[0-9a-f]{{64}}\.json)")
_PREFIX = re.compile(r"([a-z0-9_-]{1,64}/){0,3}")

# S3 allows 1,024 bytes in all, and file systems 255 between two slashes.
_LONGEST_NAME, _LONGEST_PART = 1024, 255


def new_name(kind: str, tenant: str, now: float) -> str:
    """A fresh name. `now` is the database's clock, in seconds since 1970."""
    hour = time.strftime("%Y%m%d%H", time.gmtime(now))
    name = f"{kind}/{hour}/{tenant}/{ULID.from_timestamp(now)}"
    if not _OURS.fullmatch(name):
        raise _refused(name)
    return name


def hour_of(name: str) -> str:
    """The `yyyymmddhh` (UTC) in a name of ours."""
    match = _OURS.fullmatch(name)
    if match is None:
        raise _refused(name)
    return match[2]


def tenant_of(name: str) -> str:
    """Whose object a name of ours is."""
    hour_of(name)
    return name.split("/")[2]


def named_at(name: str) -> float:
    """When a name of ours was made, in seconds since 1970 by the clock that `new_name` was given."""
    hour_of(name)
    return ULID.from_str(name.rsplit("/", 1)[1]).timestamp


def has_owner(name: str) -> bool:
    """Whether a row is to own this object: none owns what users lay down, the list, or a backup's file."""
    return name.partition("/")[0] not in (*UNOWNED, "backups")


def settled_hour(clock: float) -> int:
    """The newest hour, counted from 1970, of which every object has its owner row by now or never gets one.

    Such a row commits within ten minutes of the name. This is said five minutes before the hour after it is
    over, so that whoever looks each few minutes has found the oldest orphan within two hours.
    """
    return int((clock + SETTLED_EARLY_S) // HOUR_S) - 2


def hour_prefix(kind: str, hour: str) -> str:
    """What the names of `kind` in `hour` (`yyyymmddhh`) begin with."""
    return check_prefix(f"{kind}/{hour}/")


def check_name(name: str) -> str:
    """Returns `name` if an object may have it, raises `InvalidRequest` otherwise."""
    if not is_name(name):
        raise _refused(name)
    return name


def is_name(name: str) -> bool:
    """Whether an object may have this name: one of ours or of a backup, or below a tenant's `incoming/`."""
    if _OURS.fullmatch(name) or _BACKUP.fullmatch(name):
        return True
    if not _INCOMING.fullmatch(name):
        return False
    try:
        parts = name.encode().split(b"/")
    except UnicodeEncodeError:  # a lone surrogate
        return False
    fits = len(name.encode()) <= _LONGEST_NAME and all(len(part) <= _LONGEST_PART for part in parts)
    return fits and not any(part in (b"", b".", b"..") for part in parts)


def check_prefix(prefix: str) -> str:
    """Returns `prefix` if names can begin with it, raises `InvalidRequest` otherwise."""
    if not _PREFIX.fullmatch(prefix):
        raise _refused(prefix)
    return prefix


def _refused(name: str) -> InvalidRequest:
    return InvalidRequest(f"no object can be named {name[:200]!a}", code="invalid_object_name")
