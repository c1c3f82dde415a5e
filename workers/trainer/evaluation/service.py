"""The running service asked with the photos of a catalogue: the same figures as of a model on disk."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import httpx
import numpy as np
from numpy.typing import NDArray

from shared.errors import InvalidRequest, NotFound, TusouError, Unavailable
from workers.trainer.data.copies import copies
from workers.trainer.data.example import Example
from workers.trainer.data.picture import content_of
from workers.trainer.evaluation.evaluate import Said, report_of
from workers.trainer.evaluation.report import Report
from workers.trainer.evaluation.retrieval import DEPTH, Ranking
from workers.trainer.progress import OnProgress, Throttled, silent

SHARES: Final = (
    "the service's `categories`: the vote of the ten nearest products, the photo's own left out, and the "
    "classifier's five likeliest labels, half and half; a category that no neighbour has is 0"
)

_WAIT_S: Final = 20
_OPEN: Final = ("queued", "running")
# A shop that serves others meanwhile may ask to come back later.
_BUSY: Final = (429, 503)
_TRIES: Final = 20
_MOST_PAUSE_S: Final = 30.0
# Requests at once: enough to keep a small deployment busy, and few beside its shoppers'.
_AT_ONCE: Final = 4


@dataclass(frozen=True, eq=False)
class Answer:
    """Of the main item: `hits` best first, `categories` with their shares, which add up to 1.

    A photo that the service rejects has neither, and `reasons` instead. `partial`: shards did not answer.
    """

    hits: Sequence[Mapping[str, Any]] = ()
    categories: Mapping[str, float] = field(default_factory=dict)
    model: str | None = None
    partial: bool = False
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Service:
    """`http` knows address and key; `catalog` is the one that is searched."""

    http: httpx.Client
    catalog: str = "default"

    def image_ids(self, product: str) -> dict[str, str]:
        """Source, as the shop wrote it -> id of the image; empty for a product that is not there."""
        path = f"/v1/products/{quote(product, safe='')}"
        try:
            told = self._call("GET", path, params={"catalog": self.catalog})
        except NotFound:
            return {}
        return {_plain(image["source"]): image["id"] for image in told["images"] if image["source"]}

    def search(self, photo: bytes, *, exclude: dict[str, list[str]]) -> Answer:
        """By image. Raises TusouError."""
        form = {"limit": str(DEPTH), "group_by": "image", "catalog": self.catalog, "store": "false"}
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
            return Answer(reasons=tuple(reason["code"] for reason in job["reasons"]))
        if job["state"] != "succeeded":
            raise TusouError(f"a search ended as {job['state']}: {job['error']}", code="search_failed")
        result = job["result"]
        item = result["items"][result["main_item"]]
        return Answer(
            hits=item["hits"],
            categories={one["name"]: one["score"] for one in item["categories"]},
            model=result["model"],
            partial=result["index"]["partial"],
        )

    def _call(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        for tries_left in reversed(range(_TRIES)):
            try:
                answer = self.http.request(method, path, **options)
            except httpx.HTTPError as error:
                raise Unavailable(f"{self.http.base_url} does not answer: {error}") from error
            if answer.status_code not in _BUSY or not tries_left:
                break
            time.sleep(_pause(answer))
        if answer.status_code == HTTPStatus.NOT_FOUND:
            raise NotFound(f"{method} {path} gave 404: {_why(answer)}")
        if answer.is_error:
            raise TusouError(f"{method} {path} gave {answer.status_code}: {_why(answer)}", code="refused")
        try:
            told: dict[str, Any] = answer.json()
        except ValueError as error:
            raise TusouError(f"what answers at {self.http.base_url} is no Tusou", code="refused") from error
        return told


def _pause(answer: httpx.Response) -> float:
    """Seconds that a busy service asks for. A proxy before it may name a date instead: a second, then."""
    wanted = answer.headers.get("Retry-After", "")
    return min(float(wanted) if wanted.isdecimal() else 1.0, _MOST_PAUSE_S)


def _why(answer: httpx.Response) -> str:
    """What a problem says, else the beginning of what came: it may be the page of a proxy."""
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return answer.text[:200]


def open_service(url: str, catalog: str, *, key: str = "") -> Service:
    """The service at `url`; nothing is asked yet. Raises InvalidRequest for what is no address."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        http = httpx.Client(base_url=url, headers=headers, timeout=60.0)
    except httpx.InvalidURL as error:
        raise InvalidRequest(f"{url} is no address of a service: {error}") from error
    if http.base_url.scheme not in ("http", "https") or not http.base_url.host:
        raise InvalidRequest(f"{url!r} is no address of a service, such as http://127.0.0.1:8000")
    return Service(http, catalog)


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
        source = _plain(example.image.relative_to(folder).as_posix())
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


def _plain(source: str) -> str:
    """A path as the shop may write it, `./a.jpg`, and as a file's is written, `a.jpg`."""
    return source.removeprefix("./")
