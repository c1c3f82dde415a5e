"""Models by name."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from shared.errors import TusouError
from shared.settings import Settings
from workers.models.artefacts.files import open_folder
from workers.models.fingerprint import fingerprint
from workers.models.preprocessing.preprocess import Preprocess
from workers.models.registry import BUNDLED, load_model, names

PREPROCESS = Preprocess(256, 224, "bilinear", "center", (0.5, 0.5, 0.5), (0.2, 0.2, 0.2))


def test_an_unknown_name_is_answered_with_the_names_there_are() -> None:
    with pytest.raises(TusouError) as told:
        load_model("mobilnet", weights=None)

    assert told.value.code == "unknown_model"
    assert all(name in told.value.detail for name in names())


def test_an_unknown_device_is_refused_for_every_model() -> None:
    with pytest.raises(TusouError, match="auto, cpu, cuda"):
        load_model("fake", weights=None, device="gpu")


def test_a_model_bears_the_name_it_was_asked_by() -> None:
    assert [load_model(name, weights=None).name for name in ("fake", "descriptor")] == ["fake", "descriptor"]


def test_the_default_model_comes_with_the_package_and_is_small() -> None:
    """Whole and verified, with the facts of its training; 4 MB at most."""
    opened = open_folder(BUNDLED / Settings.model_fields["model"].default)
    assert opened is not None
    opened.verify()

    assert sum(len(opened.file(name)) for name in opened.artefact.files) <= 4 * 2**20
    assert opened.artefact.training["recipe"]["pretrained"] is False


def test_torch_is_not_imported_for_models_that_need_none() -> None:
    """It is an extra of several gigabytes, and the default is without."""
    code = (
        "import sys; from workers.models.registry import load_model; "
        "[load_model(name, weights=None) for name in ('fake', 'descriptor', 'tiny')]; "
        "sys.exit(any(name.partition('.')[0] in ('torch', 'torchvision') for name in sys.modules))"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_torch_model_without_torch_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "workers.models.published.torchvision_nets", raising=False)
    monkeypatch.delattr("workers.models.published.torchvision_nets", raising=False)
    monkeypatch.setitem(sys.modules, "torch", None)

    with pytest.raises(TusouError, match=r"tusou\[torch\]") as told:
        load_model("resnet50", weights=None)

    assert told.value.code == "torch_missing"


def test_the_same_facts_have_the_same_fingerprint_on_every_machine() -> None:
    """A golden value: indexes made yesterday must still be met today."""
    made = fingerprint(architecture="a", weights_sha256="w", preprocess=PREPROCESS, dim=4)

    assert made == "2240afda5252"


@pytest.mark.parametrize(
    "change",
    [
        {"architecture": "b"},
        {"weights_sha256": "x"},
        {"preprocess": Preprocess(232, 224, "bilinear", "center", (0.5, 0.5, 0.5), (0.2, 0.2, 0.2))},
        {"dim": 5},
        {"crop_policy": "detected box"},
        {"averaging": "mirror"},
        {"whitening": "zca"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_whatever_changes_a_vector_changes_the_fingerprint(change: dict[str, Any]) -> None:
    facts: dict[str, Any] = {"architecture": "a", "weights_sha256": "w", "preprocess": PREPROCESS, "dim": 4}

    assert fingerprint(**(facts | change)) != fingerprint(**facts)
