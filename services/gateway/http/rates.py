"""Rate limits: so many requests a minute and key, counted in Redis for all gateways together."""

from __future__ import annotations

import logging
import time

import redis

from shared.errors import Overloaded

log = logging.getLogger(__name__)

# A counter is no reason to keep a request waiting.
TIMEOUT_S = 0.25
# Redis away: requests pass, and it is not asked again for so long.
AWAY_S = 1.0


class RateLimiter:
    """A counter per key and minute. Redis may lose them at any time."""

    def __init__(self, url: str, default_per_minute: int) -> None:
        self._client = redis.Redis.from_url(url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S)
        self._default = default_per_minute
        self._away_until = 0.0

    def check(self, key_id: str, per_minute: int | None) -> None:
        """Raises Overloaded (`rate_limited`). `per_minute` None: the default; 0: no limit."""
        limit = self._default if per_minute is None else per_minute
        if limit <= 0 or time.monotonic() < self._away_until:
            return
        minute, second = divmod(int(time.time()), 60)
        name = f"tusou:rate:{key_id}:{minute}"
        try:
            with self._client.pipeline(transaction=False) as commands:
                commands.incr(name)
                commands.expire(name, 120)
                count = int(commands.execute()[0])
        except redis.RedisError as error:
            log.warning("rates are not counted: %s", error)
            self._away_until = time.monotonic() + AWAY_S
            return
        if count > limit:
            raise Overloaded(
                f"this key may send {limit} requests a minute", code="rate_limited", retry_after_s=60 - second
            )

    def close(self) -> None:
        self._client.close()
