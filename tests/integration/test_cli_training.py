"""`tusou train`, `evaluate`, `export` and `variant` with the real trainer and tiny data."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from PIL import Image

from tests.signals import hear_ctrl_c
from tests.trainer_rig import picture

_NEEDED = ("torch", "torchmetrics", "pytorch_metric_learning", "onnxruntime", "onnx")
_MISSING = [name for name in _NEEDED if find_spec(name) is None]
pytestmark = pytest.mark.skipif(bool(_MISSING), reason=f"extras not installed: {', '.join(_MISSING)}")

TUSOU = [sys.executable, "-c", "from services.cli.main import main; main()"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the data `data`, the trained model `runs/bars/model` and a deployment in `home`."""
    place = tmp_path_factory.mktemp("place")
    for label in range(3):
        (place / "data" / f"bar {label}").mkdir(parents=True)
        for number in range(20):
            Image.fromarray(picture(label, number)).save(place / "data" / f"bar {label}" / f"{number}.png")
    told = tusou(place, "train", "data", "--name", "bars", *recipe(epochs=2))
    assert "epoch 1  loss" in told
    assert "accuracy" in told
    tusou(place, "migrate")
    return place


def recipe(epochs: int) -> list[str]:
    stages = json.dumps([{"epochs": epochs, "rate": 0.003}])
    return ["--recipe", "digits", "--set", f"stages={stages}", "--set", "batch=8", "--threads", "1"]


def environment(place: Path) -> dict[str, str]:
    return {**os.environ, "TUSOU_HOME": str(place / "home"), "PYTHONPATH": str(Path.cwd()), "COLUMNS": "200"}


def tusou(place: Path, *arguments: str, code: int = 0) -> str:
    done = subprocess.run(
        [*TUSOU, *arguments], cwd=place, env=environment(place), capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_ctrl_c_keeps_the_epochs_that_are_done(place: Path) -> None:
    arguments = ["train", "data", "--name", "interrupted", *recipe(epochs=200)]
    command = subprocess.Popen(
        [*TUSOU, *arguments], cwd=place, env=environment(place), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=hear_ctrl_c,
    )  # fmt: skip
    assert command.stdout is not None
    assert command.stdout.readline().startswith("epoch 0")
    command.send_signal(signal.SIGINT)
    _, said = command.communicate(timeout=60)

    assert command.returncode == 130
    assert "goes on from the last checkpoint: tusou train data --name interrupted" in said
    assert "Traceback" not in said
    again = subprocess.Popen(
        [*TUSOU, *arguments], cwd=place, env=environment(place), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=hear_ctrl_c,
    )  # fmt: skip
    assert again.stdout is not None
    assert again.stdout.readline().startswith("resuming after ")
    again.send_signal(signal.SIGINT)
    again.communicate(timeout=60)


def test_a_trained_model_is_measured(place: Path) -> None:
    told = tusou(place, "evaluate", "data", "--model", "runs/bars/model", "--out", "report")
    assert "accuracy" in told
    assert "report/report.html" in told
    assert (place / "report" / "report.html").is_file()


def test_an_export_tells_what_int8_costs(place: Path) -> None:
    tusou(place, "models", "push", "runs/bars/model")
    told = tusou(place, "export", "bars@1", "--onnx", "--int8", "--data", "data", "--out", "small")
    assert "bars-int8" in told
    assert "% of it" in told
    card = json.loads((place / "small" / "model.json").read_text(encoding="utf-8"))
    assert card["precision"] == "int8"
    assert card["evaluation"]["pictures"] == 6  # the test part of 60: nothing that was learnt from
    whole = (place / "runs" / "bars" / "model" / "model.onnx").stat().st_size
    assert (place / "small" / "model.onnx").stat().st_size < whole / 2


def test_an_export_without_pictures_tells_the_rate(place: Path) -> None:
    told = tusou(place, "export", "runs/bars/model", "--out", "same")
    assert "images/s" in told
    name = "model.onnx"
    assert (place / "same" / name).read_bytes() == (place / "runs" / "bars" / "model" / name).read_bytes()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["export", "runs/bars/model", "--int8", "--out", "x"], "int8 needs pictures"),
        (["export", "nobody", "--out", "x"], "there is no model 'nobody'"),
        (
            ["variant", "mobilenet_v2", "--sample", "data", "--out", "x"],
            "60 photos; more than 512 are needed",
        ),
    ],
)
def test_trouble_is_a_sentence(place: Path, arguments: list[str], sentence: str) -> None:
    told = tusou(place, *arguments, code=1)
    assert sentence in told
    assert "Traceback" not in told
