"""The running service asked with the photos of a catalogue: the same figures as of embeddings on disk."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import httpx

from shared.errors import TusouError, Unavailable
from workers.trainer.data.copies import copies
from workers.trainer.data.example import Example
from workers.trainer.data.picture import content_of
from workers.trainer.evaluation.report import Report
from workers.trainer.evaluation.retrieval import DEPTH, Ranking, retrieval

_WAIT_S: Final = 20
_OPEN: Final = ("queued", "running")


@dataclass(frozen=True, eq=False)
class Service:
    """`http` knows address and key; `catalog` is the one that is searched."""

    http: httpx.Client
    catalog: str = "default"

    def image_ids(self, product: str) -> dict[str, str]:
        """Source, as the shop wrote it -> id of the image."""
        path = f"/v1/products/{quote(product, safe='')}"
        told = self._call("GET", path, params={"catalog": self.catalog})
        return {image["source"]: image["id"] for image in told["images"] if image["source"]}

    def hits(self, photo: bytes, *, group_by: str, exclude: dict[str, list[str]]) -> list[dict[str, Any]]:
        """Of the whole photo, best first; none for a photo that the service rejects. Raises TusouError."""
        form = {"limit": str(DEPTH), "group_by": group_by, "catalog": self.catalog, "store": "false"}
        job = self._call(
            "POST",
            "/v1/searches",
            files={"image": photo},
            data={**form, "exclude": json.dumps(exclude)},
            headers={"Prefer": f"wait={_WAIT_S}"},
        )
        while job["state"] in _OPEN:
            job = self._call("GET", f"/v1/jobs/{job['id']}", params={"wait": _WAIT_S})
        if job["state"] == "rejected":
            return []
        if job["state"] != "succeeded":
            raise TusouError(f"a search ended as {job['state']}: {job['error']}", code="search_failed")
        hits: list[dict[str, Any]] = job["result"]["items"][0]["hits"]
        return hits

    def _call(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        try:
            answer = self.http.request(method, path, **options)
        except httpx.HTTPError as error:
            raise Unavailable(f"{self.http.base_url} does not answer: {error}") from error
        if answer.is_error:
            raise TusouError(f"{method} {path} gave {answer.status_code}: {answer.text}", code="refused")
        told: dict[str, Any] = answer.json()
        return told


def evaluate_service(service: Service, folder: Path, examples: Sequence[Example]) -> Report:
    """Each photo asked for among all others of the catalogue, which was imported from `folder`.

    By product the photo itself and byte-identical copies are excluded, by category all of its product.
    """
    ids = _ids(service, folder, examples)
    return Report(
        title=f"{service.http.base_url}, catalog {service.catalog}",
        facts={"photos": len(examples), "products": len({e.group for e in examples})},
        classification=None,
        retrieval_by_label=retrieval(_by_label(service, examples)),
        retrieval_by_product=retrieval(_by_product(service, examples, ids)),
    )


def _ids(service: Service, folder: Path, examples: Sequence[Example]) -> list[str]:
    """The image id of each example. Raises TusouError for one that the catalog does not have."""
    known = {product: service.image_ids(product) for product in {e.group for e in examples}}
    found = []
    for example in examples:
        assert isinstance(example.image, Path)
        source = example.image.relative_to(folder).as_posix()
        if source not in known[example.group]:
            raise TusouError(f"the catalog has no image {source} of {example.group}", code="not_found")
        found.append(known[example.group][source])
    return found


def _by_product(service: Service, examples: Sequence[Example], ids: Sequence[str]) -> Iterator[Ranking]:
    same: defaultdict[int, list[str]] = defaultdict(list)
    numbers = copies(examples).tolist()
    for number, image_id in zip(numbers, ids, strict=True):
        same[number].append(image_id)
    for example, number in zip(examples, numbers, strict=True):
        others = sum(e.group == example.group and n != number for e, n in zip(examples, numbers, strict=True))
        excluded = {"image_ids": same[number], "product_ids": []}
        hits = service.hits(content_of(example), group_by="image", exclude=excluded)
        yield Ranking(tuple(hit["product"]["id"] == example.group for hit in hits), others)


def _by_label(service: Service, examples: Sequence[Example]) -> Iterator[Ranking]:
    sizes = Counter(label for label, _ in {(e.label, e.group) for e in examples})
    for example in examples:
        excluded = {"image_ids": [], "product_ids": [example.group]}
        hits = service.hits(content_of(example), group_by="product", exclude=excluded)
        right = tuple(hit["product"]["category"] == example.label for hit in hits)
        yield Ranking(right, sizes[example.label] - 1)
