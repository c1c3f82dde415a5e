"""The running service asked with the photos of a catalogue: the same figures as of a model on disk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from shared.errors import NotFound
from workers.trainer.data.copies import copies
from workers.trainer.data.example import Example
from workers.trainer.data.picture import content_of
from workers.trainer.evaluation.client import Answer, Service, plain
from workers.trainer.evaluation.evaluate import Said, report_of
from workers.trainer.evaluation.report import Report
from workers.trainer.evaluation.retrieval import Ranking
from workers.trainer.progress import OnProgress, Throttled, silent

SHARES: Final = (
    "the service's `categories`: the vote of the ten nearest products, the photo's own left out, and the "
    "classifier's five likeliest labels, half and half; a category that no neighbour has is 0"
)

# Requests at once: enough to keep a small deployment busy, and few beside its shoppers'.
_AT_ONCE: Final = 4


def evaluate_service(
    service: Service, folder: Path, examples: Sequence[Example], on_progress: OnProgress = silent
) -> Report:
    """Each photo asked for among all others of the catalogue, which was imported from `folder`.

    As of a model: by product the photo itself and byte-identical copies are excluded, by category all of its
    product too; what the second search says of categories is measured. Photos that the catalog has not, of
    products deleted since or rows that were bad, are left out and counted. Raises TusouError, NotFound where
    it has none at all.
    """
    known = _ids(service, folder, examples)
    named, examples = len(examples), [e for e, image in zip(examples, known, strict=True) if image]
    ids = [image for image in known if image]
    if not ids:
        raise NotFound(f"the catalog {service.catalog!r} has none of these photos: was it imported there?")
    tell = Throttled(on_progress)
    kinds = _Kinds.of(examples)

    def ask(n: int) -> tuple[Answer, Answer]:
        same = {"image_ids": [ids[m] for m in np.flatnonzero(kinds.copies == kinds.copies[n])]}
        photo = content_of(examples[n])
        products: tuple[list[str], ...] = ([], [examples[n].group])
        without_photo, without_product = (
            service.search(photo, exclude={**same, "product_ids": excluded}) for excluded in products
        )
        return without_photo, without_product

    by_category, by_product = [], []
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for n, (without_photo, without_product) in enumerate(pool.map(ask, range(len(examples)))):
            by_product.append(without_photo)
            by_category.append(without_product)
            tell({"event": "looking", "done": n + 1, "of": len(examples)})
    labels, chances = _chances(examples, by_category)
    numbers = {image_id: n for n, image_id in enumerate(ids)}
    said = Said(
        labels=labels,
        chances=chances,
        probabilities=SHARES,
        by_category=[
            _ranking(one, [hit["product"]["category"] == e.label for hit in one.hits], right, numbers)
            for one, e, right in zip(by_category, examples, kinds.others_of_category(), strict=True)
        ],
        by_product=[
            _ranking(one, [hit["product"]["id"] == e.group for hit in one.hits], right, numbers)
            for one, e, right in zip(by_product, examples, kinds.others_of_product(), strict=True)
        ],
    )
    facts = _facts(service, examples, [*by_category, *by_product])
    facts["photos not in the catalog"] = named - len(examples)
    title = f"{service.http.base_url}, catalog {service.catalog}"
    return report_of(title, said, examples, facts=facts)


@dataclass(frozen=True, eq=False)
class _Kinds:
    """(n,) each: equal numbers for what is the same."""

    labels: NDArray[np.int64]
    products: NDArray[np.int64]
    copies: NDArray[np.int64]

    @classmethod
    def of(cls, examples: Sequence[Example]) -> _Kinds:
        named = ([e.label for e in examples], [e.group for e in examples])
        labels, products = (np.unique(names, return_inverse=True)[1] for names in named)
        return cls(labels, products, copies(examples))

    def others_of_category(self) -> list[int]:
        """Of each example, the photos of its category that are of another product, and no copies of it."""
        return [
            int(((self.labels == label) & (self.products != product) & (self.copies != copy)).sum())
            for label, product, copy in zip(self.labels, self.products, self.copies, strict=True)
        ]

    def others_of_product(self) -> list[int]:
        return [
            int(((self.products == product) & (self.copies != copy)).sum())
            for product, copy in zip(self.products, self.copies, strict=True)
        ]


def _ids(service: Service, folder: Path, examples: Sequence[Example]) -> list[str | None]:
    """The image id of each example, None for one that the catalog does not have."""
    products = sorted({e.group for e in examples})
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        known = dict(zip(products, pool.map(service.image_ids, products), strict=True))
    found = []
    for example in examples:
        assert isinstance(example.image, Path)
        source = plain(example.image.relative_to(folder).as_posix())
        found.append(known[example.group].get(source))
    return found


def _ranking(answer: Answer, right: list[bool], total: int, numbers: Mapping[str, int]) -> Ranking:
    """`total` right ones are known of; a catalog that has grown may hold more."""
    first = answer.hits[0] if answer.hits else None
    number = numbers.get(first["image_id"]) if first else None
    found = None if first is None or number is None else (number, float(first["score"]))
    return Ranking(tuple(right), max(total, sum(right)), found)


def _chances(
    examples: Sequence[Example], answers: Sequence[Answer]
) -> tuple[tuple[str, ...], NDArray[np.float32]]:
    """Labels, those that only the catalog has too, and (n, labels) shares, zeros for no answer."""
    labels = tuple(sorted({e.label for e in examples}.union(*(answer.categories for answer in answers))))
    chances = [[answer.categories.get(label, 0.0) for label in labels] for answer in answers]
    return labels, np.array(chances, np.float32)


def _facts(service: Service, examples: Sequence[Example], answers: Sequence[Answer]) -> dict[str, Any]:
    rejected = Counter(reason for answer in answers[: len(examples)] for reason in answer.reasons)
    return {
        "service": str(service.http.base_url),
        "catalog": service.catalog,
        "fingerprint": ", ".join(sorted({answer.model for answer in answers if answer.model})),
        "photos": len(examples),
        "products": len({example.group for example in examples}),
        "rejected photos": sum(bool(answer.reasons) for answer in answers[: len(examples)]),
        **{f"rejected as {reason}": count for reason, count in rejected.most_common()},
        "partial answers": sum(answer.partial for answer in answers),
    }
