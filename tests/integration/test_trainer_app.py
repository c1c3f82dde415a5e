"""The trainer as the process that others start: its lines, its files, and the model that workers serve."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch", reason="torch is an extra")
pytest.importorskip("pytorch_metric_learning", reason="an extra of the trainer")
pytest.importorskip("torchmetrics", reason="an extra of the trainer")
pytest.importorskip("onnxruntime", reason="an extra of the engines")

# E402: these need torch, so they follow the skip where there is none.
from torchvision.models import mobilenet_v3_small  # noqa: E402

from shared.errors import InvalidRequest  # noqa: E402
from tests.trainer_rig import bars, picture  # noqa: E402
from workers.models.artefacts.files import open_folder  # noqa: E402
from workers.models.engines.onnx_engine import OnnxEngine  # noqa: E402
from workers.trainer.artefacts import read_artefact  # noqa: E402
from workers.trainer.data.split import Shares  # noqa: E402
from workers.trainer.evaluation.evaluate import look  # noqa: E402
from workers.trainer.hardware import Hardware  # noqa: E402
from workers.trainer.recipes.presets import metric, transfer  # noqa: E402
from workers.trainer.recipes.recipe import Recipe, Stage  # noqa: E402
from workers.trainer.runs import evaluate_artefact, split_of, train_artefact  # noqa: E402

CPU = Hardware("cpu")
RECIPE = Recipe("digits", (Stage(2, 3e-3),), batch=12, dim=16)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished training."""
    folder = tmp_path_factory.mktemp("run")
    train_artefact(bars(), RECIPE, folder, name="bars", hardware=CPU)
    return folder


def test_a_run_leaves_a_model_and_its_reports(run: Path) -> None:
    assert {p.name for p in run.iterdir()} >= {"model", "report.json", "report.html", "curves.jsonl"}
    card = read_artefact(run / "model").artefact
    assert (card.name, card.labels, card.dim) == ("bars", ("bar 0", "bar 1", "bar 2"), 16)
    assert card.evaluation["accuracy"] >= 0.8
    assert card.training["recipe"]["network"] == "digits"
    assert card.no_confident_match is not None
    assert -1 <= card.no_confident_match <= 1


def test_both_engines_of_a_model_agree(run: Path) -> None:
    """Cosine 0.9999 and the same first label, on pictures as a search prepares them."""
    opened = open_folder(run / "model")
    assert opened is not None
    engine = OnnxEngine(opened.file("model.onnx"), where="model", threads=1)
    parts = bars()
    loaded = read_artefact(run / "model")
    found = look(
        loaded.network, parts.test, labels=parts.labels, preprocess=loaded.artefact.preprocess, hardware=CPU
    )
    pixels = np.stack([np.stack([np.asarray(e.image)] * 3, -1) for e in parts.test])

    raw = engine.run(engine.load(pixels))

    vectors = raw.features / np.linalg.norm(raw.features, axis=1, keepdims=True)
    assert (vectors * found.embeddings).sum(1).min() >= 0.9999
    assert raw.logits is not None
    assert np.array_equal(raw.logits.argmax(1), found.probabilities.argmax(1))


def test_a_model_is_looked_at_again_with_the_same_result(run: Path, tmp_path: Path) -> None:
    report = evaluate_artefact(run / "model", bars(), "test", tmp_path, hardware=CPU)

    before = json.loads((run / "report.json").read_text(encoding="utf-8"))
    assert report.classification is not None
    assert report.classification.accuracy == before["classification"]["accuracy"]


def test_pictures_of_unknown_labels_are_refused(run: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="bar 3"):
        evaluate_artefact(run / "model", bars(labels=4), "test", tmp_path, hardware=CPU)


def test_an_evaluation_divides_the_data_as_the_training_did(tmp_path: Path) -> None:
    """With another seed most of its test part would have been learnt from."""
    train_artefact(bars(), replace(RECIPE, seed=3), tmp_path, name="b", hardware=CPU, shares=Shares(0.2, 0.3))

    assert split_of(tmp_path / "model") == (Shares(0.2, 0.3), 3)
    assert split_of(tmp_path / "model", test=0.1, seed=0) == (Shares(0.2, 0.1), 0)


def test_a_model_is_never_overwritten(run: Path) -> None:
    with pytest.raises(InvalidRequest, match="never changes"):
        train_artefact(bars(), RECIPE, run, name="bars", hardware=CPU)


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="no model"):
        read_artefact(tmp_path)


@pytest.mark.parametrize("make", [transfer, metric])
def test_recipes_for_published_weights_run_through(tmp_path: Path, make: Callable[..., Recipe]) -> None:
    """The head, then the last blocks; weights of the right shapes stand in for published ones."""
    torch.manual_seed(0)
    torch.save(mobilenet_v3_small().state_dict(), tmp_path / "mobilenet_v3_small.pth")
    recipe = replace(make("mobilenet_v3_small", head=1, tuned=1), side=64, batch=8, per_class=0)

    artefact = train_artefact(
        bars(train=8, validation=4, test=4), recipe, tmp_path / "run", name="x", hardware=CPU,
        weights=str(tmp_path),
    )  # fmt: skip

    assert artefact.preprocess.crop == 64
    assert artefact.training["epochs"] == 2


def _trainer(*arguments: str) -> tuple[int, list[dict[str, Any]]]:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "workers.trainer", *arguments],
        capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def test_the_process_trains_and_evaluates_a_folder_of_classes(tmp_path: Path) -> None:
    for label in range(3):
        (tmp_path / "data" / f"bar {label}").mkdir(parents=True)
        for number in range(20):
            Image.fromarray(picture(label, number)).save(tmp_path / "data" / f"bar {label}" / f"{number}.png")
    data, out = str(tmp_path / "data"), str(tmp_path / "out")
    quick = ["--set", "network=digits", "--set", 'stages=[{"epochs": 1, "rate": 0.003}]', "--set", "batch=8"]

    code, told = _trainer("train", data, "--out", out, "--recipe", "digits", "--name", "bars", *quick)

    assert code == 0, told
    kinds = [line["event"] for line in told if line["event"] != "step"]
    assert kinds == ["started", "stage", "epoch", "finished", "report"]
    code, told = _trainer("evaluate", data, "--model", f"{out}/model", "--out", f"{out}/again")
    assert code == 0, told
    assert told[-1]["pictures"] == 6
    assert (tmp_path / "out" / "again" / "report.html").is_file()


def test_trouble_is_one_line_and_an_exit_status(tmp_path: Path) -> None:
    code, told = _trainer(
        "train", str(tmp_path / "none"), "--out", str(tmp_path), "--recipe", "classic", "--name", "x"
    )
    assert code == 1
    assert [(line["event"], line["code"]) for line in told] == [("failed", "invalid_request")]
