"""The running service asked with the photos of a catalogue: the same figures as of embeddings on disk."""

from __future__ import annotations

import json
import time
from collections import defaultdict
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
# A shop that serves others meanwhile may ask to come back later.
_BUSY: Final = (429, 503)
_TRIES: Final = 20
_MOST_PAUSE_S: Final = 30.0


@dataclass(frozen=True, eq=False)
class Service:
    """`http` knows address and key; `catalog` is the one that is searched."""

    http: httpx.Client
    catalog: str = "default"

    def image_ids(self, product: str) -> dict[str, str]:
        """Source, as the shop wrote it -> id of the image."""
        path = f"/v1/products/{quote(product, safe='')}"
        told = self._call("GET", path, params={"catalog": self.catalog})
        return {_plain(image["source"]): image["id"] for image in told["images"] if image["source"]}

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
        for tries_left in reversed(range(_TRIES)):
            try:
                answer = self.http.request(method, path, **options)
            except httpx.HTTPError as error:
                raise Unavailable(f"{self.http.base_url} does not answer: {error}") from error
            if answer.status_code not in _BUSY or not tries_left:
                break
            time.sleep(min(float(answer.headers.get("Retry-After", 1)), _MOST_PAUSE_S))
        if answer.is_error:
            raise TusouError(f"{method} {path} gave {answer.status_code}: {answer.text}", code="refused")
        told: dict[str, Any] = answer.json()
        return told


def evaluate_service(service: Service, folder: Path, examples: Sequence[Example]) -> Report:
    """Each photo asked for among all others of the catalogue, which was imported from `folder`.

    By product the photo itself and byte-identical copies are excluded, by category all of its product too.
    """
    ids = _ids(service, folder, examples)
    return Report(
        title=f"{service.http.base_url}, catalog {service.catalog}",
        facts={"photos": len(examples), "products": len({e.group for e in examples})},
        classification=None,
        retrieval_by_category=retrieval(_by_category(service, examples, ids)),
        retrieval_by_product=retrieval(_by_product(service, examples, ids)),
    )


def _ids(service: Service, folder: Path, examples: Sequence[Example]) -> list[str]:
    """The image id of each example. Raises TusouError for one that the catalog does not have."""
    known = {product: service.image_ids(product) for product in {e.group for e in examples}}
    found = []
    for example in examples:
        assert isinstance(example.image, Path)
        source = _plain(example.image.relative_to(folder).as_posix())
        if source not in known[example.group]:
            raise TusouError(f"the catalog has no image {source} of {example.group}", code="not_found")
        found.append(known[example.group][source])
    return found


def _by_product(service: Service, examples: Sequence[Example], ids: Sequence[str]) -> Iterator[Ranking]:
    numbers = copies(examples).tolist()
    same = _ids_of_copies(numbers, ids)
    for example, number in zip(examples, numbers, strict=True):
        others = sum(e.group == example.group and n != number for e, n in zip(examples, numbers, strict=True))
        excluded = {"image_ids": same[number], "product_ids": []}
        hits = service.hits(content_of(example), group_by="image", exclude=excluded)
        yield Ranking(tuple(hit["product"]["id"] == example.group for hit in hits), others)


def _by_category(service: Service, examples: Sequence[Example], ids: Sequence[str]) -> Iterator[Ranking]:
    numbers = copies(examples).tolist()
    same = _ids_of_copies(numbers, ids)
    shown: defaultdict[tuple[str, str], set[int]] = defaultdict(set)  # of a label's product, its pictures
    for example, number in zip(examples, numbers, strict=True):
        shown[example.label, example.group].add(number)
    for example, number in zip(examples, numbers, strict=True):
        right = sum(
            label == example.label and group != example.group and pictures != {number}
            for (label, group), pictures in shown.items()
        )
        excluded = {"image_ids": same[number], "product_ids": [example.group]}
        hits = service.hits(content_of(example), group_by="product", exclude=excluded)
        yield Ranking(tuple(hit["product"]["category"] == example.label for hit in hits), right)


def _ids_of_copies(numbers: Sequence[int], ids: Sequence[str]) -> dict[int, list[str]]:
    same: defaultdict[int, list[str]] = defaultdict(list)
    for number, image_id in zip(numbers, ids, strict=True):
        same[number].append(image_id)
    return same


def _plain(source: str) -> str:
    """A path as the shop may write it, `./a.jpg`, and as a file's is written, `a.jpg`."""
    return source.removeprefix("./")
