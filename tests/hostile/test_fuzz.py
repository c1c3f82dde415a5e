"""Each target of the fuzzers takes the files that it begins with, and what a few changes make of them."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys

import pytest

from tests.hostile.fuzz import guided, targets

NEEDS_PARQUET = ("parquet", "gzip", "format")
RUNS = "-runs=150"


@pytest.mark.parametrize("name", targets.TARGETS)
def test_a_target_takes_any_bytes(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if name in NEEDS_PARQUET:
        pytest.importorskip("pyarrow", reason="the extra `parquet` is not installed")
    target = targets.TARGETS[name]
    for data in (b"", b"\0", b"\xff" * 40, *targets.seeds(name)):
        target(data)
    assert guided.unguided(target, targets.seeds(name), [RUNS]) == 0


def test_what_a_target_raises_is_told_with_its_seed() -> None:
    def broken(data: bytes) -> None:
        raise AssertionError("no end")

    with pytest.raises(AssertionError, match="no end") as told:
        guided.unguided(broken, [b"x"], [RUNS])
    assert told.value.__notes__ == ["seed 0"]


@pytest.mark.parametrize("only", ["csv", "tsv", "jsonl", "gzip", "parquet"])
def test_one_kind_alone_can_be_tried_by_the_hour(only: str) -> None:
    if only == "parquet" and importlib.util.find_spec("pyarrow") is None:
        pytest.skip("the extra `parquet` is not installed")
    command = [sys.executable, "-m", "tests.hostile.fuzz", "--only", only, "--cases", "4", "--children", "1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    kinds = {verdict.split()[0] for verdict in told["verdicts"]}
    assert sum(told["verdicts"].values()) == 4
    assert all(kind.endswith("gz" if only == "gzip" else only) or only in kind for kind in kinds)
