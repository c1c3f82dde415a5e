"""Which engine and which device compute."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from shared.errors import TusouError
from tests.needs import need_safetensors
from workers.models import serving
from workers.models.engines import choice, devices
from workers.models.engines.choice import choose_engine


@pytest.fixture(autouse=True)
def _no_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "GPU_DRIVERS", ())


@pytest.mark.parametrize(
    ("engine", "device", "chosen"),
    [("auto", "auto", "onnx"), ("auto", "cpu", "onnx"), ("onnx", "auto", "onnx"), ("torch", "cpu", "torch")],
)
def test_on_a_cpu_the_faster_engine_is_the_default(
    monkeypatch: pytest.MonkeyPatch, engine: str, device: str, chosen: str
) -> None:
    monkeypatch.setattr(choice, "find_spec", lambda _: object())

    assert choose_engine(engine, device) == (chosen, "cpu")


def test_without_onnx_runtime_torch_computes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "find_spec", lambda _: None)

    assert choose_engine("auto", "auto") == ("torch", "cpu")


def test_on_a_gpu_torch_computes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "choose_device", lambda _: "cuda")

    assert choose_engine("auto", "auto") == ("torch", "cuda")


def test_the_engine_onnx_computes_on_no_gpu() -> None:
    with pytest.raises(TusouError, match="TUSOU_DEVICE=cpu") as told:
        choose_engine("onnx", "cuda")

    assert told.value.code == "no_gpu"


@pytest.mark.parametrize(
    ("engine", "device", "code"), [("tf", "cpu", "no_engine"), ("auto", "tpu", "no_device")]
)
def test_an_unknown_engine_or_device_is_refused(engine: str, device: str, code: str) -> None:
    with pytest.raises(TusouError) as told:
        choose_engine(engine, device)

    assert told.value.code == code


def test_torch_is_not_asked_for_a_gpu_where_no_driver_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking means importing it, seconds and hundreds of megabytes."""
    monkeypatch.setattr(devices, "find_spec", lambda _: pytest.fail("it was looked for"))

    assert devices.choose_device("auto") == "cpu"


def test_a_gpu_that_was_asked_for_and_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "find_spec", lambda _: None)

    with pytest.raises(TusouError, match="TUSOU_DEVICE is cuda"):
        devices.choose_device("cuda")


def test_an_artefact_runs_with_what_it_brings(tmp_path: Path) -> None:
    """Its ONNX file alone, or torch too for a network that torch can build."""
    need_safetensors()
    from tests.unit.test_models_artefact import ARTEFACT, STATE
    from workers.models.artefacts.files import pack

    known = replace(ARTEFACT, architecture="torchvision something")

    assert pack(ARTEFACT, STATE, b"graph")[0].artefact.engines() == ("onnx",)
    assert pack(known, STATE, b"graph")[0].artefact.engines() == ("onnx", "torch")
    assert pack(known, STATE, None)[0].artefact.engines() == ("torch",)
    assert pack(replace(known, precision="int8"), {}, b"graph")[0].artefact.engines() == ("onnx",)


def test_an_engine_that_an_artefact_has_nothing_for_is_refused_with_those_it_has() -> None:
    need_safetensors()
    from tests.unit.test_models_artefact import ARTEFACT, STATE
    from workers.models.artefacts.files import pack

    opened, _ = pack(ARTEFACT, STATE, b"graph")

    with pytest.raises(TusouError, match="but with: onnx") as told:
        serving.serve(opened, name="ours", engine="torch", device="cpu", threads=1)

    assert told.value.code == "no_engine"
