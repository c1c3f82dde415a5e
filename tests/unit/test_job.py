"""The table of allowed moves says what the design says; a claim says what its job has lost."""

from dataclasses import replace

import pytest

from shared.errors import TusouError
from shared.jobs.job import FINAL, MOVES, OPEN, Claim, State, before
from shared.jobs.kinds import JobKind


def test_every_state_has_its_moves() -> None:
    assert set(MOVES) == set(State)


def test_what_may_be_cancelled_is_open() -> None:
    assert before(State.CANCELLED) == OPEN


def test_what_may_expire_is_final_and_ends_a_run() -> None:
    assert before(State.EXPIRED) == FINAL
    assert MOVES[State.RUNNING] == {State.RUNNING, *FINAL}


@pytest.mark.parametrize("state", FINAL)
def test_a_final_state_is_left_only_for_a_tombstone_or_by_a_retry_of_what_failed(state: State) -> None:
    retried = {State.QUEUED} if state is State.FAILED else set()
    assert MOVES[state] == {State.EXPIRED, *retried}


def test_a_tombstone_moves_no_more() -> None:
    assert MOVES[State.EXPIRED] == frozenset()


def test_a_job_runs_before_it_succeeds_is_rejected_or_fails() -> None:
    for state in (State.SUCCEEDED, State.REJECTED, State.FAILED):
        assert before(state) == (State.RUNNING,)


def test_only_open_jobs_are_claimed() -> None:
    assert before(State.RUNNING) == OPEN


CLAIM = Claim(
    id="j",
    tenant="shop",
    attempt=1,
    stage="embed_write",
    kind=JobKind.PRODUCT,
    request={},
    fingerprint=None,
    catalog="shoes",
    product_id="p",
    accept_no=7,
    created_at=0.0,
    queued_s=0.0,
    alone=False,
    tries=1,
)


def test_a_claim_tells_what_its_kind_must_have() -> None:
    assert (CLAIM.of_catalog, CLAIM.product, CLAIM.numbered) == ("shoes", "p", 7)


@pytest.mark.parametrize(
    ("lost", "read"), [("catalog", "of_catalog"), ("product_id", "product"), ("accept_no", "numbered")]
)
def test_a_lost_fact_is_an_error_and_no_default(lost: str, read: str) -> None:
    """Or the job would write to another catalog, or count as older than all."""
    with pytest.raises(TusouError, match=lost):
        getattr(replace(CLAIM, **{lost: None}), read)
