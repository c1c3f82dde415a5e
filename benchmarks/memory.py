"""Resident memory of each idle process of a deployment with the sample catalogue's default model."""

from __future__ import annotations

import os
import time

import psutil

from benchmarks.shop import report, shop

REST_S = 5.0
GATEWAY_LIMIT_MB = 120


def main() -> None:
    model = os.environ.get("MODEL", "descriptor")
    with shop(model) as (stack, _):
        time.sleep(REST_S)
        figures = {}
        for child in stack.children:
            process = psutil.Process(child.pid)
            figures[child.name] = round(process.memory_info().rss / 2**20, 1)
            for helper in process.children(recursive=True):
                name = f"{child.name}_children"
                figures[name] = round(figures.get(name, 0.0) + helper.memory_info().rss / 2**20, 1)
    rows = [["process", "MB resident", "limit"]]
    rows += [[name, mb, GATEWAY_LIMIT_MB if name == "gateway" else ""] for name, mb in figures.items()]
    report("memory", rows, **figures)


if __name__ == "__main__":
    main()
