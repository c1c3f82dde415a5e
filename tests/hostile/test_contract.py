"""Whatever fits the contract, and whatever just misses it: no answer is a 5xx or one that it does not tell.

Schemathesis makes the calls out of /openapi.json and holds each answer against it: status, media type,
headers and the shape of the body.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import randoms
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks as contract

from tests.gateway_rig import SPEC
from tests.hostile.seeds import Seeds, sow
from tests.hostile.shop import Shop, opened
from tests.integration.gateway.test_openapi import operations


def no_fault_of_ours(ctx: Any, answer: Any, case: schemathesis.Case) -> bool | None:
    """A model that nobody serves may be served tomorrow: that 503 is the right answer to its name."""
    if answer.status_code == 503 and answer.json()["code"] == "model_unknown":
        return None
    return not_a_server_error(ctx, answer, case)


CHECKS = [
    no_fault_of_ours,
    contract.status_code_conformance,
    contract.content_type_conformance,
    contract.response_headers_conformance,
    contract.response_schema_conformance,
]
# Of each call and mode. More find more: 500 take about half an hour.
EXAMPLES = int(os.environ.get("TUSOU_TEST_EXAMPLES", "5"))

pytestmark = pytest.mark.timeout(120 + 10 * EXAMPLES)


DESTROYS = ("DELETE", "POST /v1/catalogs/{catalog}:purge", "POST /v1/jobs/{job_id}:retry")


@pytest.fixture(scope="module", params=list(GenerationMode), ids=lambda mode: mode.value)
def mode(request: pytest.FixtureRequest) -> GenerationMode:
    return request.param


@pytest.fixture(scope="module")
def shop(mode: GenerationMode, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """One for each mode, since the calls take away what is there."""
    folder: Path = tmp_path_factory.mktemp("contract")
    with opened(f"sqlite:///{folder / 'tusou.db'}", folder / "home") as shop:
        yield shop


@pytest.fixture(scope="module")
def seeds(shop: Shop) -> Seeds:
    return sow(shop)


@pytest.fixture(scope="module")
def calls(shop: Shop) -> dict[str, Any]:
    """Each operation of the contract, by method and path; what takes away stands last."""
    api = schemathesis.openapi.from_wsgi("/openapi.json", shop.gateway.app)
    found = {one.ok().label: one.ok() for one in api.get_all_operations()}
    return dict(sorted(found.items(), key=lambda pair: pair[0].startswith(DESTROYS)))


def test_every_call_of_the_contract_is_tried(calls: dict[str, Any]) -> None:
    told = {f"{method.upper()} {path}" for path, method, _ in operations(SPEC)}
    assert set(calls) == told - {"GET /openapi.json"}  # Schemathesis leaves out what it reads itself


def test_all_that_is_there_is_told_as_the_contract_says(
    shop: Shop, seeds: Seeds, calls: dict[str, Any]
) -> None:
    """Jobs of every kind and state, and what they lead to, by every call that reads one of them."""
    for label, operation in calls.items():
        names = re.findall(r"{(\w+)}", label)
        if not label.startswith("GET ") or not names or not seeds.keys() >= set(names):
            continue
        statuses = set()
        for values in product(*(seeds[name] for name in names)):
            case = operation.Case(path_parameters=dict(zip(names, values, strict=True)))
            statuses.add(case.call_and_validate(checks=CHECKS, headers=shop.key).status_code)
        assert 200 in statuses, label
    assert shop.gateway.undocumented == []


def test_no_answer_is_a_5xx_or_untold(
    shop: Shop, seeds: Seeds, calls: dict[str, Any], mode: GenerationMode
) -> None:
    for label, operation in calls.items():
        if mode is GenerationMode.NEGATIVE and not takes_what_can_be_wrong(operation):
            continue
        try:
            _try(shop, seeds, operation, mode)
        except Exception as error:
            error.add_note(label)
            raise


def takes_what_can_be_wrong(operation: Any) -> bool:
    """A name in a path is any text; a query and a body have a shape that can be missed."""
    return bool(operation.body) or any(True for _ in operation.query)


def _try(shop: Shop, seeds: Seeds, operation: Any, mode: GenerationMode) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), choice=randoms(use_true_random=False))
    def answers(case: schemathesis.Case, choice: Random) -> None:
        _meet(seeds, case, choice)
        case.call_and_validate(checks=CHECKS, headers=shop.key)

    answers()


def _meet(seeds: Seeds, case: schemathesis.Case, choice: Random) -> None:
    """Two names in three stand for something that is there; the rest is as it was made up."""
    for part in (case.path_parameters, case.query, case.body):
        if isinstance(part, dict):
            for name in part.keys() & seeds.keys():
                if choice.randrange(3):
                    part[name] = choice.choice(seeds[name])
    wait = case.query.get("wait") if isinstance(case.query, dict) else None
    if isinstance(wait, int) and wait > 0:  # some of the jobs never end
        case.query["wait"] = 1
