"""MNIST: the textbook's network after 5 epochs beside a small one of ours, and what the textbook reports.

`EPOCHS` shortens both for a trial. The test part is looked at once for each network, at the end.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import benchmarks.threads  # noqa: F401 - before torch
from benchmarks.shop import need_data, report
from workers.trainer.data.idx import read_idx
from workers.trainer.data.parts import Parts
from workers.trainer.evaluation.evaluate import look
from workers.trainer.hardware import hardware
from workers.trainer.recipes.presets import classic, digits
from workers.trainer.recipes.recipe import Recipe
from workers.trainer.training.train import train

TEXTBOOK = 0.9832


def main() -> None:
    epochs = os.environ.get("EPOCHS")
    folder = need_data() / "mnist"
    # The textbook chooses nothing on a validation part, so its network learns from all 60,000.
    textbook = _measure(read_idx(folder, validation=0.0), classic(int(epochs)) if epochs else classic())
    ours = _measure(read_idx(folder, validation=0.05), digits(int(epochs)) if epochs else digits())
    rows = [["network", "test accuracy", "epochs", "seconds"], ["the textbook says", TEXTBOOK, 5, ""]]
    for name, (accuracy, done, seconds) in (("classic", textbook), ("improved", ours)):
        rows.append([name, round(accuracy, 4), done, round(seconds)])
    report(
        "mnist",
        rows,
        classic=round(textbook[0], 4),
        improved=round(ours[0], 4),
        limit=TEXTBOOK,
        classic_s=round(textbook[2]),
        improved_s=round(ours[2]),
    )


def _measure(parts: Parts, recipe: Recipe) -> tuple[float, int, float]:
    """Test accuracy, epochs and seconds of training."""
    with tempfile.TemporaryDirectory(prefix="tusou-bench-") as home:
        trained = train(parts, recipe, Path(home), hardware=hardware())
    found = look(
        trained.network,
        parts.test,
        labels=parts.labels,
        preprocess=trained.preprocess,
        hardware=hardware(),
        batch=256,
    )
    return found.accuracy, trained.course.done, trained.facts["train_s"]


if __name__ == "__main__":
    main()
