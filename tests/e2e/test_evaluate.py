"""`tusou evaluate` of a model on disk and of the service that serves it: one report, and the same figures."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("torch", reason="torch is an extra")
pytest.importorskip("pytorch_metric_learning", reason="an extra of the trainer")
pytest.importorskip("torchmetrics", reason="an extra of the trainer")
pytest.importorskip("onnxruntime", reason="an extra of the engines")

# E402: these need torch, so they follow the skip where there is none.
from typer.testing import CliRunner

from services.cli import importing
from services.cli.embedded.stack import Stack
from tests.deployment import client_of, deployed
from tests.trainer_rig import bars, picture
from workers.trainer.cli.app import app
from workers.trainer.hardware import Hardware
from workers.trainer.recipes.recipe import Recipe, Stage
from workers.trainer.runs import train_artefact


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    recipe = Recipe("digits", (Stage(1, 3e-3),), batch=12, dim=16)
    train_artefact(bars(), recipe, folder, name="bars", hardware=Hardware("cpu"))
    return folder / "model"


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve products of two photos each, four of each label; one photo is another's copy."""
    folder = tmp_path_factory.mktemp("catalogue")
    rows = []
    for product in range(12):
        for photo in range(2):
            shown = 0 if (product, photo) == (3, 1) else product
            pixels = picture(product % 3, 3000 + shown)
            pixels[:, 14:] += np.uint8(40 * photo)
            large = Image.fromarray(pixels).resize((280, 280), Image.Resampling.NEAREST)
            large.save(folder / f"{product}-{photo}.png")
        rows.append(f"{product},bar,bar {product % 3},{product}-0.png|{product}-1.png")
    text = "\n".join(["id,title,category,images", *rows])
    (folder / "products.csv").write_text(text, encoding="utf-8")
    return folder / "products.csv"


@pytest.fixture(scope="module")
def stack(model: Path, manifest: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    # The gate asks for photos, and these are bars.
    home, gate = tmp_path_factory.mktemp("home"), {"TUSOU_QUALITY_GATE": "false"}
    with deployed(home, model=str(model), data_folder=manifest.parent, **gate) as stack:
        job = importing.run(client_of(stack), manifest, quiet=True, base="")
        assert job["state"] == "succeeded", job
        yield stack


def _report(manifest: Path, out: Path, *options: str) -> dict[str, Any]:
    done = CliRunner().invoke(app, ["evaluate", str(manifest), "--out", str(out), *options])
    assert done.exit_code == 0, done.exception
    assert (out / "report.html").is_file()
    told: dict[str, Any] = json.loads((out / "report.json").read_text(encoding="utf-8"))
    return told


def test_a_model_and_the_service_that_serves_it_have_one_report(
    stack: Stack, model: Path, manifest: Path, tmp_path: Path
) -> None:
    """Vectors in an index are float16, so that near equals may change places."""
    local = _report(manifest, tmp_path / "model", "--model", str(model), "--part", "all")
    service = _report(manifest, tmp_path / "service", "--service", stack.url)

    assert local.keys() == service.keys()
    assert service["facts"]["fingerprint"] == local["facts"]["fingerprint"]
    assert (service["facts"]["rejected photos"], service["facts"]["partial answers"]) == (0, 0)
    for kind in ("retrieval_by_category", "retrieval_by_product"):
        assert service[kind]["queries"] == local[kind]["queries"]
        for name in ("r1", "r5", "r10", "map", "mrr", "ndcg"):
            assert service[kind][name] == pytest.approx(local[kind][name], abs=0.02), (kind, name)


def test_the_service_is_measured_by_its_categories(stack: Stack, manifest: Path, tmp_path: Path) -> None:
    told = _report(manifest, tmp_path, "--service", stack.url)

    found = told["classification"]
    assert "neighbour" in told["probabilities"]
    assert [one["label"] for one in found["labels"]] == ["bar 0", "bar 1", "bar 2"]
    assert (found["pictures"], found["unanswered"]) == (24, 0)
    assert found["accuracy"] >= 0.8
    assert sum(sum(row) for row in found["confusion"]) == 24
    assert all(one["roc_curve"] and one["pr_curve"] for one in found["labels"])
    assert found["calibration"]["bins"]
