"""From data to a model with its reports, and from a model to reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

from shared.errors import InvalidRequest
from workers.models.artefacts.artefact import Artefact
from workers.models.port import Model
from workers.models.weights.find import FetchObject
from workers.trainer.artefacts import write_artefact
from workers.trainer.data.example import Example
from workers.trainer.data.parts import Parts
from workers.trainer.data.split import Shares
from workers.trainer.evaluation.evaluate import evaluate, look
from workers.trainer.evaluation.page import report_page
from workers.trainer.evaluation.report import Report, report_json
from workers.trainer.evaluation.served import labels_of, look_served
from workers.trainer.evaluation.threshold import no_confident_match
from workers.trainer.hardware import Hardware
from workers.trainer.progress import OnProgress, silent
from workers.trainer.recipes.recipe import Recipe
from workers.trainer.training.train import Trained, train

MODEL: Final = "model"


def train_artefact(
    parts: Parts,
    recipe: Recipe,
    folder: Path,
    *,
    name: str,
    hardware: Hardware,
    weights: str = "",
    fetch_object: FetchObject | None = None,
    shares: Shares | None = None,
    on_progress: OnProgress = silent,
) -> Artefact:
    """Train, look once at the test part (else at validation), write `folder`/model and the reports.

    `shares` is how `parts` were split off, for the card: a later evaluation must divide the data alike.
    """
    if (folder / MODEL).exists():
        raise InvalidRequest(f"{folder / MODEL} is there already: a model never changes, take another folder")
    trained = train(
        parts,
        recipe,
        folder,
        hardware=hardware,
        weights=weights,
        fetch_object=fetch_object,
        on_progress=on_progress,
    )
    if shares:
        trained = replace(trained, facts=trained.facts | {"shares": asdict(shares)})
    part = "test" if parts.test else "validation"
    examples = part_of(parts, part)
    report = _report(f"{name}, {part} part", trained, examples, hardware) if examples else None
    # Before the model, whose folder says that all is done: who is killed in between does this again.
    if report:
        write_report(report, folder, on_progress)
    return write_artefact(
        trained,
        folder / MODEL,
        name=name,
        no_confident_match=_threshold(trained, parts.validation, hardware),
        evaluation=_figures(report) if report else {},
    )


def split_of(
    training: Mapping[str, Any],
    *,
    validation: float | None = None,
    test: float | None = None,
    seed: int | None = None,
) -> tuple[Shares, int]:
    """How to divide the data that a model learnt from so that its parts are those of the training.

    `training` is what its card says of that; what is given wins over it.
    """
    known = Shares(**training.get("shares", {}))
    shares = Shares(
        known.validation if validation is None else validation, known.test if test is None else test
    )
    return shares, training.get("recipe", {}).get("seed", 0) if seed is None else seed


def evaluate_model(
    model: Model,
    parts: Parts,
    part: str,
    folder: Path,
    *,
    loaders: int = 0,
    on_progress: OnProgress = silent,
) -> Report:
    """Reports of one part of `parts`, or "all", by the model as it is served.

    Where the model does not know the data's labels there are no figures of labels, and the report says why.
    """
    examples = part_of(parts, part)
    known = labels_of(model)
    strange = {example.label for example in examples} - set(known)
    # Else the data's own labels tell which pictures belong together.
    labels = parts.labels if strange else known
    found = look_served(
        model, examples, labels, classified=not strange, loaders=loaders, on_progress=on_progress
    )
    facts = {
        "model": model.name,
        "fingerprint": model.fingerprint,
        "engine": f"{getattr(getattr(model, 'engine', None), 'name', 'numpy')} on {model.device}",
        "part": part,
        "pictures": len(examples),
        "left out": len(parts.left_out),
    }
    if strange:
        facts["labels"] = _no_labels(known, strange)
    report = evaluate(f"{model.name}, {part} part", found, examples, labels, facts=facts)
    write_report(report, folder, on_progress)
    return report


def _no_labels(known: Sequence[str], strange: set[str]) -> str:
    """Why labels are not measured."""
    if not known:
        return "the model has no classifier"
    return f"the model does not know all labels of the data, such as {min(strange)}"


def _report(title: str, trained: Trained, examples: Sequence[Example], hardware: Hardware) -> Report:
    found = look(
        trained.network,
        examples,
        labels=trained.labels,
        preprocess=trained.preprocess,
        hardware=hardware,
    )
    return evaluate(title, found, examples, trained.labels, facts=trained.facts, course=trained.course)


def _threshold(trained: Trained, examples: Sequence[Example], hardware: Hardware) -> float | None:
    if not examples:
        return None
    network = trained.network.to(hardware.device)
    return no_confident_match(
        look(network, examples, labels=trained.labels, preprocess=trained.preprocess, hardware=hardware)
    )


def _figures(report: Report) -> dict[str, Any]:
    """Those that a model's card shows; the report holds all."""
    kinds = {"by_category": report.retrieval_by_category, "by_product": report.retrieval_by_product}
    figures: dict[str, Any] = {kind: asdict(found) for kind, found in kinds.items() if found}
    if found := report.classification:
        figures |= {
            "pictures": found.pictures,
            "accuracy": found.accuracy,
            "macro_f1": found.macro.f1,
            "ece": found.calibration.ece,
        }
    return figures


def part_of(parts: Parts, part: str) -> tuple[Example, ...]:
    """train, validation, test or all. Raises InvalidRequest for another part."""
    known = {
        "train": parts.train,
        "validation": parts.validation,
        "test": parts.test,
        "all": parts.train + parts.validation + parts.test,
    }
    if part not in known:
        raise InvalidRequest(f"there is no part {part!r}; there are: {', '.join(known)}")
    return known[part]


def write_report(report: Report, folder: Path, on_progress: OnProgress) -> None:
    """report.json and report.html in `folder`, and one event."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.json").write_text(report_json(report), encoding="utf-8")
    (folder / "report.html").write_text(report_page(report), encoding="utf-8")
    on_progress({"event": "report", "folder": str(folder), **_figures(report)})
