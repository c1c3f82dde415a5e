"""All figures of one evaluation as one value, and as JSON."""

from __future__ import annotations

import json
import math
import re
from dataclasses import asdict, dataclass
from itertools import chain
from typing import Any, Final

from workers.trainer.course import Epoch
from workers.trainer.evaluation.classification import Classification
from workers.trainer.evaluation.mistakes import Miss, Mistake
from workers.trainer.evaluation.retrieval import Retrieval

# A list of numbers, or of lists of them.
_NUMBERS: Final = re.compile(r"\[\n[\[\]\s\d.,eE+\-nul]*\]")


@dataclass(frozen=True)
class Report:
    """`title` says what was evaluated on what. None stands where there was nothing to measure.

    `probabilities` tells what those are by which labels were measured.
    """

    title: str
    facts: dict[str, Any]
    classification: Classification | None
    retrieval_by_category: Retrieval | None
    retrieval_by_product: Retrieval | None
    probabilities: str = ""
    mistakes: tuple[Mistake, ...] = ()
    misses_by_category: tuple[Miss, ...] = ()
    misses_by_product: tuple[Miss, ...] = ()
    history: tuple[Epoch, ...] = ()


def report_json(report: Report) -> str:
    """Indented, a list of numbers in one line, without thumbnails; a figure that is no number is null."""
    values = asdict(report)
    for wrong in chain(values["mistakes"], values["misses_by_category"], values["misses_by_product"]):
        for thumbnail in [key for key in wrong if key.endswith("thumbnail")]:
            del wrong[thumbnail]
    told = json.dumps(_finite(values), ensure_ascii=False, indent=1, allow_nan=False)
    # No string holds a line break as it is, so that only white space between numbers goes.
    return _NUMBERS.sub(lambda found: re.sub(r"\n *", "", found[0]), told)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
