"""Telling each thing from all others: a network that learns without categories, and its variant."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch", reason="torch is an extra")
pytest.importorskip("pytorch_metric_learning", reason="an extra of the trainer")
pytest.importorskip("torchmetrics", reason="an extra of the trainer")
pytest.importorskip("onnxruntime", reason="an extra of the engines")

# E402: these need torch, so they follow the skip where there is none.
from shared.errors import InvalidRequest, TusouError  # noqa: E402
from tests.trainer_rig import examples, picture  # noqa: E402
from workers.models.artefacts.files import Opened, open_folder  # noqa: E402
from workers.models.serving import serve  # noqa: E402
from workers.trainer.data.example import Example  # noqa: E402
from workers.trainer.data.parts import Parts, make_parts  # noqa: E402
from workers.trainer.evaluation.report import Report  # noqa: E402
from workers.trainer.evaluation.served import look_served  # noqa: E402
from workers.trainer.export.edge import export  # noqa: E402
from workers.trainer.export.finding import find_served  # noqa: E402
from workers.trainer.export.variant import Options, write_variant_of  # noqa: E402
from workers.trainer.hardware import Hardware  # noqa: E402
from workers.trainer.recipes.presets import tiny  # noqa: E402
from workers.trainer.recipes.recipe import Stage  # noqa: E402
from workers.trainer.runs import evaluate_model, split_of, train_artefact  # noqa: E402

CPU = Hardware("cpu")
# Two pictures of each thing; the labels stand in the data, and nobody learns them.
RECIPE = replace(tiny(), network="digits", batch=12, augmentation="digits", stages=(Stage(4, 3e-3),))


def _parts() -> Parts:
    return make_parts(
        examples(3, 16, group_of=2),
        examples(3, 16, first=1000, group_of=2),
        examples(3, 8, first=2000, group_of=2),
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    train_artefact(_parts(), RECIPE, folder, name="things", hardware=CPU)
    return folder


def _opened(folder: Path) -> Opened:
    opened = open_folder(folder)
    assert opened is not None
    return opened


def _pictures() -> list[np.ndarray]:
    return [np.repeat(picture(label, 3000)[..., None], 3, axis=2) for label in range(3)]


def _vectors(opened: Opened, engine: str) -> np.ndarray:
    model = serve(opened, name="m", engine=engine, device="cpu", threads=1)
    return np.stack([one.vector for one in model.post(model.core(model.pre(_pictures())))])


def test_a_model_of_things_has_no_labels_and_is_measured_by_what_it_finds(run: Path, tmp_path: Path) -> None:
    card = _opened(run / "model").artefact

    model = find_served(str(run / "model"), threads=1).model
    report: Report = evaluate_model(model, _parts(), "test", tmp_path / "again")

    assert card.labels == ()
    assert report.classification is None
    assert report.retrieval_by_category is not None
    assert report.retrieval_by_category.r1 >= 0.9
    assert card.evaluation["by_category"]["r1"] == report.retrieval_by_category.r1
    assert "accuracy" not in card.evaluation


def test_the_last_epoch_is_taken_where_nothing_is_watched(run: Path) -> None:
    facts = _opened(run / "model").artefact.training
    assert (facts["epochs"], facts["best_epoch"]) == (4, 3)


def test_torch_and_onnx_runtime_serve_a_trained_model_alike(run: Path) -> None:
    opened = _opened(run / "model")

    assert opened.artefact.engines() == ("onnx", "torch")
    assert (_vectors(opened, "torch") * _vectors(opened, "onnx")).sum(1).min() >= 0.9999


@pytest.fixture
def sample(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"{number}.png" for number in range(12)]
    for number, path in enumerate(paths):
        Image.fromarray(picture(number % 3, 4000 + number)).save(path)
    return paths


def test_a_trained_model_has_a_variant_of_its_own_fingerprint(
    run: Path, tmp_path: Path, sample: list[Path]
) -> None:
    """Averaged, whitened, the descriptor joined: the same in both engines."""
    plain = _opened(run / "model")
    options = Options(averaging="mirror", dim=6, colour=0.5, colour_dim=4)

    made = write_variant_of(tmp_path / "plus", plain, options, sample, name="things-plus")

    opened = _opened(tmp_path / "plus")
    assert (made.name, made.dim, made.architecture) == ("things-plus", 10, plain.artefact.architecture)
    assert (plain.artefact.no_confident_match, made.no_confident_match) == (pytest.approx(0.9, abs=0.1), None)
    assert made.evaluation == {}
    assert made.fingerprint != plain.artefact.fingerprint
    assert (_vectors(opened, "torch") * _vectors(opened, "onnx")).sum(1).min() >= 0.9999


def test_a_variant_may_see_pictures_of_another_size(run: Path, tmp_path: Path, sample: list[Path]) -> None:
    plain = _opened(run / "model")
    larger = replace(plain.artefact.preprocess, resize=36, crop=36)

    made = write_variant_of(tmp_path / "l", plain, Options(preprocess=larger), sample, name="larger")

    model = serve(_opened(tmp_path / "l"), name="l", engine="onnx", device="cpu", threads=1)
    (found,) = model.post(model.core(model.pre([np.zeros((36, 36, 3), np.uint8)])))
    assert found.vector.shape == (128,)
    assert made.fingerprint != plain.artefact.fingerprint


@pytest.mark.parametrize("engine", ["onnx", "torch"])
def test_a_variant_is_evaluated_as_it_is_served(
    run: Path, tmp_path: Path, sample: list[Path], engine: str
) -> None:
    """Its own vectors, averaged, whitened and joined, and not those of the network it was made of."""
    options = Options(averaging="mirror", dim=6, colour=0.5, colour_dim=4)
    write_variant_of(tmp_path / "plus", _opened(run / "model"), options, sample, name="plus")
    served = find_served(str(tmp_path / "plus"), engine=engine, threads=1)
    pictures = [Example(pixels, "a", str(n)) for n, pixels in enumerate(_pictures())]

    report = evaluate_model(served.model, _parts(), "test", tmp_path / "again")
    found = look_served(served.model, pictures, ["a"], classified=False)

    assert found.embeddings.shape == (3, 10)
    assert (found.embeddings * _vectors(_opened(tmp_path / "plus"), engine)).sum(1).min() >= 0.9999
    assert split_of(served.training) == split_of(_opened(run / "model").artefact.training)
    assert report.facts["fingerprint"] == _opened(tmp_path / "plus").artefact.fingerprint
    assert report.retrieval_by_category is not None


def test_int8_is_evaluated_as_it_is_served(run: Path, tmp_path: Path) -> None:
    pytest.importorskip("onnx", reason="onnx is an extra")
    export(_opened(run / "model"), tmp_path / "small", _parts().train, int8=True, threads=1)

    served = find_served(str(tmp_path / "small"), threads=1)
    report = evaluate_model(served.model, _parts(), "test", tmp_path / "again")

    assert report.facts["model"] == "things-int8"
    assert report.retrieval_by_category is not None
    assert report.retrieval_by_category.r1 >= 0.8
    with pytest.raises(TusouError, match="cannot run with torch"):
        find_served(str(tmp_path / "small"), engine="torch")


@pytest.mark.parametrize("options", [Options(pooling=2.0), Options(averaging="mirror")])
def test_a_variant_of_what_cannot_have_one_is_refused(
    run: Path, tmp_path: Path, sample: list[Path], options: Options
) -> None:
    """Pooling belongs to the network; a variant of a variant would be whitened twice."""
    base = _opened(run / "model")
    if options.pooling == 1:
        write_variant_of(tmp_path / "one", base, Options(averaging="mirror"), sample, name="one")
        base = _opened(tmp_path / "one")

    with pytest.raises(InvalidRequest):
        write_variant_of(tmp_path / "two", base, options, sample, name="two")


def test_a_sample_of_one_photo_many_times_is_refused(run: Path, tmp_path: Path, sample: list[Path]) -> None:
    options = Options(dim=2, shrinkage=0.0)

    with pytest.raises(InvalidRequest, match="too much alike"):
        write_variant_of(tmp_path / "x", _opened(run / "model"), options, sample[:1] * 8, name="x")
