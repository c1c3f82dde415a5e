"""What every object store must do, on each of ours: in memory, in a folder, on a real S3 server."""

from __future__ import annotations

import hashlib
import io
import random
from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shared.errors import InvalidRequest, NameTaken, ObjectCorrupt, ObjectMissing
from shared.storage.memory import MemoryStore
from shared.storage.names import hour_of, hour_prefix, new_name
from shared.storage.open import open_store
from shared.storage.port import ObjectStore, Stored
from tests.servers.minio import MinIO

NOW = 1_795_425_300.0  # 2026-11-23 09:15 UTC
HOUR = "2026112309"
PHOTO = random.Random(1).randbytes(50_000)
NINE_MB = random.Random(2).randbytes(9_000_001)
FORTY_MB = random.Random(3).randbytes(1_000_000) * 40


def fresh(kind: str = "uploads", tenant: str = "shop") -> str:
    return new_name(kind, tenant, NOW)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def read(store: ObjectStore, stored: Stored) -> bytes:
    return store.get(stored.name, sha256=stored.sha256, length=stored.length)


def is_in(store: ObjectStore, stored: Stored) -> bool:
    try:
        read(store, stored)
    except ObjectCorrupt:
        return False
    return True


class ObjectStoreContract(ABC):
    """Inherited by each store's tests, which say how to reach around the store."""

    puts_exclude_each_other = True

    @abstractmethod
    def overwrite(self, name: str, data: bytes) -> None:
        """Replaces the stored bytes behind the store's back."""

    @pytest.mark.parametrize("data", [PHOTO, b"", b"\x00", NINE_MB], ids=["photo", "empty", "nul", "9 MB"])
    def test_what_was_put_is_what_is_got(self, store: ObjectStore, data: bytes) -> None:
        name = fresh()
        stored = store.put(name, data)
        assert stored == Stored(name, sha256(data), len(data))
        assert read(store, stored) == data
        assert store.size(name) == len(data)

    @pytest.mark.parametrize("data", [PHOTO, b"", FORTY_MB], ids=["photo", "empty", "40 MB"])
    @pytest.mark.parametrize("length_is_told", [True, False])
    def test_a_stream_is_stored_like_bytes(
        self, store: ObjectStore, data: bytes, length_is_told: bool
    ) -> None:
        stored = store.put(fresh(), io.BytesIO(data), len(data) if length_is_told else None)
        assert (stored.sha256, stored.length) == (sha256(data), len(data))
        assert read(store, stored) == data

    @pytest.mark.parametrize("difference", [-1, 1])
    def test_a_stream_of_another_length_than_told_leaves_nothing(
        self, store: ObjectStore, difference: int
    ) -> None:
        name = fresh()
        with pytest.raises(ObjectCorrupt, match=name):
            store.put(name, io.BytesIO(PHOTO), len(PHOTO) + difference)
        assert store.size(name) is None

    def test_a_stream_that_breaks_leaves_nothing(self, store: ObjectStore) -> None:
        class Broken(io.BytesIO):
            def read(self, size: int | None = -1) -> bytes:
                raise InvalidRequest("the client went away")

        name = fresh()
        with pytest.raises(InvalidRequest):
            store.put(name, Broken(), 10)
        assert store.size(name) is None

    def test_a_file_goes_in_and_comes_out(self, store: ObjectStore, tmp_path: Path) -> None:
        (tmp_path / "in").write_bytes(NINE_MB)
        stored = store.put_file(fresh("snapshots"), tmp_path / "in")
        store.fetch_to(stored.name, tmp_path / "out", sha256=stored.sha256, length=stored.length)
        assert (tmp_path / "out").read_bytes() == NINE_MB
        assert sorted(path.name for path in tmp_path.glob("*")) == ["in", "out"]

    def test_a_fetch_replaces_an_older_file(self, store: ObjectStore, tmp_path: Path) -> None:
        stored = store.put(fresh("snapshots"), PHOTO)
        (tmp_path / "out").write_bytes(b"older")
        store.fetch_to(stored.name, tmp_path / "out", sha256=stored.sha256, length=stored.length)
        assert (tmp_path / "out").read_bytes() == PHOTO

    def test_put_never_overwrites(self, store: ObjectStore) -> None:
        stored = store.put(fresh(), b"first")
        with pytest.raises(NameTaken, match=stored.name):
            store.put(stored.name, b"second")
        assert read(store, stored) == b"first"

    @pytest.mark.parametrize("at", [0, 25_000, 49_999])
    def test_a_flipped_byte_is_detected(self, store: ObjectStore, tmp_path: Path, at: int) -> None:
        stored = store.put(fresh(), PHOTO)
        self.overwrite(stored.name, PHOTO[:at] + bytes([PHOTO[at] ^ 1]) + PHOTO[at + 1 :])
        self.assert_corrupt(store, stored, tmp_path)

    @pytest.mark.parametrize("data", [b"", PHOTO[:-1], PHOTO + b"\x00"], ids=["empty", "shorter", "longer"])
    def test_another_length_is_detected(self, store: ObjectStore, tmp_path: Path, data: bytes) -> None:
        stored = store.put(fresh(), PHOTO)
        self.overwrite(stored.name, data)
        self.assert_corrupt(store, stored, tmp_path)

    def assert_corrupt(self, store: ObjectStore, stored: Stored, folder: Path) -> None:
        with pytest.raises(ObjectCorrupt, match=stored.name):
            read(store, stored)
        with pytest.raises(ObjectCorrupt, match=stored.name):
            store.fetch_to(stored.name, folder / "file", sha256=stored.sha256, length=stored.length)
        assert list(folder.iterdir()) == []

    def test_a_missing_object_is_missing_to_every_read(self, store: ObjectStore, tmp_path: Path) -> None:
        name = fresh()
        with pytest.raises(ObjectMissing, match=name):
            store.get(name, sha256=sha256(b"x"), length=1)
        with pytest.raises(ObjectMissing, match=name):
            store.get_range(name, 0, 1, sha256=sha256(b"x"))
        with pytest.raises(ObjectMissing, match=name):
            store.fetch_to(name, tmp_path / "file", sha256=sha256(b"x"), length=1)
        assert store.size(name) is None
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize(("offset", "length"), [(0, 1), (0, 50_000), (1024, 512), (49_999, 1)])
    def test_a_range_is_read_and_verified_alone(self, store: ObjectStore, offset: int, length: int) -> None:
        name = store.put(fresh("segments"), PHOTO).name
        part = PHOTO[offset : offset + length]
        assert store.get_range(name, offset, length, sha256=sha256(part)) == part

    def test_damage_outside_a_range_does_not_hurt_it(self, store: ObjectStore) -> None:
        name = store.put(fresh("segments"), PHOTO).name
        self.overwrite(name, PHOTO[:-1] + bytes([PHOTO[-1] ^ 1]))
        assert store.get_range(name, 0, 100, sha256=sha256(PHOTO[:100])) == PHOTO[:100]
        with pytest.raises(ObjectCorrupt, match=name):
            store.get_range(name, 49_900, 100, sha256=sha256(PHOTO[-100:]))

    @pytest.mark.parametrize("offset", [49_990, 50_000, 60_000])
    def test_a_range_beyond_the_end_is_corrupt(self, store: ObjectStore, offset: int) -> None:
        name = store.put(fresh("segments"), PHOTO).name
        with pytest.raises(ObjectCorrupt, match=name):
            store.get_range(name, offset, 100, sha256=sha256(PHOTO[offset : offset + 100]))

    @pytest.mark.parametrize(("offset", "length"), [(-1, 1), (0, 0), (0, -1)])
    def test_a_range_without_a_byte_is_refused(self, store: ObjectStore, offset: int, length: int) -> None:
        name = store.put(fresh("segments"), PHOTO).name
        with pytest.raises(ValueError, match="no range"):
            store.get_range(name, offset, length, sha256=sha256(b""))

    def test_a_deleted_object_is_gone_and_may_be_deleted_again(self, store: ObjectStore) -> None:
        stored, other = store.put(fresh(), PHOTO), store.put(fresh(), b"other")
        store.delete(stored.name)
        store.delete(stored.name)
        assert store.size(stored.name) is None
        assert read(store, other) == b"other"

    def test_an_hour_that_was_emptied_takes_objects_again(self, store: ObjectStore) -> None:
        store.delete(store.put(fresh(), b"first").name)
        assert read(store, store.put(fresh(), b"second")) == b"second"

    def test_only_the_names_of_the_hour_are_listed(self, store: ObjectStore) -> None:
        first, second = fresh(tenant="one"), fresh(tenant="two")
        others = [fresh("images")] + [new_name("uploads", "one", NOW + hours * 3600) for hours in (-1, 1)]
        for name in (first, second, *others):
            store.put(name, b"x")
        assert set(store.list(hour_prefix("uploads", hour_of(first)))) == {first, second}
        assert set(store.list("uploads/")) == {first, second, *others[1:]}
        assert set(store.list("")) == {first, second, *others}

    def test_an_hour_without_objects_lists_nothing(self, store: ObjectStore) -> None:
        assert list(store.list(hour_prefix("uploads", HOUR))) == []

    def test_objects_may_be_deleted_while_they_are_listed(self, store: ObjectStore) -> None:
        names = {store.put(fresh(tenant=f"shop-{n % 3}"), b"x").name for n in range(20)}
        deleted = set()
        for name in store.list(hour_prefix("uploads", HOUR)):
            store.delete(name)
            deleted.add(name)
        assert deleted == names
        assert list(store.list("")) == []

    @pytest.mark.parametrize("tenant", ["0", "-", "_", "a" * 64, "con", "incoming"])
    def test_any_tenant_has_objects(self, store: ObjectStore, tenant: str) -> None:
        stored = store.put(fresh(tenant=tenant), b"x")
        assert read(store, stored) == b"x"
        assert list(store.list("")) == [stored.name]

    @pytest.mark.parametrize("key", ["a.csv", "2026/autumn, new/größe & 尺寸 100%?#+.csv", "x" * 255])
    def test_what_users_lay_down_is_adopted_under_a_name_of_ours(self, store: ObjectStore, key: str) -> None:
        laid = store.put(f"incoming/shop/{key}", PHOTO)
        adopted = store.adopt(laid.name, fresh("manifests"))
        self.overwrite(laid.name, b"changed meanwhile")
        assert read(store, adopted) == PHOTO
        assert set(store.list("incoming/shop/")) == {laid.name}

    def test_nothing_is_adopted_from_a_missing_key(self, store: ObjectStore) -> None:
        name = fresh("manifests")
        with pytest.raises(ObjectMissing, match="incoming/shop/gone"):
            store.adopt("incoming/shop/gone", name)
        assert store.size(name) is None

    @pytest.mark.parametrize("name", ["", "/etc/passwd", "uploads/../x", "incoming/shop/../other/x", "x"])
    def test_a_name_that_leads_elsewhere_is_refused_by_every_call(
        self, store: ObjectStore, tmp_path: Path, name: str
    ) -> None:
        ours = fresh()
        for call in (
            lambda: store.put(name, b"x"),
            lambda: store.get(name, sha256=sha256(b"x"), length=1),
            lambda: store.get_range(name, 0, 1, sha256=sha256(b"x")),
            lambda: store.fetch_to(name, tmp_path / "file", sha256=sha256(b"x"), length=1),
            lambda: store.adopt(name, ours),
            lambda: store.size(name),
            lambda: store.delete(name),
            lambda: list(store.list(name or "..")),
        ):
            with pytest.raises(InvalidRequest, match="no object can be named"):
                call()

    def test_many_are_put_at_once(self, store: ObjectStore) -> None:
        contents = [bytes([n]) * 4096 for n in range(64)]
        with ThreadPoolExecutor(8) as pool:
            stored = list(pool.map(lambda data: store.put(fresh(), data), contents))
        assert [read(store, one) for one in stored] == contents

    def test_of_many_puts_to_one_name_a_whole_one_stays(self, store: ObjectStore) -> None:
        name = fresh()

        def put(number: int) -> Stored | None:
            try:
                return store.put(name, bytes([number]) * 4096)
            except NameTaken:
                return None

        with ThreadPoolExecutor(8) as pool:
            stored = [one for one in pool.map(put, range(8)) if one is not None]
        assert len(stored) == 1 or (stored and not self.puts_exclude_each_other)
        assert sum(is_in(store, one) for one in stored) == 1

    def test_a_store_may_be_ensured_again(self, store: ObjectStore) -> None:
        stored = store.put(fresh(), PHOTO)
        store.ensure()
        store.ping()
        assert read(store, stored) == PHOTO


class TestMemory(ObjectStoreContract):
    @pytest.fixture
    def store(self) -> ObjectStore:
        self.memory = MemoryStore()
        return self.memory

    def overwrite(self, name: str, data: bytes) -> None:
        self.memory.objects[name] = data


class TestFolder(ObjectStoreContract):
    @pytest.fixture
    def store(self, tmp_path_factory: pytest.TempPathFactory) -> ObjectStore:
        self.root = tmp_path_factory.mktemp("store") / "objects"
        store = open_store(self.root.as_uri())
        store.ensure()
        return store

    def overwrite(self, name: str, data: bytes) -> None:
        (self.root / name).write_bytes(data)


class TestS3(ObjectStoreContract):
    puts_exclude_each_other = False  # S3 has no lock; the second of two at the very same moment wins

    @pytest.fixture
    def store(self, minio: MinIO, minio_url: str) -> ObjectStore:
        self.server = minio
        self.bucket = minio_url.partition("?")[0].rpartition("/")[2]
        return open_store(minio_url)

    def overwrite(self, name: str, data: bytes) -> None:
        self.server.client().put_object(self.bucket, name, io.BytesIO(data), len(data))
