"""The HTTP API as an evaluation asks it: a product's images, and searches by photo."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

import httpx

from shared.errors import InvalidRequest, NotFound, TusouError, Unavailable
from workers.trainer.evaluation.retrieval import DEPTH

_WAIT_S: Final = 20
_OPEN: Final = ("queued", "running")
# A shop that serves others meanwhile may ask to come back later.
_BUSY: Final = (429, 503)
_TRIES: Final = 20
_MOST_PAUSE_S: Final = 30.0


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
        return {plain(image["source"]): image["id"] for image in told["images"] if image["source"]}

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


def plain(source: str) -> str:
    """A path as the shop may write it, `./a.jpg`, and as a file's is written, `a.jpg`."""
    return source.removeprefix("./")
