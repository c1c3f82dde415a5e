"""Mutations without end: `python -m tests.hostile.fuzz --cases 1000000 --seed 7`.

Images go through the header check and a real decode child, manifests through the readers, Parquet through
the limited child; `--only jsonl` tries nothing else. A case that breaks a rule is written to `--keep` and
told; the last line is one JSON object, and the exit status is 1 unless `broken` and `children_lost` are 0.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from shared.catalog.manifest.formats import ManifestFormat
from tests.hostile.images.mutations import mutated
from tests.hostile.judged import LOST_CODES, memory_mib, verdict
from tests.hostile.manifests.reading import ending, ending_in_child
from tests.hostile.manifests.sound import mutated_manifest, mutated_parquet
from workers.vision.decode.pool import DecodePool

# Of a hundred cases: a Parquet file costs a process, which takes as long as two hundred images.
_IMAGES, _MANIFESTS = 89, 10
_ENDINGS = {"manifest": "", "csv": "csv", "tsv": "tsv", "jsonl": "jsonl", "gzip": ".gz"}
KINDS = ("image", *_ENDINGS, "parquet")
_BLOCK = 2_000


def _kind_of(seed: int) -> str:
    part = seed % 100
    if part < _IMAGES:
        return "image"
    return "manifest" if part < _IMAGES + _MANIFESTS else "parquet"


class Tally:
    """What came of the cases so far."""

    def __init__(self, keep: Path | None, only: str | None = None) -> None:
        self.verdicts: Counter[str] = Counter()
        self.broken = 0
        self._keep = keep
        self._only = only

    def case(self, seed: int, pool: DecodePool, folder: Path) -> None:
        data = b""
        try:
            match self._only or _kind_of(seed):
                case "image":
                    _, data = mutated(seed)
                    code = verdict(pool, data)
                    self.verdicts[f"image {code}"] += 1
                    if code in LOST_CODES:
                        self._tell(seed, data, code)
                case "parquet":
                    data = mutated_parquet(seed)
                    path = folder / str(seed)
                    path.write_bytes(data)
                    self.verdicts[f"parquet {ending_in_child(path, ManifestFormat.PARQUET)}"] += 1
                    path.unlink()
                case of:
                    name, kind, data = mutated_manifest(seed, _ENDINGS[of])
                    self.verdicts[f"{name} {ending(data, kind)}"] += 1
        except Exception as error:
            self.broken += 1
            self._tell(seed, data, repr(error))

    def _tell(self, seed: int, data: bytes, what: str) -> None:
        print(f"seed {seed}: {what} ({len(data)} bytes)", file=sys.stderr)
        if self._keep is not None:
            self._keep.mkdir(parents=True, exist_ok=True)
            (self._keep / f"case-{seed}").write_bytes(data)


def main() -> int:
    arguments = argparse.ArgumentParser(prog="python -m tests.hostile.fuzz", description=__doc__)
    arguments.add_argument("--cases", type=int, default=100_000)
    arguments.add_argument("--seed", type=int, default=0, help="cases are seed, seed + 1, …")
    arguments.add_argument("--only", choices=KINDS, default=None, help="of all kinds only one")
    arguments.add_argument("--children", type=int, default=2, help="decode children at work")
    arguments.add_argument("--keep", type=Path, default=None, help="folder for cases that break a rule")
    asked = arguments.parse_args()
    logging.disable(logging.INFO)
    started, tally = time.monotonic(), Tally(asked.keep, asked.only)
    with (
        closing(DecodePool(asked.children)) as pool,
        TemporaryDirectory() as folder,
        ThreadPoolExecutor(asked.children) as threads,
    ):
        end = asked.seed + asked.cases
        for first in range(asked.seed, end, _BLOCK):
            seeds = range(first, min(first + _BLOCK, end))
            list(threads.map(lambda seed: tally.case(seed, pool, Path(folder)), seeds))
        told = {
            "name": "fuzz",
            "cases": asked.cases,
            "seed": asked.seed,
            "seconds": round(time.monotonic() - started, 1),
            "broken": tally.broken,
            "children_lost": sum(tally.verdicts[f"image {code}"] for code in LOST_CODES),
            "children": pool.alive(),
            "largest_child_mib": round(max(memory_mib(pid, "VmHWM") for pid in pool.pids())),
            "verdicts": dict(sorted(tally.verdicts.items())),
        }
    print(json.dumps(told))
    return 1 if told["broken"] or told["children_lost"] else 0


if __name__ == "__main__":
    sys.exit(main())
