"""What the benchmarks share: the real data, a real deployment, and figures."""

from __future__ import annotations

import csv
import json
import os
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from services.cli.client import Client
from services.cli.embedded.address import free_port
from services.cli.embedded.stack import Stack
from shared.settings import Settings

MODEL = os.environ.get("MODEL", "mobilenet_v2")
ENGINE = os.environ.get("ENGINE", "auto")
DATA = Path(os.environ.get("TUSOU_DATA", Path(__file__).parents[2] / "shared" / "data"))


def need_data() -> Path:
    """The folder of real catalogues and weights; says what is missing and exits."""
    if not (DATA / "catalogs").is_dir():
        raise SystemExit(f"no data in {DATA}: set TUSOU_DATA to a folder with catalogs/ and weights/")
    return DATA.resolve()


def weights() -> str:
    """The weights of the data folder, else those that TUSOU_WEIGHTS names."""
    return os.environ.get("TUSOU_WEIGHTS", str(need_data() / "weights"))


@contextmanager
def shop(model: str = MODEL, **env: str) -> Iterator[tuple[Stack, Client]]:
    """A deployment in a temporary home that may name files of the data folder.

    Whoever searches with photos of the catalogues turns the quality gate off: one in a thousand is rejected.
    """
    with tempfile.TemporaryDirectory(prefix="tusou-bench-") as home:
        settings = Settings(home=Path(home), port=free_port(), model=model)
        stack = Stack(
            settings,
            {
                "TUSOU_MODEL": model,
                "TUSOU_ENGINE": ENGINE,
                "TUSOU_WEIGHTS": weights() if model not in ("descriptor", "fake") else "",
                "TUSOU_DATA_FOLDER": str(need_data()),
                "TUSOU_LOG_LEVEL": "WARNING",
                **env,
            },
        )
        try:
            stack.start()
            yield stack, Client(Settings(), url=stack.url)
        finally:
            stack.stop()


def fashion_rows() -> list[dict[str, str]]:
    with (need_data() / "catalogs/fashion/products.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write_rows(rows: Sequence[dict[str, str]], path: Path) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def import_fashion(client: Client, rows: Sequence[dict[str, str]]) -> dict[str, Any]:
    """Load rows of the fashion catalogue; returns the finished job."""
    with tempfile.TemporaryDirectory() as folder:
        manifest = write_rows(rows, Path(folder) / "products.csv")
        job = client.wait(client.start_import(manifest, base="catalogs/fashion"), timeout=3600)
    if job["state"] != "succeeded" or job["result"]["bad_rows"]:
        raise SystemExit(f"the import did not end well: {job}")
    return job


def fashion_photo(row: dict[str, str]) -> bytes:
    return (need_data() / "catalogs/fashion" / row["image"]).read_bytes()


def search(client: Client, photo: bytes, **fields: Any) -> dict[str, Any]:
    form = {k: v if isinstance(v, str) else json.dumps(v) for k, v in fields.items()}
    job = client.wait(
        client.post("/v1/searches", files={"image": photo}, data=form, headers={"Prefer": "wait=30"})
    )
    if job["state"] != "succeeded":
        raise SystemExit(f"a search did not succeed: {job}")
    return job


class Searches:
    """Seconds of each search, as its client counts them, and milliseconds of its steps, as the service."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.steps: dict[str, list[float]] = defaultdict(list)

    def run(self, client: Client, photo: bytes) -> None:
        began = time.perf_counter()
        job = search(client, photo)
        self.seconds.append(time.perf_counter() - began)
        for step, took_ms in job["timings_ms"].items():
            self.steps[step].append(took_ms)


def timed_searches(client: Client, photos: Sequence[bytes], count: int) -> Searches:
    """So many, one after the other, with these photos in turn."""
    done = Searches()
    for n in range(count):
        done.run(client, photos[n % len(photos)])
    return done


def quantiles(seconds: Sequence[float]) -> dict[str, float]:
    """p50, p95 and p99 in milliseconds."""
    values = np.percentile(np.asarray(seconds) * 1000, [50, 95, 99])
    return dict(zip(("p50", "p95", "p99"), (round(float(v), 1) for v in values), strict=True))


def processor_seconds(stack: Stack) -> float:
    """User and system time of every process of the deployment, children included."""
    total = 0.0
    for child in stack.children:
        process = psutil.Process(child.pid)
        for one in [process, *process.children(recursive=True)]:
            times = one.cpu_times()
            total += times.user + times.system
    return total


def report(name: str, rows: Sequence[Sequence[object]], **figures: Any) -> None:
    """A table, and the figures as the last line."""
    widths = [max(len(str(row[n])) for row in rows) for n in range(len(rows[0]))]
    for row in rows:
        print("  ".join(str(cell).ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    print(json.dumps({"name": name, **figures}))
