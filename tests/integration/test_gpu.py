"""What computes on a GPU says what the CPU says. Each of these skips where there is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is an extra")
if not torch.cuda.is_available():
    pytest.skip("no GPU on this machine", allow_module_level=True)

# E402: these need torch, so they follow the skip where there is none.
from tests.invented_weights import invent_weights  # noqa: E402
from tests.trainer_rig import bars  # noqa: E402
from workers.models.detectors.registry import load_detector  # noqa: E402
from workers.models.port import Embedded  # noqa: E402
from workers.models.registry import load_model  # noqa: E402
from workers.models.steps import embed  # noqa: E402
from workers.trainer.hardware import Hardware, hardware  # noqa: E402
from workers.trainer.recipes.recipe import Recipe, Stage  # noqa: E402
from workers.trainer.runs import train_artefact  # noqa: E402
from workers.trainer.training.train import Trained, train  # noqa: E402

GPU = Hardware("cuda")
RECIPE = Recipe(
    "digits", (Stage(2, 3e-3), Stage(2, 1e-3, blocks=1, views=2)), batch=12, augmentation="digits", dim=16
)


class KilledError(Exception):
    """Stands for whatever ends the process."""


def _photos(count: int, side: int = 224) -> list[np.ndarray]:
    return list(np.random.default_rng(2).integers(0, 256, (count, side, side, 3), np.uint8))


def _least_cosine(one: list[Embedded], other: list[Embedded]) -> float:
    return min(float(a.vector @ b.vector) for a, b in zip(one, other, strict=True))


def test_a_gpu_is_taken_where_there_is_one() -> None:
    assert hardware().device == "cuda"


@pytest.mark.parametrize("name", ["mobilenet_v2", "resnet50", "convnext_tiny", "vit_b_32"])
def test_it_gives_the_vectors_of_the_cpu(name: str, tmp_path: Path) -> None:
    """The fingerprint leaves the engine out, which asks for a cosine of 0.9999."""
    weights = str(invent_weights(name, tmp_path))
    on_cpu = load_model(name, weights=weights, device="cpu", engine="torch")
    on_gpu = load_model(name, weights=weights, device="cuda")

    assert (on_gpu.device, on_gpu.fingerprint) == ("cuda", on_cpu.fingerprint)
    assert _least_cosine(embed(on_cpu, _photos(8)), embed(on_gpu, _photos(8))) >= 0.9999


def test_a_batch_of_another_size_changes_nothing(tmp_path: Path) -> None:
    model = load_model("mobilenet_v2", weights=str(invent_weights("mobilenet_v2", tmp_path)), device="cuda")
    photos = _photos(64)

    together = embed(model, photos)

    assert _least_cosine(together[-3:], embed(model, photos[-3:])) >= 0.9999


def test_it_learns_and_resumes_to_the_same_result(tmp_path: Path) -> None:
    whole = train(bars(), RECIPE, tmp_path / "whole", hardware=GPU)

    def kill(event: dict[str, Any]) -> None:
        if event["event"] == "epoch" and event["number"] == 2:
            raise KilledError

    with pytest.raises(KilledError):
        train(bars(), RECIPE, tmp_path / "killed", hardware=GPU, on_progress=kill)
    resumed = train(bars(), RECIPE, tmp_path / "killed", hardware=GPU)

    assert whole.course.history[-1].validation["accuracy"] >= 0.9
    assert _same(resumed, whole)


def _same(one: Trained, other: Trained) -> bool:
    a, b = one.network.state_dict(), other.network.state_dict()
    return all(torch.equal(a[key], b[key]) for key in a)


@pytest.mark.parametrize("metric", ["softmax", "arcface", "proxy_anchor"])
def test_metric_losses_learn(metric: str, tmp_path: Path) -> None:
    recipe = Recipe("digits", (Stage(3, 3e-3),), batch=12, dim=16, metric=metric, per_class=4, watch="r1")
    trained = train(bars(), recipe, tmp_path, hardware=GPU)
    assert trained.course.best is not None
    assert trained.course.best >= 0.9


def test_what_was_trained_is_served_as_by_the_cpu(tmp_path: Path) -> None:
    train_artefact(bars(), RECIPE, tmp_path, name="bars", hardware=GPU)
    folder = str(tmp_path / "model")
    pictures = [np.stack([np.asarray(example.image)] * 3, -1) for example in bars().test]

    found = {
        device: embed(load_model(folder, weights=None, device=device, engine=engine), pictures)
        for device, engine in (("cuda", "torch"), ("cpu", "onnx"))
    }

    assert _least_cosine(found["cuda"], found["cpu"]) >= 0.9999
    firsts = [[each.label for each in found[device]] for device in ("cuda", "cpu")]
    assert firsts[0] == firsts[1]


def test_a_detector_finds_what_the_cpu_finds(tmp_path: Path) -> None:
    """Weights are invented, so what is found means nothing; it must be the same."""
    from torchvision.models import detection

    torch.manual_seed(0)
    name = "fasterrcnn_mobilenet_v3_large_320_fpn"
    net = detection.fasterrcnn_mobilenet_v3_large_320_fpn(weights=None, weights_backbone=None)
    torch.save(net.state_dict(), tmp_path / f"{name}.pth")
    photos = _photos(2, side=320)

    on_cpu, on_gpu = (
        load_detector(name, weights=str(tmp_path), device=device, min_score=0.0).detect(photos)
        for device in ("cpu", "cuda")
    )

    for here, there in zip(on_cpu, on_gpu, strict=True):
        assert len(here) == len(there)
        scores = [[each.score for each in found] for found in (here, there)]
        np.testing.assert_allclose(*scores, atol=2e-3)
