"""What a gateway stands on, opened in one place and closed in one place."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cached_property

from services.gateway.http.auth import DEFAULT_TENANT, Guard
from services.gateway.http.rates import RateLimiter
from services.gateway.http.signing import Signer, shared_secret
from services.gateway.load.admission import Admission
from services.gateway.load.waiting import Waiters, Waiting
from shared.answer.finish import Finisher
from shared.db import schema
from shared.db.engine import Database
from shared.dispatch import Dispatcher
from shared.erasure.erased_list import ErasedList
from shared.errors import StoreUnavailable
from shared.keys import Scope, any_key, create_key
from shared.settings import Settings
from shared.storage.open import open_store
from shared.storage.port import ObjectStore
from shared.wakeups import JOB_DONE, Listener, Notifier

log = logging.getLogger(__name__)

# Beside the request threads: the readiness checks.
SPARE_CONNECTIONS = 8


@dataclass(frozen=True)
class Deps:
    """Everything a view needs; a test makes one with its own store and dispatcher."""

    settings: Settings
    db: Database
    store: ObjectStore
    erased: ErasedList
    dispatcher: Dispatcher
    notifier: Notifier
    limiter: RateLimiter
    waiters: Waiters
    signer: Signer
    listener: Listener | None = None

    @cached_property
    def guard(self) -> Guard:
        return Guard(self.db, self.limiter)

    @cached_property
    def admission(self) -> Admission:
        return Admission(self.db, self.dispatcher, self.settings)

    @cached_property
    def finisher(self) -> Finisher:
        return Finisher(self.db, self.settings, self._woken)

    @cached_property
    def waiting(self) -> Waiting:
        return Waiting(
            self.db,
            self.finisher,
            self.dispatcher,
            self.waiters,
            replica_seen=self.settings.replica_seen,
        )

    def _woken(self, job_id: str) -> None:
        self.waiters.wake(job_id)
        self.notifier.job_done(job_id)

    def close(self) -> None:
        """Whoever waits is answered; connections end."""
        self.waiters.close()
        if self.listener is not None:
            self.listener.close()
        self.dispatcher.close()
        self.notifier.close()
        self.limiter.close()
        self.db.close()


def open_deps(settings: Settings) -> Deps:
    """Connect. Raises SchemaOutdated, Unavailable, InvalidRequest (bootstrap key), ValueError (a URL)."""
    db = Database(settings.sql_url, pool_size=settings.gateway_threads + SPARE_CONNECTIONS)
    schema.check(db)
    _bootstrap(db, settings.bootstrap_key.get_secret_value())
    store, erased_store = open_store(settings.store_url), open_store(settings.erased_store_url)
    try:
        store.ensure()
        erased_store.ensure()
    except StoreUnavailable as error:
        log.warning("the object store is away, and is asked again with each request: %s", error.detail)
    waiters = Waiters(settings.max_waiting)
    secret = settings.signing_secret.get_secret_value().encode() or shared_secret(db)
    return Deps(
        settings=settings,
        db=db,
        store=store,
        erased=ErasedList(erased_store),
        dispatcher=Dispatcher(settings.amqp_or_redis_url),
        notifier=Notifier(settings.redis_url),
        limiter=RateLimiter(settings.redis_url, settings.rate_per_minute),
        waiters=waiters,
        signer=Signer(secret, settings.image_url_ttl),
        listener=Listener(settings.redis_url, JOB_DONE, waiters.wake),
    )


def _bootstrap(db: Database, secret: str) -> None:
    """The first admin key, where there is none, not even a revoked one."""
    if not secret:
        return
    with db.write() as c:
        if not any_key(c, revoked_too=True):
            create_key(c, db, tenant=DEFAULT_TENANT, name="bootstrap", scopes=[Scope.ADMIN], secret=secret)
