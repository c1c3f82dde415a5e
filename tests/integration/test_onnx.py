"""ONNX Runtime beside torch: the same vectors and labels, torch imported once or never."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("onnxruntime", reason="ONNX Runtime is in the extra onnx")
pytest.importorskip("onnx", reason="onnx is in the extra onnx")

from shared.errors import TusouError
from tests import onnx_files
from tests.contract.test_models import ModelContract
from tests.needs import need_torch
from workers.models.artefacts.artefact import Artefact
from workers.models.artefacts.files import open_folder, write
from workers.models.engines.onnx_engine import OnnxEngine
from workers.models.port import Embedded, Model
from workers.models.preprocessing.geometry import prepare
from workers.models.preprocessing.preprocess import Preprocess
from workers.models.registry import load_model
from workers.models.steps import embed

DATA = Path(os.environ.get("TUSOU_DATA", "../shared/data"))
PHOTOS = DATA / "photos" / "imagenet-sample"
WEIGHTS = DATA / "weights" / "mobilenet_v2.pth"
ARTEFACT = Artefact(
    name="halves",
    architecture="means of two halves",
    dim=onnx_files.DIM,
    preprocess=Preprocess(
        onnx_files.CROP, onnx_files.CROP, "bilinear", "squash", (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
    ),
    labels=onnx_files.LABELS,
)
# Says which of torch and its kin were imported after a worker's modules and a model were.
TOLD = """
import json, sys
import numpy as np
import workers.vision.app, workers.vision.wiring
from workers.models.registry import load_model
from workers.models.steps import embed
model = load_model({name!r}, weights={weights!r}, **{options!r})
side = model.preprocess.crop
(result,) = embed(model, [np.full((side, side, 3), 200, np.uint8)])
torch = sorted({{name.partition(".")[0] for name in sys.modules}} & {{"torch", "torchvision"}})
print(json.dumps([result.label, torch]))
"""


def _in_another_process(name: str, *, weights: str | None = None, **options: str) -> tuple[str, list[str]]:
    code = TOLD.format(name=name, weights=weights, options=options)
    if "cache" in options:
        code = "from pathlib import Path\n" + code.replace(
            repr(options["cache"]), f"Path({options['cache']!r})"
        )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    label, torch = json.loads(done.stdout)
    return label, torch


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "halves", ARTEFACT, onnx_files.PARAMETERS, onnx_files.halves())
    return tmp_path / "halves"


class TestArtefact(ModelContract):
    @pytest.fixture(scope="class")
    @classmethod
    def model(cls, tmp_path_factory: pytest.TempPathFactory) -> Model:
        folder = tmp_path_factory.mktemp("artefact") / "halves"
        write(folder, ARTEFACT, onnx_files.PARAMETERS, onnx_files.halves())
        return load_model(str(folder), weights=None, threads=1)


class TestExportedNetwork(ModelContract):
    @pytest.fixture(scope="class")
    @classmethod
    def model(cls, tmp_path_factory: pytest.TempPathFactory) -> Model:
        need_torch()
        from tests.invented_weights import invent_weights

        weights = invent_weights("mobilenet_v2", tmp_path_factory.mktemp("weights"))
        return load_model("mobilenet_v2", weights=str(weights), engine="onnx", threads=1)


class TestVariant(ModelContract):
    """Every option at once."""

    @pytest.fixture(scope="class")
    @classmethod
    def model(cls, tmp_path_factory: pytest.TempPathFactory) -> Model:
        need_torch()
        folder = tmp_path_factory.mktemp("variant")
        return load_model(str(_variant(folder)), weights=None, engine="onnx", threads=1)


def _lively(weights: Path) -> Path:
    """Through 52 layers as initialised a photo of 64 pixels fades to 1e-9; normalised more, it does not."""
    import torch

    state = torch.load(weights, weights_only=True)
    torch.save({k: v * 0.1 if k.endswith("running_var") else v for k, v in state.items()}, weights)
    return weights


def _variant(folder: Path) -> Path:
    from tests.invented_weights import invent_weights
    from workers.trainer.export.variant import Options, write_variant

    photos = []
    for number in range(10):
        photos.append(folder / f"{number}.png")
        noise = np.random.default_rng(number).integers(0, 256, (8, 8, 3), np.uint8)
        Image.fromarray(noise).resize((80, 60)).save(photos[-1])
    options = Options(
        preprocess=Preprocess(64, 64, "bilinear", "squash", (0.5, 0.5, 0.5), (0.2, 0.2, 0.2)),
        pooling=2.0,
        averaging="mirror",
        dim=6,
        colour=0.5,
        colour_dim=4,
    )
    weights = str(_lively(invent_weights("mobilenet_v2", folder)))
    write_variant(folder / "variant", "mobilenet_v2", options, photos, name="variant", weights=weights)
    return folder / "variant"


def test_an_artefact_with_an_onnx_file_is_served_without_torch(folder: Path) -> None:
    """By a process that has imported all of the vision worker."""
    assert _in_another_process(str(folder)) == ("bright", [])


@pytest.mark.parametrize(
    "change",
    [{"dim": onnx_files.DIM + 1}, {"labels": ("dark", "bright", "grey")}],
    ids=["another dimension", "more labels than logits"],
)
def test_a_model_that_cannot_embed_is_refused_when_it_is_loaded(
    folder: Path, tmp_path: Path, change: dict[str, Any]
) -> None:
    opened = open_folder(folder)
    assert opened is not None
    broken = replace(opened.artefact, **change)
    write(tmp_path / "broken", broken, opened.state(), opened.file("model.onnx"))

    with pytest.raises(TusouError, match="no model that can be served") as told:
        load_model(str(tmp_path / "broken"), weights=None, threads=1)

    assert told.value.code == "artefact_unfit"


def test_numbers_beside_an_onnx_file_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They would come from wherever the process happens to run, and no hash knows them."""
    import onnx

    model = onnx.load_from_string(onnx_files.halves())
    onnx.save(model, tmp_path / "m.onnx", save_as_external_data=True, location="m.data", size_threshold=0)
    monkeypatch.chdir(tmp_path)

    with pytest.raises(TusouError) as told:
        OnnxEngine((tmp_path / "m.onnx").read_bytes(), where="m", threads=1)

    assert told.value.code == "onnx_unreadable"


def test_a_model_may_be_named_by_what_the_object_store_calls_it(folder: Path) -> None:
    store = {f"halves-1/{path.name}": path.read_bytes() for path in folder.iterdir()}

    model = load_model("halves-1", weights=None, fetch_object=store.get, threads=1)

    assert (model.name, model.dim, model.labels) == ("halves-1", onnx_files.DIM, onnx_files.LABELS)


def test_a_model_may_be_named_by_what_the_folder_of_weights_calls_it(folder: Path) -> None:
    model = load_model("halves", weights=str(folder.parent), threads=1)

    assert (model.name, model.dim) == ("halves", onnx_files.DIM)


def test_a_name_that_is_neither_built_in_nor_stored_is_unknown() -> None:
    with pytest.raises(TusouError, match="object store") as told:
        load_model("nobody", weights=None, fetch_object=lambda _: None)

    assert told.value.code == "unknown_model"


def test_what_an_onnx_file_says_is_what_it_computes(folder: Path) -> None:
    photo = np.zeros((onnx_files.CROP, onnx_files.CROP, 3), np.uint8)
    photo[:, : onnx_files.CROP // 2] = (29, 0, 0)
    photo[:, onnx_files.CROP // 2 :] = (0, 0, 39)

    (result,) = embed(load_model(str(folder), weights=None, threads=1), [photo])

    means = np.array([30, 1, 1, 1, 1, 40])
    np.testing.assert_allclose(result.vector, means / np.linalg.norm(means), rtol=1e-5)
    assert result.label == "bright"
    assert result.label_score == pytest.approx(1 / (1 + np.exp(-2 * 0.74)), rel=1e-4)


@pytest.mark.parametrize("data", [b"", b"no graph", onnx_files.halves()[:200]], ids=["empty", "text", "cut"])
def test_a_file_that_is_no_network_is_refused_by_name(data: bytes) -> None:
    with pytest.raises(TusouError, match=r"ours/model\.onnx") as told:
        OnnxEngine(data, where="ours/model.onnx")

    assert told.value.code == "onnx_unreadable"


def test_a_network_with_other_outputs_is_refused() -> None:
    with pytest.raises(TusouError, match="vectors") as told:
        OnnxEngine(onnx_files.halves(output="vectors"), where="theirs")

    assert told.value.code == "onnx_unreadable"


def test_without_onnx_runtime_the_error_says_what_to_install(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)

    with pytest.raises(TusouError, match=r"tusou\[onnx\]") as told:
        load_model(str(folder), weights=None, engine="onnx")

    assert told.value.code == "onnx_missing"


def test_without_the_exporters_package_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workers.models.published import exported

    (tmp_path / "mobilenet_v2.pth").write_bytes(b"w")
    monkeypatch.setattr(exported, "find_spec", lambda _: None)

    with pytest.raises(TusouError, match=r"tusou\[torch\]") as told:
        load_model("mobilenet_v2", weights=str(tmp_path), engine="onnx")

    assert told.value.code == "onnx_missing"


def test_an_exported_network_is_kept_and_served_without_torch_from_then_on(tmp_path: Path) -> None:
    need_torch()
    from tests.invented_weights import invent_weights

    weights, cache = str(invent_weights("mobilenet_v2", tmp_path)), tmp_path / "cache"
    first = load_model("mobilenet_v2", weights=weights, engine="onnx", threads=1, cache=cache)

    assert first.fingerprint == load_model("mobilenet_v2", weights=weights, engine="torch").fingerprint
    _, torch = _in_another_process("mobilenet_v2", weights=weights, cache=str(cache))
    assert torch == []


def test_a_damaged_cache_is_made_again(tmp_path: Path) -> None:
    need_torch()
    from tests.invented_weights import invent_weights

    weights, cache = str(invent_weights("mobilenet_v2", tmp_path)), tmp_path / "cache"
    load_model("mobilenet_v2", weights=weights, engine="onnx", threads=1, cache=cache)
    (kept,) = cache.iterdir()
    (kept / "model.onnx").write_bytes(b"damaged")

    load_model("mobilenet_v2", weights=weights, engine="onnx", threads=1, cache=cache)

    opened = open_folder(kept)
    assert opened is not None
    opened.verify()


def _agree(one: list[Embedded], other: list[Embedded]) -> None:
    assert min(a.vector @ b.vector for a, b in zip(one, other, strict=True)) >= 0.9999
    assert [each.label for each in one] == [each.label for each in other]


@pytest.mark.parametrize("name", ["mobilenet_v3_large", "resnet50", "convnext_tiny", "vit_b_32"])
def test_every_network_is_the_same_in_both_engines(name: str, tmp_path: Path) -> None:
    """Two images, where the export saw two, and three, where it did not."""
    need_torch()
    from tests.invented_weights import invent_weights

    weights = str(invent_weights(name, tmp_path))
    photos = list(np.random.default_rng(0).integers(0, 256, (3, 224, 224, 3), np.uint8))
    onnx = load_model(name, weights=weights, engine="onnx", threads=1)
    torch = load_model(name, weights=weights, engine="torch", device="cpu", threads=1)

    for count in (1, 2, 3):
        _agree(embed(onnx, photos[:count]), embed(torch, photos[:count]))
    assert onnx.fingerprint == torch.fingerprint


def test_a_variant_is_the_same_in_both_engines(tmp_path: Path) -> None:
    need_torch()
    folder = str(_variant(tmp_path))
    photos = list(np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3), np.uint8))

    models = [load_model(folder, weights=None, engine=e, device="cpu", threads=1) for e in ("onnx", "torch")]

    _agree(*(embed(model, photos) for model in models))
    assert [model.dim for model in models] == [10, 10]


def test_pooled_otherwise_an_image_has_another_vector_and_the_same_label(tmp_path: Path) -> None:
    """The classifier is given the average that it was trained on."""
    need_torch()
    from tests.invented_weights import invent_weights
    from workers.trainer.export.variant import Options, write_variant

    weights = str(_lively(invent_weights("mobilenet_v2", tmp_path)))
    photo = np.random.default_rng(3).integers(0, 256, (224, 224, 3), np.uint8)
    found = {}
    for pooling in (1.0, 3.0):
        folder = tmp_path / str(pooling)
        write_variant(folder, "mobilenet_v2", Options(pooling=pooling), [], name="p", weights=weights)
        (found[pooling],) = embed(load_model(str(folder), weights=None, threads=1), [photo])

    assert found[1].vector @ found[3].vector < 0.9999
    assert found[1].label == found[3].label
    assert found[1].label_score == pytest.approx(found[3].label_score, rel=1e-3)


def test_the_generalised_mean_lies_between_the_average_and_the_maximum() -> None:
    need_torch()
    import torch

    from workers.models.engines.torch_engine import GeneralisedMean

    maps = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])

    assert GeneralisedMean(1)(maps).item() == pytest.approx(2.5)
    assert GeneralisedMean(2)(maps).item() == pytest.approx(7.5**0.5)
    assert GeneralisedMean(60)(maps).item() == pytest.approx(4, rel=0.03)


def test_a_network_without_a_map_cannot_be_pooled_otherwise(tmp_path: Path) -> None:
    need_torch()
    from tests.invented_weights import invent_weights
    from workers.trainer.export.variant import Options, write_variant

    weights = str(invent_weights("vit_b_32", tmp_path))
    with pytest.raises(TusouError, match="no map") as told:
        write_variant(tmp_path / "v", "vit_b_32", Options(pooling=2.0), [], name="v", weights=weights)

    assert told.value.code == "no_engine"


@pytest.mark.skipif(
    not (PHOTOS.is_dir() and WEIGHTS.is_file()), reason=f"no real photos and weights in {DATA} (TUSOU_DATA)"
)
class TestRealWeights:
    @pytest.fixture(scope="class")
    @classmethod
    def photos(cls) -> list[np.ndarray]:
        preprocess = Preprocess(256, 224, "bilinear", "center", (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
        return [
            prepare(Image.open(path).convert("RGB"), preprocess) for path in sorted(PHOTOS.iterdir())[::20]
        ]

    def test_both_engines_agree_on_real_photos(self, photos: list[np.ndarray]) -> None:
        need_torch()
        onnx, torch = (
            load_model("mobilenet_v2", weights=str(WEIGHTS), engine=engine, device="cpu", threads=1)
            for engine in ("onnx", "torch")
        )

        for first in range(0, len(photos), 8):
            _agree(embed(onnx, photos[first : first + 8]), embed(torch, photos[first : first + 8]))
        assert onnx.fingerprint == torch.fingerprint

    def test_int8_is_a_quarter_of_the_bytes_and_a_model_of_its_own(
        self, photos: list[np.ndarray], tmp_path: Path
    ) -> None:
        """Same label for nine photos of ten, vectors within a cosine of .9: measured .93 and .95."""
        need_torch()
        from dataclasses import replace

        from workers.models.published.exported import exported
        from workers.trainer.export.int8 import to_int8

        exact = exported("mobilenet_v2", WEIGHTS, cache=None)
        small = to_int8(exact.file("model.onnx"), photos[::2])
        written = write(tmp_path / "int8", replace(exact.artefact, precision="int8"), {}, small)
        ours = embed(load_model(str(tmp_path / "int8"), weights=None, threads=1), photos[1::2])
        theirs = embed(load_model("mobilenet_v2", weights=str(WEIGHTS), threads=1), photos[1::2])

        assert len(small) < len(exact.file("model.onnx")) * 0.3
        assert written.fingerprint != exact.artefact.fingerprint
        same = [one.label == other.label for one, other in zip(ours, theirs, strict=True)]
        assert np.mean(same) >= 0.8
        assert np.mean([a.vector @ b.vector for a, b in zip(ours, theirs, strict=True)]) > 0.9
