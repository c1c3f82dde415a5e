"""Whatever fits the contract, and whatever just misses it: no answer is a 5xx or one that it does not tell.

Schemathesis makes the calls out of /openapi.json and holds each answer against it: status, media type,
headers and the shape of the body.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import booleans
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks as contract

from tests.gateway_rig import NOWHERE, SPEC, Gateway
from tests.integration.gateway.test_openapi import operations

CHECKS = [
    not_a_server_error,
    contract.status_code_conformance,
    contract.content_type_conformance,
    contract.response_headers_conformance,
    contract.response_schema_conformance,
]
# Of each call and mode. More find more: 500 take about half an hour.
EXAMPLES = int(os.environ.get("TUSOU_TEST_EXAMPLES", "5"))


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder: Path = tmp_path_factory.mktemp("contract")
    gateway = Gateway(f"sqlite:///{folder / 'tusou.db'}", redis_url=NOWHERE, max_queue_wait=3600.0)
    gateway.make_catalog()
    yield gateway
    gateway.close()


@pytest.fixture(scope="module")
def calls(gateway: Gateway) -> dict[str, Any]:
    """Each operation of the contract, by method and path."""
    api = schemathesis.openapi.from_wsgi("/openapi.json", gateway.app)
    return {found.ok().label: found.ok() for found in api.get_all_operations()}


def known(gateway: Gateway) -> dict[str, Any]:
    """A value that exists for each name in a path; a call may have deleted those of the call before."""
    gateway.put("known", title="One")
    return {
        "job_id": gateway.search().json["id"],
        "image_id": gateway.add_image("known"),
        "product_id": "known",
        "catalog": "default",
        "hit": 1,
    }


def test_every_call_of_the_contract_is_tried(gateway: Gateway, calls: dict[str, Any]) -> None:
    told = {f"{method.upper()} {path}" for path, method, _ in operations(SPEC)}
    assert set(calls) == told - {"GET /openapi.json"}  # Schemathesis leaves out what it reads itself


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_no_answer_is_a_5xx_or_untold(gateway: Gateway, calls: dict[str, Any], mode: GenerationMode) -> None:
    for label, operation in calls.items():
        if mode is GenerationMode.NEGATIVE and not takes_what_can_be_wrong(operation):
            continue
        try:
            _try(gateway, operation, mode)
        except Exception as error:
            error.add_note(label)
            raise
    assert gateway.undocumented == []


def takes_what_can_be_wrong(operation: Any) -> bool:
    """A name in a path is any text; a query and a body have a shape that can be missed."""
    return bool(operation.body) or any(True for _ in operation.query)


def _try(gateway: Gateway, operation: Any, mode: GenerationMode) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), there=booleans())
    def answers(case: schemathesis.Case, there: bool) -> None:
        if there and case.path_parameters:
            real = known(gateway)
            case.path_parameters = {
                name: real.get(name, given) for name, given in case.path_parameters.items()
            }
        case.call_and_validate(checks=CHECKS)

    answers()
