"""Hostile manifests through the readers and their limited child: records and one end, nothing else."""

from __future__ import annotations

import importlib.util
from collections import Counter
from pathlib import Path

import pytest

from shared.catalog.manifest.formats import ManifestFormat
from tests.hostile.manifests.bombs import bombs, parquet_bombs
from tests.hostile.manifests.reading import ending, ending_in_child
from tests.hostile.manifests.sound import mutated_manifest, mutated_parquet, sound_manifests

CASES = 1_000
PARQUET_CASES = 12  # each is a process

with_parquet = pytest.mark.skipif(
    importlib.util.find_spec("pyarrow") is None, reason="the extra `parquet` is not installed"
)
PARQUET_BOMBS = parquet_bombs() if importlib.util.find_spec("pyarrow") else {}


@pytest.mark.parametrize("name", sound_manifests())
def test_what_mutations_begin_with_is_read_whole(name: str) -> None:
    kind, data = sound_manifests()[name]
    assert ending(data, kind) == "done"


@pytest.mark.parametrize("name", bombs())
def test_a_bomb_ends_in_the_limited_child(name: str, tmp_path: Path) -> None:
    kind, data, codes = bombs()[name]
    path = tmp_path / "manifest"
    path.write_bytes(data)
    assert ending_in_child(path, kind) in codes


@with_parquet
@pytest.mark.parametrize("name", PARQUET_BOMBS)
def test_a_parquet_bomb_ends_in_the_limited_child(name: str, tmp_path: Path) -> None:
    kind, data, codes = PARQUET_BOMBS[name]
    path = tmp_path / "manifest"
    path.write_bytes(data)
    assert ending_in_child(path, kind) in codes


def test_any_mutation_gives_records_in_order_and_one_end() -> None:
    seen = Counter[str]()
    for seed in range(CASES):
        name, kind, data = mutated_manifest(seed)
        try:
            seen[ending(data, kind)] += 1
        except Exception as error:
            error.add_note(f"seed {seed}, {name}")
            raise
    assert seen["done"] > CASES / 3
    assert seen["unreadable"] > CASES / 100


@with_parquet
def test_mutated_parquet_ends_in_the_limited_child(tmp_path: Path) -> None:
    for seed in range(PARQUET_CASES):
        path = tmp_path / str(seed)
        path.write_bytes(mutated_parquet(seed))
        ending_in_child(path, ManifestFormat.PARQUET)
