"""An object store in a folder of this machine."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ulid import ULID

from shared.errors import NameTaken, ObjectMissing, StoreUnavailable
from shared.storage import durable
from shared.storage.names import check_name, check_prefix, is_name
from shared.storage.port import Stored
from shared.storage.verify import blocks, check_range, copy, copy_to_file, verified, wrong_length

# A write takes seconds; an unfinished one that nobody has touched for longer was left by a crash.
_ABANDONED_AFTER_S = 3600


class FolderStore:
    """Each object is a file at the path that its name spells, below `root`.

    A write goes to an unfinished file first, and gets its name when all of it is on the disk.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._unfinished = root / ".unfinished"

    def ensure(self) -> None:
        with self._translated():
            self._root.mkdir(mode=0o700, parents=True, exist_ok=True)  # it holds people's photos
            self._unfinished.mkdir(exist_ok=True)
            durable.sync(self._root)
            for path in self._unfinished.iterdir():
                with contextlib.suppress(FileNotFoundError):
                    if path.stat().st_mtime < time.time() - _ABANDONED_AFTER_S:
                        path.unlink()

    def ping(self) -> None:
        if not os.access(self._unfinished, os.W_OK):
            raise StoreUnavailable(f"the folder {self._root} is not there or cannot be written")

    def put(self, name: str, data: bytes | BinaryIO, length: int | None = None) -> Stored:
        path = self._path(name)
        unfinished = self._unfinished / str(ULID())
        with self._translated():
            try:
                with unfinished.open("xb") as file:
                    stored = copy(name, blocks(data), file, length=length)
                    file.flush()
                    os.fsync(file.fileno())
                durable.link(unfinished, path, self._root)
            except FileExistsError:
                raise NameTaken(f"{name} is in use") from None
            finally:
                unfinished.unlink(missing_ok=True)
        return stored

    def put_file(self, name: str, path: Path) -> Stored:
        with path.open("rb") as file:
            return self.put(name, file)

    def adopt(self, incoming: str, name: str) -> Stored:
        with self._open(incoming) as file:
            return self.put(name, file)

    def get(self, name: str, *, sha256: str, length: int) -> bytes:
        with self._open(name) as file:
            found = os.fstat(file.fileno()).st_size
            if found != length:
                raise wrong_length(name, length, found)
            return verified(name, file.read(), sha256=sha256, length=length)

    def get_range(self, name: str, offset: int, length: int, *, sha256: str) -> bytes:
        check_range(offset, length)
        with self._open(name) as file:
            file.seek(offset)
            return verified(name, file.read(length), sha256=sha256, length=length)

    def fetch_to(self, name: str, path: Path, *, sha256: str, length: int) -> None:
        copy_to_file(name, self._blocks(name), path, sha256=sha256, length=length)

    def size(self, name: str) -> int | None:
        try:
            with self._open(name) as file:
                return os.fstat(file.fileno()).st_size
        except ObjectMissing:
            return None

    def delete(self, name: str) -> None:
        path = self._path(name)
        with self._translated():
            try:
                durable.remove(path, self._root)
            except (FileNotFoundError, NotADirectoryError):
                self.ping()

    def list(self, prefix: str) -> Iterator[str]:
        top = self._root / check_prefix(prefix)
        self.ping()
        with self._translated():
            for folder, _, files in os.walk(top, onerror=_raise_unless_gone):
                below = Path(folder).relative_to(self._root)
                yield from filter(is_name, (str(below / file) for file in files))

    def _path(self, name: str) -> Path:
        return self._root / check_name(name)

    @contextlib.contextmanager
    def _open(self, name: str) -> Iterator[BinaryIO]:
        path = self._path(name)
        with self._translated(), contextlib.ExitStack() as opened:
            try:
                file = opened.enter_context(open(path, "rb", opener=_without_waiting))
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                self.ping()  # a folder that is not mounted has not lost its objects
                raise ObjectMissing(f"{name} is not in the store") from None
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise ObjectMissing(f"{name} is no file")
            yield file

    def _blocks(self, name: str) -> Iterator[bytes]:
        with self._open(name) as file:
            yield from blocks(file)

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreUnavailable(f"the folder {self._root}: {error.strerror or error}") from error


def _without_waiting(path: str, flags: int) -> int:
    """A named pipe, which a user may have laid under `incoming/`, would wait for who writes into it."""
    try:
        return os.open(path, flags | os.O_NONBLOCK)
    except OSError as error:
        if error.errno != errno.ENXIO:
            raise
        raise FileNotFoundError(errno.ENOENT, "it is a socket, or a device without a driver", path) from error


def _raise_unless_gone(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error
