"""Every error that crosses a boundary, in one tree.

    TusouError                      code, detail, retryable
    ├── InvalidRequest              the caller must change the request
    │   ├── TooLarge                a body over its limit
    │   └── UnsupportedFormat       bytes we do not read
    ├── Unauthorized                no key, or a key we do not know
    ├── Forbidden                   a key without the scope
    ├── NotFound                    unknown, or another tenant's
    ├── Expired                     known once, gone by its time
    ├── Conflict                    the state does not allow it
    ├── NotYet                      planned, not built
    ├── Overloaded                  come back after `retry_after_s`
    ├── Unavailable                 a dependency is away; a retry helps
    │   └── StoreUnavailable
    ├── ObjectMissing               the store has no such object
    ├── ObjectCorrupt               bytes are not those whose hash was recorded
    ├── NameTaken                   object names are never reused
    ├── FingerprintMismatch         vectors of another model
    ├── WeightsMissing              no weights: where to put them
    ├── SchemaOutdated              run `tusou migrate`
    └── LostClaim                   another attempt owns the row now

`services/gateway/http/problems.py` holds the one table that maps them to HTTP.
"""

from __future__ import annotations


class TusouError(Exception):
    """`code` is stable and part of the contract; `detail` says what to do."""

    code = "internal"
    retryable = False

    def __init__(self, detail: str, *, code: str | None = None, retryable: bool | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        if code is not None:
            self.code = code
        if retryable is not None:
            self.retryable = retryable


class InvalidRequest(TusouError):
    code = "invalid_request"


class TooLarge(InvalidRequest):
    code = "too_large"


class UnsupportedFormat(InvalidRequest):
    code = "unsupported_format"


class Unauthorized(TusouError):
    code = "unauthorized"


class Forbidden(TusouError):
    code = "forbidden"


class NotFound(TusouError):
    code = "not_found"


class Expired(TusouError):
    code = "expired"


class Conflict(TusouError):
    code = "conflict"


class NotYet(TusouError):
    code = "not_yet"


class Overloaded(TusouError):
    code = "overloaded"
    retryable = True

    def __init__(self, detail: str, *, code: str | None = None, retry_after_s: int = 1) -> None:
        super().__init__(detail, code=code)
        self.retry_after_s = retry_after_s


class Unavailable(TusouError):
    code = "unavailable"
    retryable = True


class StoreUnavailable(Unavailable):
    code = "object_store_unavailable"


class ObjectMissing(TusouError):
    code = "object_missing"


class ObjectCorrupt(TusouError):
    code = "object_corrupt"


class NameTaken(TusouError):
    code = "name_taken"


class FingerprintMismatch(TusouError):
    code = "fingerprint_mismatch"

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(f"vectors of model {found} cannot meet an index of model {expected}")
        self.expected = expected
        self.found = found


class WeightsMissing(TusouError):
    code = "weights_missing"


class SchemaOutdated(TusouError):
    code = "schema_outdated"


class LostClaim(TusouError):
    """Another attempt owns the row now: whoever sees this stops and changes nothing."""

    code = "lost_claim"
