"""Clothing photos in ten classes: fine-tuned mobilenet_v2 beside a linear probe of its frozen features.

Everything is chosen on the validation part; the test part is looked at once, at the end. `EPOCHS` shortens
both stages for a trial. The last line has `accuracy` and `macro_f1` of the test part, and `train_s`.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import benchmarks.threads  # noqa: F401 - before torch
from benchmarks.shop import need_data, report, weights
from workers.trainer.data.folder import read_folder
from workers.trainer.data.parts import Parts
from workers.trainer.evaluation.classification import Classification, classification
from workers.trainer.evaluation.evaluate import look
from workers.trainer.hardware import hardware
from workers.trainer.recipes.presets import transfer
from workers.trainer.training.train import Trained, train

PROBE = 0.855  # a linear probe of the frozen network, measured apart from this script


def main() -> None:
    epochs = os.environ.get("EPOCHS")
    parts = read_folder(need_data() / "photos/clothing")
    recipe = transfer(head=int(epochs), tuned=int(epochs)) if epochs else transfer()
    with tempfile.TemporaryDirectory(prefix="tusou-bench-") as home:
        trained = train(parts, recipe, Path(home), hardware=hardware(), weights=weights())
    found = _test(trained, parts)
    report(
        "clothing",
        [
            ["", "accuracy", "macro F1", "ECE", "epochs", "seconds"],
            ["linear probe, frozen", PROBE, "", "", "", ""],
            [
                "fine-tuned mobilenet_v2",
                round(found.accuracy, 4),
                round(found.macro.f1, 4),
                round(found.calibration.ece, 4),
                trained.course.done,
                round(trained.facts["train_s"]),
            ],
        ],
        accuracy=round(found.accuracy, 4),
        macro_f1=round(found.macro.f1, 4),
        train_s=round(trained.facts["train_s"]),
        validation=round(trained.facts["best"], 4),
        limit=PROBE,
    )


def _test(trained: Trained, parts: Parts) -> Classification:
    found = look(
        trained.network,
        parts.test,
        labels=parts.labels,
        preprocess=trained.preprocess,
        hardware=hardware(),
    )
    figures = classification(found.probabilities, found.labels, parts.labels)
    assert figures is not None
    return figures


if __name__ == "__main__":
    main()
