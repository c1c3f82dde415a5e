"""`python -m benchmarks NAME` runs one; without a name all of them, and writes docs/benchmarks.md."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from pathlib import Path

ORDER = (
    "memory",
    "relevance",
    "import_rate",
    "search_latency",
    "search_during_import",
    "fairness",
    "overload",
    "after_bombs",
    "bad_hosts",
    "freshness",
    "engine",
    "quality_gate",
    "detection",
    "multi_item",
    # From here each takes minutes to an hour.
    "mnist",
    "clothing",
    "metric_learning",
)
PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"


def main() -> int:
    if len(sys.argv) > 1:
        return subprocess.run([sys.executable, "-m", f"benchmarks.{sys.argv[1]}"], check=False).returncode
    sections = [f"# Benchmarks\n\nMeasured by `make bench` on {platform.platform()}, {_processors()}.\n"]
    failed = 0
    for name in ORDER:
        print(f"--- {name}", flush=True)
        done = subprocess.run(
            [sys.executable, "-m", f"benchmarks.{name}"], check=False, stdout=subprocess.PIPE, text=True
        )
        print(done.stdout)
        failed += done.returncode != 0
        *table, last = done.stdout.strip().splitlines() or [""]
        if done.returncode == 0:
            json.loads(last)
        sections.append(f"## {name}\n\n```\n" + "\n".join(table) + f"\n{last}\n```\n")
    PAGE.write_text("\n".join(sections), encoding="utf-8")
    return 1 if failed else 0


def _processors() -> str:
    text = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    models = [line.split(":", 1)[1].strip() for line in text.splitlines() if line.startswith("model name")]
    return f"{len(models)} × {models[0]}" if models else platform.processor()


if __name__ == "__main__":
    raise SystemExit(main())
