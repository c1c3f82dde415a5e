"""Rate limits, counted by a real Valkey; without one everything passes."""

from __future__ import annotations

import pytest

from services.gateway.http import rates
from shared.errors import Overloaded
from tests.gateway_rig import NOWHERE
from tests.integration.gateway.conftest import Open
from tests.servers.valkey import Valkey


def test_a_key_has_so_many_requests_a_minute(open_gateway: Open, valkey: Valkey) -> None:
    gateway = open_gateway(redis_url=valkey.url)
    limited, other = gateway.key(rate=3), gateway.key()
    # Twice the limit and one: wherever the minute ends, one of the two has more than it may.
    answers = [gateway.client.get("/v1/jobs", headers=limited) for _ in range(7)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert [answer.status_code for answer in answers[:3]] == [200, 200, 200]
    assert refused
    assert refused[0].json["code"] == "rate_limited"
    assert 1 <= int(refused[0].headers["Retry-After"]) <= 60
    assert gateway.client.get("/v1/jobs", headers=other).status_code == 200


def test_the_deployments_limit_counts_where_a_key_has_none(valkey: Valkey) -> None:
    limiter = rates.RateLimiter(valkey.url, 1)
    # Three at a limit of one: wherever the minute ends, two of them fall into the same.
    refused = []
    for _ in range(3):
        try:
            limiter.check("a key without a limit", None)
        except Overloaded as error:
            refused.append(error.code)
    assert "rate_limited" in refused
    for _ in range(3):
        limiter.check("a key that may all", 0)
    limiter.close()


def test_without_redis_requests_pass_and_it_is_left_alone_for_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []
    limiter = rates.RateLimiter(NOWHERE, 1)
    pipeline = limiter._client.pipeline
    monkeypatch.setattr(limiter._client, "pipeline", lambda **k: asked.append(1) or pipeline(**k))
    for _ in range(5):
        limiter.check("key", None)
    assert len(asked) == 1
    limiter.close()
