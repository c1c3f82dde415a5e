"""Who is calling: a key, or while there is no key, somebody on this machine."""

from __future__ import annotations

import hashlib
import ipaddress
import re
import threading
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import Request

from services.gateway.http.rates import RateLimiter
from shared.db.engine import Database
from shared.errors import Forbidden, Unauthorized
from shared.jobs.kinds import JobKind
from shared.keys import Key, Scope, any_key, find_key

REMEMBERED_S = 2.0  # a new or revoked key is noticed after so long
MOST_REMEMBERED = 10_000  # keys; somebody who tries many must not fill the memory

DEFAULT_TENANT = "default"

# A proxy in front adds one of these: then the loopback address says nothing of who is calling.
FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via")

HOW_TO = (
    "Without keys only requests on this machine are served. Make one with `tusou keys create` (or start with "
    "TUSOU_BOOTSTRAP_KEY) and send it as `Authorization: Bearer KEY`."
)

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[\w.-]+)(:[0-9]{1,5})?")


@dataclass(frozen=True)
class Caller:
    """`key_id` None: somebody on this machine, while there are no keys."""

    tenant: str
    scopes: frozenset[str]
    key_id: str | None = None

    def may(self, scope: Scope) -> bool:
        return scope in self.scopes or Scope.ADMIN in self.scopes

    def require(self, scope: Scope) -> None:
        """Raises Forbidden."""
        if not self.may(scope):
            raise Forbidden(f"this key has not the scope '{scope}'; use one that has")


def scope_of(kind: JobKind) -> Scope:
    """The scope that sees and ends jobs of a kind."""
    return {
        JobKind.SEARCH: Scope.SEARCH,
        JobKind.EXPLANATION: Scope.SEARCH,
        JobKind.TRAINING: Scope.ADMIN,
    }.get(kind, Scope.CATALOGUE)


class Guard:
    """Finds the caller of a request. What the database says of a key is remembered for two seconds."""

    def __init__(self, db: Database, limiter: RateLimiter) -> None:
        self._db = db
        self._limiter = limiter
        self._lock = threading.Lock()
        self._keys: dict[str, tuple[float, Key | None]] = {}
        self._on: tuple[float, bool] = (-REMEMBERED_S, False)

    def caller(self, request: Request) -> Caller:
        """Raises Unauthorized, Overloaded (`rate_limited`)."""
        secret = _secret(request)
        if secret is None:
            if self._keys_on():
                raise Unauthorized("send a key as `Authorization: Bearer KEY`")
            return _local(request)
        key = self._find(secret)
        if key is None:
            if not self._keys_on():
                raise Unauthorized(
                    "there are no keys here: send none, or make this one with `tusou keys create`"
                )
            raise Unauthorized("this key is unknown or was revoked")
        self._limiter.check(key.id, key.rate_per_minute)
        return Caller(key.tenant, key.scopes, key.id)

    def _keys_on(self) -> bool:
        read_at, on = self._on
        if time.monotonic() - read_at >= REMEMBERED_S:
            with self._db.read() as c:
                on = any_key(c)
            self._on = (time.monotonic(), on)
        return on

    def _find(self, secret: str) -> Key | None:
        name = hashlib.sha256(secret.encode()).hexdigest()
        with self._lock:
            read_at, key = self._keys.get(name, (-REMEMBERED_S, None))
        if time.monotonic() - read_at < REMEMBERED_S:
            return key
        with self._db.read() as c:
            key = find_key(c, secret)
        with self._lock:
            if len(self._keys) >= MOST_REMEMBERED:
                self._keys.clear()
            self._keys[name] = (time.monotonic(), key)
        return key


def _secret(request: Request) -> str | None:
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and credentials.strip():
        return credentials.strip()
    return request.headers.get("X-Api-Key") or None


def _local(request: Request) -> Caller:
    """Raises Unauthorized unless the request was addressed to this machine, by this machine."""
    host = request.environ.get("HTTP_HOST", "")
    origin = request.headers.get("Origin")
    if not _HOST.fullmatch(host):
        fault = "The Host header is no host, or host and port" if host else "There is no Host header"
        raise Unauthorized(f"{fault}. {HOW_TO}")
    if not _is_loopback(host) or any(request.headers.get(name) for name in FORWARDED):
        raise Unauthorized(HOW_TO)
    # A page of another site can send forms to this machine; its browser tells where the page is from.
    if origin is not None and urlsplit(origin).netloc != host:
        raise Unauthorized(HOW_TO)
    return Caller(DEFAULT_TENANT, frozenset({Scope.ADMIN}))


def _is_loopback(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
