"""What the quality gate rejects: good photos by mistake, damaged ones on purpose.

    python -m benchmarks.quality_gate               measures the shipped thresholds
    python -m benchmarks.quality_gate --calibrate   finds thresholds first, and measures those

Each damage is taken at the level where R@1 on the general catalogue has halved, of the network `MODEL`.
Thresholds are found on one half of the photos and measured on the other. Needs the real photos and weights
(`TUSOU_DATA`). The last line is one JSON object: `false_reject` is the share of good photos rejected by
folder, `caught` that of damaged ones by damage and folder, `passed_r1` the R@1 of those queries that
passed though damaged.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from benchmarks.quality_gate.calibration import GAUGES, Gauge, Threshold, threshold
from benchmarks.quality_gate.damages import DAMAGES
from benchmarks.quality_gate.halving import Retrieval, halving
from benchmarks.quality_gate.photos import CALIBRATE, FOLDERS, OTHERS, REPORT, half, opened, photos, some
from benchmarks.quality_gate.survey import Metrics, measured, pale, rejected, share
from benchmarks.shop import report
from workers.vision.quality import WHITE, QualityThresholds, measure

DAMAGED = 120  # of each half of each folder, by each damage
WHITE_ON_WHITE = "white on white"


def main() -> None:
    started = time.monotonic()
    paths = {folder: photos(folder) for folder in (*FOLDERS, *OTHERS)}
    retrieval = Retrieval()
    undamaged = float(retrieval.right().mean())
    halvings = {damage.name: halving(damage, retrieval, undamaged) for damage in DAMAGES}
    levels = {name: found.level for name, found in halvings.items()}

    thresholds = QualityThresholds()
    if "--calibrate" in sys.argv[1:]:
        found = calibrate({folder: half(paths[folder], CALIBRATE) for folder in FOLDERS}, levels)
        for name, one in found.items():
            print(
                f"{name:10} {one.value:7.3g}   damaged up to {one.reach:.3g}, good ones from {one.limit:.3g}"
            )
        thresholds = replace(thresholds, **{name: float(f"{one.value:.2g}") for name, one in found.items()})

    good = {folder: half(paths[folder], REPORT) for folder in FOLDERS} | {f: paths[f] for f in OTHERS}
    good[WHITE_ON_WHITE] = pale(good["catalogs/fashion"])
    false_reject = {folder: share(rejected(measured(good[folder]), thresholds)) for folder in good}
    caught: dict[str, dict[str, float]] = {}
    passed_r1: dict[str, float | None] = {}
    for damage in DAMAGES:
        level = levels[damage.name]
        caught[damage.name] = {
            folder: share(rejected(measured(some(good[folder], DAMAGED), damage, level), thresholds))
            for folder in FOLDERS
        }
        passed = ~np.array(rejected(measured(retrieval.paths, damage, level), thresholds))
        right = retrieval.right(damage, level)[passed]
        caught[damage.name]["queries"] = round(1 - float(passed.mean()), 4)
        passed_r1[damage.name] = round(float(right.mean()), 4) if len(right) else None

    report(
        "quality_gate",
        [
            ["rejected", "level", *good, "queries", "R@1 of those passed"],
            ["as they are", "", *(f"{value:.2%}" for value in false_reject.values()), "", f"{undamaged:.4f}"],
            *(
                [
                    damage.name,
                    f"{levels[damage.name]:.3g} {damage.unit}",
                    *(f"{caught[damage.name][folder]:.2%}" for folder in FOLDERS),
                    *[""] * (len(good) - len(FOLDERS)),
                    f"{caught[damage.name]['queries']:.2%}",
                    passed_r1[damage.name] if passed_r1[damage.name] is not None else "none",
                ]
                for damage in DAMAGES
            ),
        ],
        false_reject=false_reject,
        caught=caught,
        passed_r1=passed_r1,
        r1=round(undamaged, 4),
        halved_at={name: round(level, 2) for name, level in levels.items()},
        curves={name: [(at, round(r1, 3)) for at, r1 in one.curve] for name, one in halvings.items()},
        thresholds=asdict(thresholds),
        photos={folder: len(good[folder]) for folder in good},
        measure_ms=round(_milliseconds(good["photos/clothing"][:100]), 2),
        seconds=round(time.monotonic() - started),
    )


def calibrate(halves: Mapping[str, list[Path]], levels: Mapping[str, float]) -> dict[str, Threshold]:
    """The threshold of each gauge's metric from one half of each folder."""
    good = {folder: measured(halves[folder]) for folder in halves}
    damaged = {
        damage.name: {
            folder: measured(some(halves[folder], DAMAGED), damage, levels[damage.name]) for folder in halves
        }
        for damage in DAMAGES
    }
    return {
        gauge.metric: threshold(
            gauge.sign,
            [found for metrics in good.values() if (found := _judged_by(gauge, metrics))],
            [
                [one[gauge.metric] for one in metrics]
                for name in gauge.damages
                for metrics in damaged[name].values()
            ],
        )
        for gauge in GAUGES
    }


def _judged_by(gauge: Gauge, metrics: list[Metrics]) -> list[float]:
    white = WHITE / 255 if gauge.without_white else math.inf
    return [one[gauge.metric] for one in metrics if one["highlights"] < white]


def _milliseconds(paths: list[Path]) -> float:
    """What `measure` takes on the median photo."""
    taken = []
    for image in map(opened, paths):
        begun = time.perf_counter()
        measure(image, min(image.size))
        taken.append(time.perf_counter() - begun)
    return float(np.median(taken)) * 1e3


if __name__ == "__main__":
    main()
