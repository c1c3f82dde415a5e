"""The command line's HTTP client: speaks to TUSOU_URL, turns problems into sentences."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import httpx

from services.cli.trouble import Trouble
from shared.settings import Settings

WAIT_S = 20


class Refused(Trouble):
    """The gateway said no, or does not answer."""


class Client:
    """Raises Trouble where TUSOU_URL or TUSOU_KEY cannot be one."""

    def __init__(self, settings: Settings, *, url: str | None = None) -> None:
        key = settings.key.get_secret_value()
        if not all("!" <= letter <= "~" for letter in key):
            raise Trouble("TUSOU_KEY holds characters that no key has; `tusou keys create` prints a key")
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self.url = _checked(url or settings.url)
        self._http = httpx.Client(
            base_url=self.url, headers=headers, timeout=httpx.Timeout(60.0, connect=3.0)
        )

    def get(self, path: str, **params: Any) -> Any:
        return self._json("GET", path, params={k: v for k, v in params.items() if v is not None})

    def put(self, path: str, body: dict[str, Any]) -> Any:
        return self._json("PUT", path, json=body)

    def post(self, path: str, **options: Any) -> Any:
        return self._json("POST", path, **options)

    def delete(self, path: str, **params: Any) -> Any:
        return self._json("DELETE", path, params={k: v for k, v in params.items() if v is not None})

    def bytes(self, path: str) -> bytes:
        return self._call("GET", path).content

    def first_lines(self, path: str, most: int) -> list[str]:
        """The beginning of a text that may be long."""
        try:
            with self._http.stream("GET", path) as answer:
                return list(islice(answer.iter_lines(), most))
        except httpx.HTTPError as error:
            raise Refused(f"{self.url} does not answer ({error})") from error

    def search(self, image: Path, **fields: Any) -> dict[str, Any]:
        """The finished job of a search with a photo."""
        form = {k: v if isinstance(v, str) else json.dumps(v) for k, v in fields.items() if v is not None}
        with image.open("rb") as file:
            job = self._json(
                "POST",
                "/v1/searches",
                files={"image": (image.name, file)},
                data=form,
                headers={"Prefer": f"wait={WAIT_S}"},
            )
        return self.wait(job)

    def wait(self, job: dict[str, Any], timeout: float = 120.0) -> dict[str, Any]:
        """Long-poll until the job has finished. Raises Refused when it takes longer."""
        deadline = time.monotonic() + timeout
        while job["state"] in ("queued", "running"):
            if time.monotonic() > deadline:
                raise Refused(f"job {job['id']} is still {job['state']}; see `tusou jobs show {job['id']}`")
            job = self.get(f"/v1/jobs/{job['id']}", wait=WAIT_S)
        return job

    def follow(self, job: dict[str, Any], every_s: float = 0.3) -> Iterator[dict[str, Any]]:
        """The job again and again until it has finished."""
        yield job
        while job["state"] in ("queued", "running"):
            time.sleep(every_s)
            job = self.get(f"/v1/jobs/{job['id']}")
            yield job

    def start_import(self, manifest: Path, **fields: Any) -> dict[str, Any]:
        form = {k: str(v).lower() if isinstance(v, bool) else v for k, v in fields.items() if v is not None}
        with manifest.open("rb") as file:
            return dict(
                self._json("POST", "/v1/imports", files={"manifest": (manifest.name, file)}, data=form)
            )

    def _json(self, method: str, path: str, **options: Any) -> Any:
        answer = self._call(method, path, **options)
        try:
            return answer.json()
        except ValueError as error:
            raise Refused(f"what answers at {self.url} is no Tusou gateway; is TUSOU_URL right?") from error

    def _call(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            answer = self._http.request(method, path, **options)
        except httpx.HTTPError as error:
            raise Refused(
                f"{self.url} does not answer ({error}); is it running? `tusou up` starts it"
            ) from error
        if answer.status_code >= 400:
            raise Refused(_problem(answer))
        return answer


def _checked(url: str) -> str:
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL:
        parts = httpx.URL()
    if parts.scheme not in ("http", "https") or not parts.host:
        raise Trouble(f"TUSOU_URL is {url!r}, which is no address such as http://127.0.0.1:8000")
    return url.rstrip("/")


def _problem(answer: httpx.Response) -> str:
    try:
        body = answer.json()
        hint = "; the command line sends TUSOU_KEY" if answer.status_code == 401 else ""
        return f"{body['title']} ({answer.status_code} {body['code']}): {body['detail']}{hint}"
    except (ValueError, KeyError, TypeError):
        return f"{answer.status_code} from {answer.url}"
