"""What a folder as object store does about full disks, lost mounts and crashes."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import resource
import socket
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from shared.errors import ObjectMissing, StoreUnavailable
from shared.storage.folder import FolderStore
from shared.storage.names import new_name

NOW = 1_795_425_300.0
HASH = hashlib.sha256(b"x").hexdigest()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "objects"


@pytest.fixture
def store(root: Path) -> FolderStore:
    store = FolderStore(root)
    store.ensure()
    return store


def fresh() -> str:
    return new_name("uploads", "shop", NOW)


def files_below(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


@contextmanager
def no_file_longer_than(length: int) -> Iterator[None]:
    """The kernel then cuts a write short with an error, as it does on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (length, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_write_that_the_disk_cuts_short_leaves_nothing(store: FolderStore, root: Path) -> None:
    name = fresh()
    with no_file_longer_than(100_000), pytest.raises(StoreUnavailable):
        store.put(name, bytes(200_000))
    assert files_below(root) == []

    store.put(name, bytes(200_000))
    assert store.size(name) == 200_000


def test_a_disk_that_fails_at_the_last_step_leaves_nothing(
    store: FolderStore, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = store.put(fresh(), b"kept")
    name = fresh()
    with monkeypatch.context() as broken:
        broken.setattr("shared.storage.durable.sync", _no_space)
        with pytest.raises(StoreUnavailable, match="No space left"):
            store.put(name, b"x")
    assert files_below(root) == [root / kept.name]
    with pytest.raises(ObjectMissing):
        store.get(name, sha256=HASH, length=1)


def test_the_bytes_are_on_the_disk_before_the_name_and_both_before_put_returns(
    store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    fsync, link = os.fsync, os.link

    def noted_fsync(descriptor: int) -> None:
        steps.append("sync folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "sync file")
        fsync(descriptor)

    def noted_link(source: Path, path: Path) -> None:
        steps.append("link")
        link(source, path)

    store.put(fresh(), b"first of its hour")
    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(os, "link", noted_link)
    store.put(fresh(), b"x")
    assert steps == ["sync file", "link", "sync folder"]


def test_a_folder_that_is_not_mounted_has_lost_no_object_and_takes_none(
    store: FolderStore, root: Path, tmp_path: Path
) -> None:
    stored = store.put(fresh(), b"x")
    root.rename(tmp_path / "elsewhere")

    for call in (
        store.ping,
        lambda: store.get(stored.name, sha256=stored.sha256, length=1),
        lambda: store.size(stored.name),
        lambda: store.put(fresh(), b"x"),
        lambda: store.delete(stored.name),
        lambda: list(store.list("")),
    ):
        with pytest.raises(StoreUnavailable):
            call()
    assert not root.exists()

    (tmp_path / "elsewhere").rename(root)
    assert store.get(stored.name, sha256=stored.sha256, length=1) == b"x"


def test_a_folder_that_is_unmounted_during_a_write_is_not_made_again(
    store: FolderStore, root: Path, tmp_path: Path
) -> None:
    class Unmounting(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if root.exists():
                root.rename(tmp_path / "elsewhere")
            return super().read(size)

    with pytest.raises(StoreUnavailable):
        store.put(fresh(), Unmounting(b"x"))
    assert not root.exists()


def test_what_a_crash_left_unfinished_is_removed_once_nobody_can_be_writing_it(
    store: FolderStore, root: Path
) -> None:
    abandoned, in_progress = root / ".unfinished" / "old", root / ".unfinished" / "new"
    for path in (abandoned, in_progress):
        path.write_bytes(b"half")
    os.utime(abandoned, (NOW - 7200, NOW - 7200))

    store.ensure()

    assert files_below(root) == [in_progress]
    assert list(store.list("")) == []


def test_the_folders_of_an_emptied_hour_are_removed(store: FolderStore, root: Path) -> None:
    first, second = (store.put(fresh(), b"x").name for _ in range(2))
    store.delete(first)
    assert (root / second).exists()
    store.delete(second)
    assert [path.name for path in root.iterdir()] == [".unfinished"]


def test_puts_and_deletes_in_one_hour_do_not_disturb_each_other(store: FolderStore) -> None:
    """Each delete may take the folder away from under another's put."""

    def put_and_delete(_: int) -> None:
        name = store.put(fresh(), b"x").name
        store.delete(name)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(put_and_delete, range(400)))
    assert list(store.list("")) == []


def test_a_stray_file_is_not_listed(store: FolderStore, root: Path) -> None:
    name = store.put(fresh(), b"x").name
    (root / name).with_name(".DS_Store").write_bytes(b"")
    assert list(store.list("uploads/")) == [name]


def test_strangers_cannot_look_into_the_folder(store: FolderStore, root: Path) -> None:
    assert root.stat().st_mode & 0o077 == 0


def test_a_key_that_names_a_folder_is_missing(store: FolderStore) -> None:
    store.put("incoming/shop/folder/file", b"x")
    assert store.size("incoming/shop/folder") is None
    assert store.size("incoming/shop/folder/file/further") is None


@pytest.mark.timeout(20)  # a pipe waits for its writer for ever
def test_what_is_no_file_is_missing_and_nobody_waits_for_it(store: FolderStore, root: Path) -> None:
    """A user may lay anything under `incoming/`."""
    folder = root / "incoming" / "shop"
    folder.mkdir(parents=True)
    os.mkfifo(folder / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        with contextlib.chdir(folder):  # the path of a socket is short
            listener.bind("socket")
        for name in ("incoming/shop/pipe", "incoming/shop/socket"):
            assert store.size(name) is None
            with pytest.raises(ObjectMissing):
                store.adopt(name, fresh())
    assert files_below(root) == []


def _no_space(folder: Path) -> None:
    raise OSError(28, "No space left on device")
