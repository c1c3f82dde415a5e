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
from typer.testing import CliRunner

torch = pytest.importorskip("torch", reason="torch is an extra")
pytest.importorskip("pytorch_metric_learning", reason="an extra of the trainer")
pytest.importorskip("torchmetrics", reason="an extra of the trainer")
pytest.importorskip("onnxruntime", reason="an extra of the engines")

# E402: these need torch, so they follow the skip where there is none.
from torchvision.models import mobilenet_v3_small  # noqa: E402

from shared.db import schema  # noqa: E402
from shared.db.engine import Database  # noqa: E402
from shared.errors import InvalidRequest, TusouError  # noqa: E402
from shared.models import registry  # noqa: E402
from shared.settings import Settings  # noqa: E402
from shared.storage.open import open_store  # noqa: E402
from tests.invented_weights import invent_weights  # noqa: E402
from tests.trainer_rig import bars, picture  # noqa: E402
from workers.models.artefacts.files import open_folder  # noqa: E402
from workers.models.engines.onnx_engine import OnnxEngine  # noqa: E402
from workers.trainer import runs  # noqa: E402
from workers.trainer.artefacts import read_artefact  # noqa: E402
from workers.trainer.cli.app import app  # noqa: E402
from workers.trainer.data.example import Example  # noqa: E402
from workers.trainer.data.parts import Parts, make_parts  # noqa: E402
from workers.trainer.data.read import read_data  # noqa: E402
from workers.trainer.data.split import Shares  # noqa: E402
from workers.trainer.evaluation.evaluate import look  # noqa: E402
from workers.trainer.evaluation.served import look_served  # noqa: E402
from workers.trainer.export.finding import find_served  # noqa: E402
from workers.trainer.hardware import Hardware  # noqa: E402
from workers.trainer.recipes.presets import metric, transfer  # noqa: E402
from workers.trainer.recipes.recipe import Recipe, Stage  # noqa: E402
from workers.trainer.runs import evaluate_model, split_of, train_artefact  # noqa: E402

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


def test_what_is_served_is_measured_alike_by_torch_and_by_every_engine(run: Path, tmp_path: Path) -> None:
    """The report of the training, by torch, and those of the artefact as a worker serves it."""
    before = json.loads((run / "report.json").read_text(encoding="utf-8"))

    for engine in ("onnx", "torch"):
        served = find_served(str(run / "model"), engine=engine, threads=1)
        report = evaluate_model(served.model, bars(), "test", tmp_path / engine)

        assert report.facts["engine"] == f"{engine} on cpu"
        assert report.classification is not None
        assert report.classification.accuracy == before["classification"]["accuracy"]
        assert report.classification.areas.macro_pr == pytest.approx(
            before["classification"]["areas"]["macro_pr"], abs=1e-4
        )
        assert report.retrieval_by_category is not None
        assert report.retrieval_by_category.r1 == before["retrieval_by_category"]["r1"]


def test_all_labels_are_measured_and_not_the_likeliest_alone(tmp_path: Path) -> None:
    """A search is told five; of seven labels each would otherwise lack the low ends of its curves."""
    parts = _stripes(7)
    train_artefact(parts, RECIPE, tmp_path / "run", name="many", hardware=CPU)
    model = find_served(str(tmp_path / "run" / "model"), threads=1).model

    found = look_served(model, parts.test, parts.labels)

    assert found.probabilities.shape == (len(parts.test), 7)
    assert found.probabilities.sum(1) == pytest.approx(1, abs=1e-5)
    assert (found.probabilities > 0).all()


def _stripes(labels: int) -> Parts:
    def of(first: int, each: int) -> list[Example]:
        return [
            Example(picture(n % 3, number * 10 + n), f"stripe {n}", f"{n}/{number}")
            for number in range(first, first + each)
            for n in range(labels)
        ]

    return make_parts(of(0, 8), of(100, 2), of(200, 2))


def test_where_the_data_have_other_labels_only_retrieval_stands(run: Path, tmp_path: Path) -> None:
    model = find_served(str(run / "model"), threads=1).model

    report = evaluate_model(model, bars(labels=4), "test", tmp_path)

    assert report.classification is None
    assert report.facts["labels"] == "the model does not know all labels of the data, such as bar 3"
    assert report.retrieval_by_category is not None
    assert report.retrieval_by_category.queries == 32
    assert report.misses_by_category or report.retrieval_by_category.r1 == 1


@pytest.mark.parametrize("name", ["descriptor", "tiny"])
def test_built_in_models_are_measured_by_what_they_find(name: str, tmp_path: Path) -> None:
    served = find_served(name, threads=1)

    report = evaluate_model(served.model, bars(train=3, validation=0, test=0), "all", tmp_path)

    assert served.training == {}
    assert report.classification is None
    assert report.facts["labels"] == "the model has no classifier"
    assert report.retrieval_by_category is not None
    assert report.retrieval_by_category.queries == 9
    assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["facts"]["model"] == name


def test_a_model_of_torchvision_is_measured_by_its_own_labels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thousand labels, of which a page shows those that occur; its weights are invented."""
    monkeypatch.setenv("TUSOU_HOME", str(tmp_path / "home"))
    invent_weights("mobilenet_v2", tmp_path)
    served = find_served("mobilenet_v2", weights=str(tmp_path), threads=1)
    known = make_parts(
        [
            Example(picture(n, k), label, f"{n}/{k}")
            for n, label in enumerate(("crane", "sock"))
            for k in (0, 1)
        ],
        [],
        [],
    )

    report = evaluate_model(served.model, known, "all", tmp_path / "out")

    assert report.classification is not None
    assert len(report.classification.labels) == 1000
    assert report.classification.areas.micro.roc_area > 0
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert len(page) < 200_000


def test_a_model_of_the_deployment_is_found_by_its_name(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the registry, and without a deployment none is made."""
    monkeypatch.setenv("TUSOU_HOME", str(tmp_path / "home"))
    with pytest.raises(TusouError, match="no model 'bars'"):
        find_served("bars")
    assert not (tmp_path / "home").exists()
    settings = Settings()
    (tmp_path / "home").mkdir()
    db, store = Database(settings.sql_url), open_store(settings.store_url)
    schema.migrate(db)
    store.ensure()
    registry.push(db, store, run / "model")
    db.close()

    with pytest.raises(TusouError, match=r"there is no model '\.\./bars'"):
        find_served("../bars")
    for name in ("bars", "bars@1"):
        served = find_served(name, threads=1)
        assert served.model.name == "bars@1"
        assert served.training["recipe"]["network"] == "digits"


def test_no_picture_gives_no_report(run: Path, tmp_path: Path) -> None:
    model = find_served(str(run / "model"), threads=1).model
    with pytest.raises(InvalidRequest, match="no picture"):
        evaluate_model(model, bars(validation=0), "validation", tmp_path)


def test_an_evaluation_divides_the_data_as_the_training_did(tmp_path: Path) -> None:
    """With another seed most of its test part would have been learnt from."""
    train_artefact(bars(), replace(RECIPE, seed=3), tmp_path, name="b", hardware=CPU, shares=Shares(0.2, 0.3))

    training = find_served(str(tmp_path / "model")).training
    assert split_of(training) == (Shares(0.2, 0.3), 3)
    assert split_of(training, test=0.1, seed=0) == (Shares(0.2, 0.1), 0)
    assert split_of({}) == (Shares(), 0)


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
    data, out = str(_classes(tmp_path / "data")), str(tmp_path / "out")
    quick = ["--set", "network=digits", "--set", 'stages=[{"epochs": 1, "rate": 0.003}]', "--set", "batch=8"]

    code, told = _trainer("train", data, "--out", out, "--recipe", "digits", "--name", "bars", *quick)

    assert code == 0, told
    kinds = [line["event"] for line in told if line["event"] != "step"]
    assert kinds == ["started", "stage", "epoch", "finished", "report"]
    code, told = _trainer("evaluate", data, "--model", f"{out}/model", "--out", f"{out}/again")
    assert code == 0, told
    assert told[-1]["pictures"] == 6
    assert (tmp_path / "out" / "again" / "report.html").is_file()


def _catalogue(folder: Path) -> Path:
    """Four products, two of each category."""
    rows = "id,title,category,images\n" + "".join(f"{n},p,bar {n % 2},{n}.png\n" for n in range(4))
    (folder / "m.csv").write_text(rows, encoding="utf-8")
    for n in range(4):
        Image.fromarray(picture(n % 2, n)).save(folder / f"{n}.png")
    return folder / "m.csv"


@pytest.mark.parametrize(
    ("options", "part", "pictures"),
    [((), "all", 4), (("--part", "test", "--test", "0.5", "--engine", "torch"), "test", 2)],
)
def test_the_command_measures_what_was_not_trained_on_the_data_whole_unless_told(
    run: Path, tmp_path: Path, options: tuple[str, ...], part: str, pictures: int
) -> None:
    model = "descriptor" if part == "all" else str(run / "model")
    out = tmp_path / "out"

    done = CliRunner().invoke(
        app, ["evaluate", str(_catalogue(tmp_path)), "--model", model, "--out", str(out), *options]
    )

    assert done.exit_code == 0, done.output
    facts = json.loads((out / "report.json").read_text(encoding="utf-8"))["facts"]
    assert (facts["part"], facts["pictures"]) == (part, pictures)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ((), "one of --model and --service"),
        (("--model", "tiny", "--service", "http://localhost:1"), "one of --model and --service"),
        (("--service", "localhost:1"), "no address of a service"),
        (("--service", "http://localhost:1", "--part", "test"), "whole catalogue"),
        (("--model", "nobody"), "no model 'nobody'"),
    ],
)
def test_what_cannot_be_evaluated_is_told(tmp_path: Path, options: tuple[str, ...], sentence: str) -> None:
    data, out = str(_catalogue(tmp_path)), str(tmp_path / "out")

    done = CliRunner().invoke(app, ["evaluate", data, "--out", out, *options])

    assert isinstance(done.exception, TusouError)
    assert sentence in done.exception.detail


@pytest.mark.parametrize("name", ["../bars", "Bars", "b" * 65, ""])
def test_a_name_that_the_registry_would_not_take_is_refused_before_anything_is_learnt(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hours later it would be too late, and `../bars` would be a folder beside `runs`."""
    monkeypatch.chdir(tmp_path)
    data = str(_catalogue(tmp_path))
    before = sorted(tmp_path.rglob("*"))

    done = CliRunner().invoke(app, ["train", data, "--recipe", "classic", "--name", name])

    assert isinstance(done.exception, InvalidRequest)
    assert "a model's name is" in done.exception.detail
    assert sorted(tmp_path.rglob("*")) == before


def test_trouble_is_one_line_and_an_exit_status(tmp_path: Path) -> None:
    code, told = _trainer(
        "train", str(tmp_path / "none"), "--out", str(tmp_path), "--recipe", "classic", "--name", "x"
    )
    assert code == 1
    assert [(line["event"], line["code"]) for line in told] == [("failed", "invalid_request")]


def _classes(folder: Path, each: int = 20) -> Path:
    """Three classes, undivided."""
    for label in range(3):
        (folder / f"bar {label}").mkdir(parents=True)
        for number in range(each):
            Image.fromarray(picture(label, number)).save(folder / f"bar {label}" / f"{number}.png")
    return folder


def test_an_export_is_measured_with_what_was_not_learnt_from(tmp_path: Path) -> None:
    pytest.importorskip("onnx", reason="onnx is an extra")
    data, shares = _classes(tmp_path / "data", each=40), Shares(0.1, 0.2)
    parts = read_data(data, shares=shares, seed=RECIPE.seed)
    train_artefact(parts, RECIPE, tmp_path / "run", name="bars", hardware=CPU, shares=shares)
    model = str(tmp_path / "run" / "model")

    done = CliRunner().invoke(
        app, ["export", model, "--int8", "--data", str(data), "--out", str(tmp_path / "small")]
    )

    assert done.exit_code == 0, done.output
    small = open_folder(tmp_path / "small")
    assert small is not None
    # Its ranges come from the training part.
    assert small.artefact.evaluation["pictures"] == len(parts.test)


def test_who_is_killed_while_reports_are_written_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(runs, "write_report", killed)
        with pytest.raises(KeyboardInterrupt):
            train_artefact(bars(), RECIPE, tmp_path, name="bars", hardware=CPU)
    train_artefact(bars(), RECIPE, tmp_path, name="bars", hardware=CPU)

    assert (tmp_path / "report.html").is_file()
    assert (tmp_path / "model" / "model.json").is_file()


@pytest.mark.parametrize("lies", ["in the folder of the setting", "in the object store"])
@pytest.mark.parametrize("command", ["train", "export", "variant"])
def test_published_weights_are_found_as_a_worker_finds_them(
    command: str, lies: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the error of missing weights advises helps: TUSOU_WEIGHTS, or the object store."""
    pytest.importorskip("onnx", reason="onnx is an extra")
    home = tmp_path / "home"
    monkeypatch.setenv("TUSOU_HOME", str(home))
    file = invent_weights("mobilenet_v2", tmp_path)
    if lies == "in the object store":
        settings = Settings()
        home.mkdir()
        schema.migrate(Database(settings.sql_url))
        open_store(settings.store_url).ensure()
        laid_down = home / "objects" / "incoming" / "models"
        laid_down.mkdir(parents=True)
        file.rename(laid_down / file.name)
    else:
        monkeypatch.setenv("TUSOU_WEIGHTS", str(tmp_path))
    data, out = _classes(tmp_path / "data", each=3), str(tmp_path / "out")
    arguments = {
        "train": ["train", str(data), "--name", "x", "--out", out, "--recipe", "transfer", "--test", "0",
                  "--validation", "0", "--set", "side=64", "--set", "batch=4", "--set",
                  'stages=[{"epochs": 1, "rate": 0.001, "blocks": 0}]'],
        "export": ["export", "mobilenet_v2", "--out", out],
        "variant": ["variant", "mobilenet_v2", "--sample", str(data), "--out", out, "--dim", "2",
                    "--colour", "0"],
    }  # fmt: skip
    monkeypatch.setattr("torch.hub.load_state_dict_from_url", _no_download)

    done = CliRunner().invoke(app, arguments[command])

    if command == "variant":  # invented numbers tell no photos apart, which is found out once they are read
        assert "too much alike" in str(done.exception)
    else:
        assert done.exit_code == 0, done.exception


def _no_download(*_: Any, **__: Any) -> None:
    raise AssertionError("weights that are here are not downloaded")


@pytest.mark.parametrize(
    "arguments", [["export", "nobody", "--out"], ["variant", "nobody", "--sample", ".", "--out"]]
)
def test_a_folder_that_is_there_is_refused_before_the_work(arguments: list[str], tmp_path: Path) -> None:
    done = CliRunner().invoke(app, [*arguments, str(tmp_path)])

    assert isinstance(done.exception, TusouError)
    assert "is there already" in done.exception.detail


def test_a_report_that_cannot_be_written_is_one_line_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    code, told = _trainer(
        "evaluate", str(_catalogue(tmp_path)), "--model", "nobody", "--out", str(tmp_path / "file" / "out")
    )

    assert code == 1
    assert [(line["event"], line["code"]) for line in told] == [("failed", "disk")]
    assert str(tmp_path / "file") in told[0]["error"]


@pytest.mark.parametrize(
    ("recipe", "out"), [("[1]", "out"), ("[" * 100_000, "out"), ('"classic"', "out"), ("", "m.csv/out")]
)
def test_what_cannot_be_read_or_written_is_one_line_too(tmp_path: Path, recipe: str, out: str) -> None:
    """A recipe that is no object, and a folder that cannot be made."""
    (tmp_path / "r.json").write_text(recipe, encoding="utf-8")
    data, made = str(_catalogue(tmp_path)), str(tmp_path / out)
    if recipe:
        arguments = ["train", data, "--name", "x", "--out", made, "--recipe", str(tmp_path / "r.json")]
    else:
        arguments = ["evaluate", data, "--model", "descriptor", "--out", made]

    code, told = _trainer(*arguments)

    assert code == 1
    assert told[-1]["event"] == "failed"
    assert ("is no recipe" if recipe else "m.csv") in told[-1]["error"]
