"""Which object store a URL names."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from shared.storage.folder import FolderStore
from shared.storage.memory import MemoryStore
from shared.storage.open import open_store
from shared.storage.s3 import S3Store


def test_each_form_of_url_opens_its_store_and_makes_nothing_yet(tmp_path: Path) -> None:
    assert isinstance(open_store("memory://"), MemoryStore)
    assert isinstance(open_store((tmp_path / "objects").as_uri()), FolderStore)
    assert isinstance(open_store("s3://key:secret@127.0.0.1:1/bucket?secure=false&region="), S3Store)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_may_have_any_name(tmp_path: Path) -> None:
    folder = tmp_path / "fotos 100% größer"
    open_store(folder.as_uri()).ensure()
    assert folder.is_dir()


def test_every_memory_is_one_of_its_own() -> None:
    first, second = open_store("memory://"), open_store("memory://")
    stored = first.put("incoming/shop/a", b"x")
    assert second.size(stored.name) is None


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/var/lib/tusou",
        "file://var/lib/tusou",
        "file:relative",
        "http://key:hush-hush@host/bucket",
        "s3://host/bucket",
        "s3://key@host/bucket",
        "s3://key:hush-hush@host",
        "s3://key:hush-hush@host/bucket/folder",
        "s3://key:hush-hush@host/ab",
        "s3://key:hush-hush@host/Bucket",
        "s3://key:hush-hush@/bucket",
        "s3://key:hush-hush@host/bucket?secure=no",
        "s3://key:hush-hush@host/bucket?regoin=eu",
    ],
)
def test_another_form_of_url_is_refused_without_telling_its_secret(url: str) -> None:
    with pytest.raises(ValueError, match="must be memory://, file:///folder or s3://") as refused:
        open_store(url)
    assert "hush" not in str(refused.value)


def test_the_client_of_s3_is_loaded_by_those_who_chose_it_only() -> None:
    script = "import sys; from shared.storage.open import open_store; print('minio' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"
