"""A gateway over a database of its own and a store in memory; nothing is sent to anybody.

Every answer is held against the gateway's own OpenAPI document: its status, and the shape of its body.
"""

from __future__ import annotations

import io
import json
import re
import struct
import zlib
from collections.abc import Iterator
from typing import Any

from flask import Response, request
from flask.testing import FlaskClient
from pydantic import BaseModel, ValidationError
from sqlalchemy import func, insert, select, update
from werkzeug.test import TestResponse

from services.gateway.app import create_app
from services.gateway.http.rates import RateLimiter
from services.gateway.http.signing import Signer
from services.gateway.load.waiting import Waiters
from services.gateway.schemas.common import Tell
from services.gateway.wiring import Deps
from shared.catalog.catalogs import ensure
from shared.db.engine import Database, now
from shared.db.tables import images, jobs, models
from shared.erasure.erased_list import ErasedList
from shared.ids import random_id
from shared.jobs.job import State
from shared.keys import create_key
from shared.settings import Settings
from shared.storage import owners
from shared.storage.memory import MemoryStore
from shared.storage.names import new_name
from shared.storage.port import ObjectStore
from tests import schemas
from tests.fakes import FakeDispatcher, FakeNotifier

MODEL = "fake"
FINGERPRINT = "abcdefabcdef"
SPEC: dict[str, Any] = {}
NOWHERE = "redis://127.0.0.1:1/0"


class Gateway:
    """`settings` are those of `Settings`; without a key the caller is on this machine."""

    def __init__(
        self, url: str, *, store: ObjectStore | None = None, compare: bool = True, **settings: Any
    ) -> None:
        self.db = Database(url)
        schemas.ensure(self.db)
        self.store = store or MemoryStore()
        self.dispatcher = FakeDispatcher()
        self.notifier = FakeNotifier()
        self.settings = Settings(model=MODEL, **settings)
        self.deps = Deps(
            settings=self.settings,
            db=self.db,
            store=self.store,
            erased=ErasedList(self.store),
            dispatcher=self.dispatcher,
            notifier=self.notifier,
            limiter=RateLimiter(self.settings.redis_url, self.settings.rate_per_minute),
            waiters=Waiters(self.settings.max_waiting),
            signer=Signer(b"a secret of tests", self.settings.image_url_ttl),
        )
        self.app = create_app(self.settings, self.deps)
        self.undocumented: list[str] = []
        self.app.after_request(self._compare)
        self.client: FlaskClient = self.app.test_client()
        # It depends on no setting, and takes half a second to make.
        if not SPEC and compare:
            SPEC.update(self.client.get("/openapi.json").json or {})

    def _compare(self, answer: Response) -> Response:
        if SPEC and (fault := undocumented(SPEC, answer)):
            self.undocumented.append(fault)
        return answer

    def close(self) -> None:
        self.deps.close()

    # what other processes would have done

    def serve_model(self, name: str = MODEL, fingerprint: str = FINGERPRINT) -> None:
        """A vision worker has started, after all others: a database's clock has milliseconds only."""
        with self.db.write() as c:
            others = c.execute(select(func.count()).select_from(models)).scalar_one()
            row = {"fingerprint": fingerprint, "name": name, "dim": 8, "labels": 0}
            c.execute(insert(models).values(**row, seen_at=now() + others))

    def make_catalog(self, name: str = "default", tenant: str = "default") -> str:
        """A catalog with its live index, whose id is returned."""
        with self.db.write() as c:
            if c.execute(select(models.c.name)).first() is None:
                row = {"fingerprint": FINGERPRINT, "name": MODEL, "dim": 8, "labels": 0, "seen_at": now()}
                c.execute(insert(models).values(row))
            return str(ensure(c, self.db, tenant, name, MODEL, group="g1").id)

    def key(self, tenant: str = "default", *scopes: str, rate: int | None = None) -> dict[str, str]:
        """Headers that carry a new key."""
        with self.db.write() as c:
            scopes = scopes or ("admin",)
            text = create_key(c, self.db, tenant=tenant, name="test", scopes=scopes, rate_per_minute=rate)
        return {"Authorization": f"Bearer {text}"}

    def finish(self, job_id: str, state: State = State.SUCCEEDED, **values: Any) -> None:
        """A worker ends a job."""
        values = {"due_at": None, "finished_at": now(), "expires_at": now() + 3600, **values}
        with self.db.write() as c:
            c.execute(update(jobs).where(jobs.c.id == job_id).values(state=state, **values))
        self.deps.waiters.wake(job_id)

    def add_image(
        self,
        product_id: str | None = None,
        *,
        tenant: str = "default",
        data: bytes = b"a jpeg",
        **values: Any,
    ) -> str:
        """An image that a vision worker has normalised."""
        image_id = random_id()
        stored = self.store.put(new_name("images", tenant, self.db.clock()), data)
        with self.db.write() as c:
            owners.own(c, tenant, [stored])
            row = {
                "id": image_id,
                "tenant": tenant,
                "product_id": product_id,
                "state": "ready",
                "normalised": stored.name,
                "fingerprint": FINGERPRINT,
                "created_at": now(),
                **values,
            }
            c.execute(insert(images).values(row))
        return image_id

    def rows(self, table: Any) -> list[Any]:
        with self.db.read() as c:
            return list(c.execute(select(table)))

    # what callers do

    def search(
        self, data: bytes | None = None, headers: dict[str, str] | None = None, **fields: Any
    ) -> TestResponse:
        """POST a photo as a form."""
        form: dict[str, Any] = {k: v if isinstance(v, str) else json.dumps(v) for k, v in fields.items()}
        form["image"] = (io.BytesIO(png() if data is None else data), "photo.png")
        return self.client.post("/v1/searches", data=form, headers=headers)

    def upload(self, data: bytes | None = None, headers: dict[str, str] | None = None) -> TestResponse:
        form = {"image": (io.BytesIO(png() if data is None else data), "photo.png")}
        return self.client.post("/v1/images", data=form, headers=headers)

    def put(self, product_id: str, headers: dict[str, str] | None = None, **fields: Any) -> TestResponse:
        return self.client.put(f"/v1/products/{product_id}", json=fields, headers=headers)

    def send_manifest(
        self,
        data: bytes = b"id,title\n1,One\n",
        name: str = "products.csv",
        headers: dict[str, str] | None = None,
        **fields: str,
    ) -> TestResponse:
        form = {**fields, "manifest": (io.BytesIO(data), name)}
        return self.client.post("/v1/imports", data=form, headers=headers)


def png(width: int = 300, height: int = 200, shade: int = 120) -> bytes:
    """A plain PNG, made by hand: its header is all that a gateway reads."""
    rows = b"".join(b"\0" + bytes([shade]) * width for _ in range(height))
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    ]
    framed = (struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(framed)


def undocumented(spec: dict[str, Any], answer: Response) -> str | None:
    """What of this answer the document does not say; None when it says all of it."""
    rule = request.url_rule
    if rule is None or rule.rule.startswith("/static") or request.method in ("HEAD", "OPTIONS"):
        return None
    path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
    told = spec["paths"][path][request.method.lower()]["responses"].get(str(answer.status_code))
    where = f"{request.method} {path} {answer.status_code}"
    if told is None:
        return where
    for media_type, content in told.get("content", {}).items():
        if media_type != answer.content_type and media_type != answer.mimetype:
            continue
        refs = [one.get("$ref", "") for one in content["schema"].get("anyOf", [content["schema"]])]
        faults = [_fault(ref.rpartition("/")[2], answer) for ref in refs]
        return None if None in faults else f"{where}: {faults}"
    return f"{where} as {answer.content_type}" if told.get("content") else None


def _fault(name: str, answer: Response) -> str | None:
    """What of a body does not fit the model of this name."""
    if not name or name == "OpenApi":
        return None
    try:
        _shapes()[name].model_validate(json.loads(answer.get_data()))
    except ValidationError as error:
        return str(error)
    return None


def _shapes() -> dict[str, type[BaseModel]]:
    def below(kind: type[BaseModel]) -> Iterator[type[BaseModel]]:
        for inner in kind.__subclasses__():
            yield inner
            yield from below(inner)

    return {kind.__name__: kind for kind in below(Tell)}
