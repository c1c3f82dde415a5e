"""All figures of one evaluation as one value, and as JSON."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from typing import Any

from workers.trainer.course import Epoch
from workers.trainer.evaluation.classification import Classification
from workers.trainer.evaluation.mistakes import Mistake
from workers.trainer.evaluation.retrieval import Retrieval


@dataclass(frozen=True)
class Report:
    """`title` says what was evaluated on what. None stands where there was nothing to measure."""

    title: str
    facts: dict[str, Any]
    classification: Classification | None
    retrieval_by_category: Retrieval | None
    retrieval_by_product: Retrieval | None
    mistakes: tuple[Mistake, ...] = ()
    history: tuple[Epoch, ...] = ()


def report_json(report: Report) -> str:
    """Indented, without thumbnails; a figure that is no number is null."""
    values = asdict(report)
    for mistake in values["mistakes"]:
        del mistake["thumbnail"]
    return json.dumps(_finite(values), ensure_ascii=False, indent=1, allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
