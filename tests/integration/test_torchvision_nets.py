"""The torchvision networks: loaded strictly, split in the right place, and right about real photos."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch", reason="torch is an extra")
pytest.importorskip("torchvision", reason="torchvision is an extra")

# E402: these need torch, so they follow the skip where there is none.
from shared.errors import TusouError, WeightsMissing  # noqa: E402
from tests.invented_weights import invent_weights  # noqa: E402
from workers.models import registry  # noqa: E402
from workers.models.port import Model  # noqa: E402
from workers.models.preprocessing.geometry import prepare  # noqa: E402
from workers.models.published.torchvision_nets import ARCHITECTURES  # noqa: E402
from workers.models.registry import load_model  # noqa: E402
from workers.models.steps import embed  # noqa: E402

DATA = Path(os.environ.get("TUSOU_DATA", "../shared/data"))
PHOTOS = DATA / "photos" / "imagenet-sample"
WEIGHTS = DATA / "weights" / "mobilenet_v2.pth"


def _load(name: str, weights: Path) -> Model:
    # One thread: beside other tests, OpenMP threads that wait for each other are slower than none.
    return load_model(name, weights=str(weights), device="cpu", threads=1, engine="torch")


def test_the_registry_knows_each_network() -> None:
    """It names them itself, so as not to import torch for a list."""
    assert set(ARCHITECTURES) < set(registry.names())


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_embedding_and_label_are_those_of_the_undivided_network(name: str, tmp_path: Path) -> None:
    """Body and head in a row are torchvision's own forward, and the body's output has the promised width."""
    weights = invent_weights(name, tmp_path)
    model = _load(name, weights)
    whole = ARCHITECTURES[name].build().eval()
    whole.load_state_dict({k: v.float() for k, v in torch.load(weights, weights_only=True).items()})
    crop = model.preprocess.crop
    photo = np.random.default_rng(0).integers(0, 256, (crop, crop, 3), np.uint8)

    (result,) = embed(model, [photo])

    with torch.inference_mode():
        chances = whole(model.pre([photo]).contiguous()).softmax(1)[0]
    assert result.vector.shape == (model.dim,)
    assert result.label == model.labels[int(chances.argmax())]
    assert result.label_score == pytest.approx(float(chances.max()), rel=1e-3)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_pixels_reach_the_network_as_torchvision_would_hand_them_over(name: str, tmp_path: Path) -> None:
    photo = Image.fromarray(np.random.default_rng(1).integers(0, 256, (300, 400, 3), np.uint8))
    model = _load(name, invent_weights(name, tmp_path))

    ours = model.pre([prepare(photo, model.preprocess)])[0]

    torch.testing.assert_close(ours, ARCHITECTURES[name].weights.transforms()(photo), atol=1e-5, rtol=0)


def test_the_same_weights_have_the_same_fingerprint_in_any_file(tmp_path: Path) -> None:
    """Half precision in one file, single in the other: what is computed with is the same."""
    half = invent_weights("mobilenet_v2", tmp_path)
    single = tmp_path / "single.pth"
    loaded = torch.load(half, weights_only=True)
    torch.save({k: v.float() if v.is_floating_point() else v for k, v in loaded.items()}, single)

    assert _load("mobilenet_v2", half).fingerprint == _load("mobilenet_v2", single).fingerprint


def test_other_weights_have_another_fingerprint(tmp_path: Path) -> None:
    path = invent_weights("mobilenet_v2", tmp_path)
    before = _load("mobilenet_v2", path).fingerprint
    changed = torch.load(path, weights_only=True)
    changed["classifier.1.bias"][0] += 1
    torch.save(changed, path)

    assert _load("mobilenet_v2", path).fingerprint != before


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TusouError, match="another network's") as told:
        _load("resnet50", invent_weights("mobilenet_v2", tmp_path))

    assert told.value.code == "weights_unfit"


def test_weights_that_lack_one_tensor_are_refused(tmp_path: Path) -> None:
    """No part of a network is ever left to chance."""
    path = invent_weights("mobilenet_v2", tmp_path)
    some = torch.load(path, weights_only=True)
    del some["classifier.1.bias"]
    torch.save(some, path)

    with pytest.raises(TusouError, match=r"classifier\.1\.bias"):
        _load("mobilenet_v2", path)


@pytest.mark.parametrize("content", [b"", b"not a pickle", b"PK\x03\x04 cut off"])
def test_a_file_that_holds_no_weights_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "mobilenet_v2.pth"
    path.write_bytes(content)

    with pytest.raises(TusouError, match="cannot be read as weights") as told:
        _load("mobilenet_v2", path)

    assert told.value.code == "weights_unfit"


def test_weights_come_from_the_object_store(tmp_path: Path) -> None:
    content = invent_weights("mobilenet_v2", tmp_path).read_bytes()

    model = load_model(
        "mobilenet_v2",
        weights=None,
        device="cpu",
        engine="torch",
        fetch_object={"mobilenet_v2.pth": content}.get,
    )

    assert model.fingerprint == _load("mobilenet_v2", tmp_path).fingerprint


def test_a_download_without_a_network_tells_the_three_ways(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def offline(*_: object, **__: object) -> None:
        raise OSError("no route to host")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", offline)

    with pytest.raises(WeightsMissing, match=r"TUSOU_WEIGHTS.*object store.*download"):
        load_model("mobilenet_v2", weights=None, device="cpu")


def test_the_threads_are_those_asked_for(tmp_path: Path) -> None:
    weights = str(invent_weights("mobilenet_v2", tmp_path))

    for threads in (2, 1):
        load_model("mobilenet_v2", weights=weights, device="cpu", threads=threads, engine="torch")
        assert torch.get_num_threads() == threads


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_a_gpu_that_is_not_there_is_no_reason_to_compute_elsewhere(tmp_path: Path) -> None:
    with pytest.raises(TusouError, match="TUSOU_DEVICE"):
        load_model("mobilenet_v2", weights=str(tmp_path), device="cuda")


@pytest.mark.skipif(
    not (PHOTOS.is_dir() and WEIGHTS.is_file()), reason=f"no real photos and weights in {DATA} (TUSOU_DATA)"
)
def test_real_weights_name_three_of_four_photos_rightly() -> None:
    """.74 of every fifth photo was measured; random weights name one of a thousand."""
    model = _load("mobilenet_v2", WEIGHTS.parent)
    paths = sorted(PHOTOS.iterdir())  # one photo a class, in the order of the classes
    rightly = 0
    for first in range(0, 1000, 40):
        classes = range(first, first + 40, 5)
        photos = [prepare(Image.open(paths[c]).convert("RGB"), model.preprocess) for c in classes]
        for c, result in zip(classes, embed(model, photos), strict=True):
            rightly += result.label == model.labels[c]

    assert rightly / 200 >= 0.70
