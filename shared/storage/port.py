"""What Tusou asks of an object store: bytes in, bytes out, and never the same name twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol


@dataclass(frozen=True, slots=True)
class Stored:
    """What the owner row of an object must hold, so that every later read can be verified."""

    name: str
    sha256: str  # 64 hex digits
    length: int  # bytes


class ObjectStore(Protocol):
    """Objects are written once, under names of `shared.storage.names`, and read whole or in ranges.

    Every method raises `StoreUnavailable` when the store is away, full or refuses us, and
    `InvalidRequest` for a name that no object can have. Methods may be called from any thread.
    """

    def ensure(self) -> None:
        """Makes what the store stands on (a folder, a bucket) where it is not there yet."""

    def ping(self) -> None:
        """Returns if the store would serve us now."""

    def put(self, name: str, data: bytes | BinaryIO, length: int | None = None) -> Stored:
        """Stores `data` under a fresh name; durable when it returns, nothing is left when it raises.

        `length` says how many bytes a stream must give; another number raises `ObjectCorrupt`.
        A name that is in use raises `NameTaken`.
        """

    def put_file(self, name: str, path: Path) -> Stored:
        """Stores the file at `path`."""

    def adopt(self, incoming: str, name: str) -> Stored:
        """Copies what a user laid under `incoming/` to a name of ours, where nobody changes it.

        It is the one read without a hash, as nobody has recorded one yet. Raises `ObjectMissing`.
        """

    def get(self, name: str, *, sha256: str, length: int) -> bytes:
        """The whole object. Raises `ObjectMissing`, or `ObjectCorrupt` if it is not what was recorded."""

    def get_range(self, name: str, offset: int, length: int, *, sha256: str) -> bytes:
        """`length` (at least 1) bytes from `offset`; `sha256` is that of the range. Raises as `get`."""

    def fetch_to(self, name: str, path: Path, *, sha256: str, length: int) -> None:
        """Streams the object to the file `path`, which appears whole and verified or not at all.

        Raises as `get`. It is a copy and not made durable: verify it again before use after a restart.
        """

    def size(self, name: str) -> int | None:
        """Bytes stored under `name`, None if there is no such object."""

    def delete(self, name: str) -> None:
        """Removes the object for good; one that is not there is already removed."""

    def list(self, prefix: str) -> Iterator[str]:
        """Names that begin with `prefix`, in no order; for the sweep of one hour, and for `fsck`.

        `prefix` is empty or ends with `/`.
        """
