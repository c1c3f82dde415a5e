"""The list of what was erased: outside of backups, so that a restore brings nothing of it back.

Append-only objects `erased/<yyyymmddhh>/<sha256 of its bytes>/<ulid>`, JSON lines. No row of the database
names them, so each name carries the hash that verifies it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Row

from shared.erasure.receipts import ErasedKind
from shared.errors import ObjectCorrupt
from shared.storage.names import new_name
from shared.storage.port import ObjectStore

KIND = "erased"


@dataclass(frozen=True)
class Erased:
    """A promise. `accept_no` and `catalog`: of a product, whose later writes it leaves alone; `at`: when it
    was hidden, in seconds since 1970 by the database's clock."""

    tenant: str
    kind: ErasedKind
    id: str
    catalog: str | None
    accept_no: int | None
    at: float

    @classmethod
    def of(cls, receipt: Row[Any]) -> Erased:
        """Of a receipt that still names its subject."""
        return cls(
            receipt.tenant,
            ErasedKind(receipt.kind),
            receipt.subject,
            receipt.catalog,
            receipt.accept_no,
            receipt.hidden_at,
        )


class ErasedList:
    """Kept in the store of TUSOU_ERASED_LIST_URL. Both methods raise StoreUnavailable."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def add(self, entries: Iterable[Erased]) -> None:
        """Durable when it returns. An entry that stands there twice means the same."""
        added = list(entries)
        if added:
            body = "".join(f"{json.dumps(asdict(entry))}\n" for entry in added).encode()
            digest = hashlib.sha256(body).hexdigest()
            self._store.put(new_name(KIND, digest, max(entry.at for entry in added)), body)

    def entries(self) -> Iterator[Erased]:
        """All of it, in no order. Raises ObjectCorrupt for an object that is not what its name says."""
        for name in self._store.list(f"{KIND}/"):
            length = self._store.size(name)
            if length is None:
                raise ObjectCorrupt(f"{name} was listed and is gone")
            body = self._store.get(name, sha256=name.split("/")[2], length=length)
            for line in body.decode().splitlines():
                fields = json.loads(line)
                yield Erased(**{**fields, "kind": ErasedKind(fields["kind"])})
