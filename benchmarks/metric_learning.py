"""The fashion catalogue's categories: a metric-tuned embedding beside the raw network's, on unseen products.

Split by product; each photo of the test part is asked for among the others of that part. `EPOCHS` shortens
both stages and `MOST` the catalogue for a trial.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import benchmarks.threads  # noqa: F401 - before torch
from benchmarks.shop import need_data, report, weights
from workers.models.networks.blocks import BlockNetwork
from workers.models.networks.build import build, preprocess_of
from workers.models.preprocessing.preprocess import Preprocess
from workers.trainer.data.catalogue import read_catalogue
from workers.trainer.data.copies import copies
from workers.trainer.data.parts import Parts, make_parts
from workers.trainer.data.split import Shares
from workers.trainer.evaluation.evaluate import look
from workers.trainer.evaluation.neighbours import Gallery, by_category
from workers.trainer.evaluation.retrieval import Retrieval, retrieval
from workers.trainer.hardware import hardware
from workers.trainer.recipes.presets import metric
from workers.trainer.training.train import train

NETWORK = "mobilenet_v2"


def main() -> None:
    epochs = os.environ.get("EPOCHS")
    parts = _parts(int(os.environ.get("MOST", "1000000")))
    recipe = metric(head=int(epochs), tuned=int(epochs)) if epochs else metric()
    raw = build(NETWORK, classes=len(parts.labels), weights=weights())
    before = _measure(raw, preprocess_of(NETWORK), parts)
    with tempfile.TemporaryDirectory(prefix="tusou-bench-") as home:
        trained = train(parts, recipe, Path(home), hardware=hardware(), weights=weights())
    after = _measure(trained.network, trained.preprocess, parts)
    report(
        "metric_learning",
        [
            [f"{before.queries} queries, {len(parts.labels)} categories", "R@1", "R@10", "mAP", "nDCG"],
            *(
                [name, *(f"{value:.4f}" for value in (found.r1, found.r10, found.map, found.ndcg))]
                for name, found in (("raw", before), ("tuned", after))
            ),
        ],
        raw_r1=round(before.r1, 4),
        tuned_r1=round(after.r1, 4),
        raw_map=round(before.map, 4),
        tuned_map=round(after.map, 4),
        train_s=round(trained.facts["train_s"]),
    )


def _parts(most: int) -> Parts:
    """At most `most` products of each part; a category that is then learnt from nowhere is left out."""
    whole = read_catalogue(need_data() / "catalogs/fashion/products.csv", shares=Shares(0.1, 0.2))
    learnt = whole.train[:most]
    known = {example.label for example in learnt}
    rest = ([e for e in part if e.label in known][:most] for part in (whole.validation, whole.test))
    return make_parts(learnt, *rest)


def _measure(network: BlockNetwork, preprocess: Preprocess, parts: Parts) -> Retrieval:
    found = look(
        network.to(hardware().device),
        parts.test,
        labels=parts.labels,
        preprocess=preprocess,
        hardware=hardware(),
    )
    ranked = retrieval(by_category(Gallery(found.embeddings, found.labels, found.groups, copies(parts.test))))
    if ranked is None:
        raise SystemExit("no category of the test part has two products")
    return ranked


if __name__ == "__main__":
    main()
