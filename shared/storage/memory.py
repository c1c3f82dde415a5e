"""An object store in this process's memory, for tests."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from shared.errors import NameTaken, ObjectMissing
from shared.storage.names import check_name, check_prefix
from shared.storage.port import Stored
from shared.storage.verify import blocks, check_range, copy, copy_to_file, verified


class MemoryStore:
    """`objects` holds the bytes by name: a test may look at them, and damage them."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def ensure(self) -> None:
        return

    def ping(self) -> None:
        return

    def put(self, name: str, data: bytes | BinaryIO, length: int | None = None) -> Stored:
        check_name(name)
        buffer = io.BytesIO()
        stored = copy(name, blocks(data), buffer, length=length)
        with self._lock:
            if name in self.objects:
                raise NameTaken(f"{name} is in use")
            self.objects[name] = buffer.getvalue()
        return stored

    def put_file(self, name: str, path: Path) -> Stored:
        return self.put(name, path.read_bytes())

    def adopt(self, incoming: str, name: str) -> Stored:
        return self.put(name, self._read(incoming))

    def get(self, name: str, *, sha256: str, length: int) -> bytes:
        return verified(name, self._read(name), sha256=sha256, length=length)

    def get_range(self, name: str, offset: int, length: int, *, sha256: str) -> bytes:
        check_range(offset, length)
        part = self._read(name)[offset : offset + length]
        return verified(name, part, sha256=sha256, length=length)

    def fetch_to(self, name: str, path: Path, *, sha256: str, length: int) -> None:
        copy_to_file(name, [self._read(name)], path, sha256=sha256, length=length)

    def size(self, name: str) -> int | None:
        data = self.objects.get(check_name(name))
        return None if data is None else len(data)

    def delete(self, name: str) -> None:
        self.objects.pop(check_name(name), None)

    def list(self, prefix: str) -> Iterator[str]:
        check_prefix(prefix)
        with self._lock:
            names = [name for name in self.objects if name.startswith(prefix)]
        yield from names

    def _read(self, name: str) -> bytes:
        try:
            return self.objects[check_name(name)]
        except KeyError:
            raise ObjectMissing(f"{name} is not in the store") from None
