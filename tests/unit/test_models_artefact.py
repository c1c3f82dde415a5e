"""A trained model as a folder that never changes, and is believed only if nobody changed it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("safetensors", reason="safetensors is in the extra onnx")

# E402: these follow the skip where the extra is not installed.
from shared.errors import TusouError
from workers.models.artefacts.artefact import Artefact
from workers.models.artefacts.files import Opened, open_folder, open_stored, pack, write
from workers.models.preprocessing.preprocess import Preprocess
from workers.models.whitening import Whitening

ARTEFACT = Artefact(
    name="ours",
    architecture="three numbers",
    dim=3,
    preprocess=Preprocess(8, 8, "bilinear", "squash", (0.5, 0.4, 0.3), (0.2, 0.2, 0.1)),
    labels=("hat", "鞋"),
    version=2,
    no_confident_match=0.41,
    training={"epochs": 3, "seed": 0},
    evaluation={"r1": 0.5},
)
STATE = {"weight": np.arange(6, dtype=np.float32).reshape(2, 3), "steps": np.array(7)}
WHITENING = Whitening(np.zeros(3, np.float32), np.eye(3, dtype=np.float32))


def _opened(folder: Path) -> Opened:
    opened = open_folder(folder)
    assert opened is not None
    return opened


def _fingerprint(artefact: Artefact = ARTEFACT, state: Any = STATE, **matrices: Whitening) -> str:
    return pack(artefact, state, b"graph", **matrices)[0].artefact.fingerprint


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    written = write(tmp_path / "a", ARTEFACT, STATE, b"graph", WHITENING)
    opened = _opened(tmp_path / "a")
    opened.verify()

    assert opened.artefact == written
    assert replace(written, weights_sha256="", whitening="none", fingerprint="", files={}) == ARTEFACT
    assert opened.file("model.onnx") == b"graph"
    np.testing.assert_array_equal(opened.state()["weight"], STATE["weight"])
    assert sorted(opened.state()) == ["steps", "weight"]
    whitening, colour = opened.whitenings()
    assert whitening is not None
    np.testing.assert_array_equal(whitening.matrix, WHITENING.matrix)
    assert colour is None


def test_a_folder_that_is_there_is_never_written_over(tmp_path: Path) -> None:
    write(tmp_path / "a", ARTEFACT, STATE, b"graph")

    with pytest.raises(TusouError) as told:
        write(tmp_path / "a", ARTEFACT, STATE, b"other")

    assert told.value.code == "artefact_exists"
    assert _opened(tmp_path / "a").file("model.onnx") == b"graph"


def test_a_write_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="no space"):
        write(tmp_path / "a", ARTEFACT, STATE, b"graph")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["model.onnx", "model.safetensors"])
def test_a_changed_file_is_refused_with_both_hashes(tmp_path: Path, name: str) -> None:
    written = write(tmp_path / "a", ARTEFACT, STATE, b"graph")
    (tmp_path / "a" / name).write_bytes(b"changed")

    with pytest.raises(TusouError, match=name) as told:
        _opened(tmp_path / "a").verify()

    assert told.value.code == "artefact_corrupt"
    assert written.files[name] in told.value.detail
    assert hashlib.sha256(b"changed").hexdigest() in told.value.detail


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    write(tmp_path / "a", ARTEFACT, STATE, b"graph")
    (tmp_path / "a" / "model.onnx").unlink()

    with pytest.raises(TusouError, match=r"lacks model\.onnx"):
        _opened(tmp_path / "a").verify()


@pytest.mark.parametrize("change", [{"dim": 4}, {"averaging": "mirror"}, {"architecture": "other"}])
def test_a_card_changed_by_hand_is_refused_with_both_fingerprints(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    written = write(tmp_path / "a", ARTEFACT, STATE, b"graph")
    card = tmp_path / "a" / "model.json"
    card.write_text(json.dumps(json.loads(card.read_bytes()) | change))

    with pytest.raises(TusouError) as told:
        open_folder(tmp_path / "a")

    assert told.value.code == "fingerprint_mismatch"
    assert written.fingerprint in told.value.detail
    assert replace(written, **change).own_fingerprint() in told.value.detail


def test_a_card_of_a_later_format_says_which(tmp_path: Path) -> None:
    write(tmp_path / "a", ARTEFACT, STATE, b"graph")
    card = tmp_path / "a" / "model.json"
    card.write_text(json.dumps(json.loads(card.read_bytes()) | {"format": 9}))

    with pytest.raises(TusouError, match="format 9") as told:
        open_folder(tmp_path / "a")

    assert told.value.code == "artefact_format"


@pytest.mark.parametrize("card", ["", "[1]", '{"format": 1}', '{"format": 1, "name": "x", "power": 1}'])
def test_a_card_that_is_none_is_refused(tmp_path: Path, card: str) -> None:
    (tmp_path / "model.json").write_text(card)

    with pytest.raises(TusouError, match="no model's card") as told:
        open_folder(tmp_path)

    assert told.value.code == "artefact_unreadable"


@pytest.mark.parametrize(
    "change",
    [
        {"dim": 0},
        {"averaging": "foo"},
        {"precision": "int4"},
        {"pooling": float("nan")},
        {"no_confident_match": 3.0},
        {"preprocess": replace(ARTEFACT.preprocess, interpolation="foo")},
        {"preprocess": replace(ARTEFACT.preprocess, crop=9)},
        {"preprocess": replace(ARTEFACT.preprocess, std=(0.0, 0.2, 0.1))},
    ],
    ids=str,
)
def test_a_card_that_no_model_can_have_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    write(tmp_path / "a", replace(ARTEFACT, **change), STATE, b"graph")

    with pytest.raises(TusouError, match="no model has such"):
        open_folder(tmp_path / "a")


@pytest.mark.parametrize("files", [[], {"model.onnx": "x"}, {"model.safetensors": 7}])
def test_a_card_whose_files_are_none_is_refused(tmp_path: Path, files: object) -> None:
    write(tmp_path / "a", ARTEFACT, STATE, b"graph")
    card = tmp_path / "a" / "model.json"
    card.write_text(json.dumps(json.loads(card.read_bytes()) | {"files": files}))

    with pytest.raises(TusouError) as told:
        open_folder(tmp_path / "a")

    assert told.value.code == "artefact_unreadable"


def test_a_card_nested_without_end_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.json").write_text("[" * 100_000)
    with pytest.raises(TusouError, match="no model's card"):
        open_folder(tmp_path)


def test_weights_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "a", ARTEFACT, STATE | {"weight": np.full(3, np.nan, np.float32)}, b"graph")
    with pytest.raises(TusouError, match="no number"):
        _opened(tmp_path / "a").verify()


def test_a_folder_without_a_card_is_no_artefact(tmp_path: Path) -> None:
    assert open_folder(tmp_path) is None
    assert open_folder(tmp_path / "nowhere") is None


def test_an_artefact_is_read_from_the_object_store() -> None:
    _, contents = pack(ARTEFACT, STATE, b"graph")
    store = {f"ours-2/{name}": data for name, data in contents.items()}

    opened = open_stored("ours-2", store.get)

    assert opened is not None
    opened.verify()
    assert open_stored("theirs", store.get) is None


def test_half_precision_on_disk_is_the_same_model_as_the_floats_it_means() -> None:
    half = STATE | {"weight": STATE["weight"].astype(np.float16)}

    assert _fingerprint(state=half) == _fingerprint()


@pytest.mark.parametrize(
    "change",
    [{"averaging": "mirror"}, {"pooling": 2.0}, {"precision": "int8"}, {"dim": 4}],
    ids=lambda change: next(iter(change)),
)
def test_what_changes_a_vector_changes_the_fingerprint(change: dict[str, Any]) -> None:
    assert _fingerprint(replace(ARTEFACT, **change)) != _fingerprint()


@pytest.mark.parametrize("change", [{"name": "new"}, {"version": 3}, {"training": {}}, {"labels": ("a",)}])
def test_what_changes_no_vector_leaves_the_fingerprint(change: dict[str, Any]) -> None:
    assert _fingerprint(replace(ARTEFACT, **change)) == _fingerprint()


def test_weights_whitening_and_colour_are_part_of_the_fingerprint() -> None:
    coloured = replace(ARTEFACT, colour=0.5)
    all_of_them = [
        _fingerprint(),
        _fingerprint(state=STATE | {"steps": np.array(8)}),
        _fingerprint(whitening=WHITENING),
        _fingerprint(coloured, colour=WHITENING),
        _fingerprint(replace(coloured, colour=0.6), colour=WHITENING),
        _fingerprint(coloured, whitening=WHITENING, colour=WHITENING),
    ]

    assert len(set(all_of_them)) == len(all_of_them)


def test_what_cannot_run_is_not_written() -> None:
    with pytest.raises(ValueError, match="nothing else to run"):
        pack(ARTEFACT, {}, None)
    with pytest.raises(ValueError, match="nothing else to run"):
        pack(replace(ARTEFACT, precision="int8"), STATE, None)
    with pytest.raises(ValueError, match="weight above 0"):
        pack(replace(ARTEFACT, colour=0.5), STATE, b"graph")
