"""The micro-batcher: lanes in order, full batches, a bad image alone in its failure."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from concurrent.futures import Future

import numpy as np
import pytest

from shared.errors import Unavailable
from tests.gated_model import BAD, NOT_FINITE, PATIENCE_S, GatedModel, image
from workers.models.port import Embedded
from workers.models.steps import embed
from workers.vision.batching.batcher import Batcher, ModelFailure
from workers.vision.batching.submission import Answer
from workers.vision.batching.watchdog import Watchdog
from workers.vision.lane import Lane


@pytest.fixture
def model() -> GatedModel:
    return GatedModel()


@pytest.fixture
def batcher(model: GatedModel) -> Iterator[Batcher]:
    """Batches of 8, of imports 4; nothing waits for more."""
    batcher = Batcher(model, max_batch=8, max_wait_ms=0, import_batch=4, import_wait_ms=0)
    yield batcher
    model.let_go()
    batcher.stop()


@pytest.fixture
def busy(batcher: Batcher, model: GatedModel) -> Batcher:
    """The model is held with one image (0) in it: what is submitted now waits."""
    model.hold()
    batcher.submit(Lane.SEARCH, [image(0)])
    model.wait_until_entered()
    return batcher


def _submit(batcher: Batcher, lane: Lane, *values: int) -> Future[Answer]:
    return batcher.submit(lane, [image(value) for value in values])


def _result(future: Future[Answer]) -> Answer:
    return future.result(timeout=PATIENCE_S)


def _assert_embeds(answers: Answer, *values: int) -> None:
    expected = embed(GatedModel(), [image(value) for value in values])
    assert len(answers) == len(values)
    for answer, wanted in zip(answers, expected, strict=True):
        assert isinstance(answer, Embedded)
        np.testing.assert_allclose(answer.vector, wanted.vector, atol=1e-6)


def test_answers_come_in_the_order_of_the_images(batcher: Batcher) -> None:
    _assert_embeds(_result(_submit(batcher, Lane.SEARCH, 5, 3, 9)), 5, 3, 9)


def test_a_submission_larger_than_a_batch_is_answered_whole(batcher: Batcher, model: GatedModel) -> None:
    answers = _result(_submit(batcher, Lane.IMPORT, *range(10)))

    _assert_embeds(answers, *range(10))
    assert [len(batch) for batch in model.batches] == [4, 4, 2]


def test_a_submission_of_no_image_is_answered_at_once(batcher: Batcher) -> None:
    assert _result(batcher.submit(Lane.WRITE, [])) == []


def test_searches_go_before_writes_and_writes_before_imports(busy: Batcher, model: GatedModel) -> None:
    waiting = [_submit(busy, Lane.IMPORT, 3), _submit(busy, Lane.WRITE, 2), _submit(busy, Lane.SEARCH, 1)]

    model.let_go()
    for future in waiting:
        _result(future)

    assert model.batches == [[0], [1], [2], [3]]


def test_searches_that_wait_together_make_one_batch(busy: Batcher, model: GatedModel) -> None:
    waiting = [_submit(busy, Lane.SEARCH, value) for value in range(1, 6)]

    model.let_go()

    for value, future in enumerate(waiting, start=1):
        _assert_embeds(_result(future), value)
    assert model.batches == [[0], [1, 2, 3, 4, 5]]


def test_small_import_submissions_merge_into_full_import_batches(busy: Batcher, model: GatedModel) -> None:
    waiting = [_submit(busy, Lane.IMPORT, *pair) for pair in ((1, 2), (3, 4), (5, 6), (7, 8))]

    model.let_go()
    for future in waiting:
        _result(future)

    assert model.batches == [[0], [1, 2, 3, 4], [5, 6, 7, 8]]


def test_a_search_waits_for_one_import_batch_at_most(batcher: Batcher, model: GatedModel) -> None:
    """Forty import images wait, one batch of them is in the model: the search is next."""
    model.hold()
    imports = _submit(batcher, Lane.IMPORT, *range(100, 140))
    model.wait_until_entered()
    search = _submit(batcher, Lane.SEARCH, 1)

    model.let_go()
    _result(search)
    _result(imports)

    assert model.batches[:2] == [[100, 101, 102, 103], [1]]
    assert max(len(batch) for batch in model.batches) == 4


def test_an_import_stands_back_while_a_search_is_in_the_process(model: GatedModel) -> None:
    searching = threading.Event()
    searching.set()
    batcher = Batcher(
        model, max_batch=8, max_wait_ms=0, import_wait_ms=0, searching=searching.is_set, stands_back_s=600
    )
    imported = _submit(batcher, Lane.IMPORT, 3)
    _result(_submit(batcher, Lane.SEARCH, 1))
    assert not imported.done()
    searching.clear()
    _result(imported)
    batcher.stop()
    assert model.batches == [[1], [3]]


def test_searches_without_end_hold_no_import_up_for_long(model: GatedModel) -> None:
    batcher = Batcher(
        model, max_batch=8, max_wait_ms=0, import_batch=1, import_wait_ms=0, searching=lambda: True
    )
    _result(_submit(batcher, Lane.IMPORT, 1, 2, 3))
    batcher.stop()


def test_only_the_image_that_the_model_fails_on_gets_a_failure(busy: Batcher, model: GatedModel) -> None:
    """The others of its batch, some of them of other submissions, are embedded."""
    first = _submit(busy, Lane.SEARCH, 1, BAD, 2)
    second = _submit(busy, Lane.SEARCH, 3, 4)

    model.let_go()

    one, failure, two = _result(first)
    assert failure == ModelFailure("RuntimeError: cannot embed this")
    _assert_embeds([one, two], 1, 2)
    _assert_embeds(_result(second), 3, 4)


def test_several_bad_images_of_one_batch_fail_each_by_itself(batcher: Batcher) -> None:
    answers = _result(_submit(batcher, Lane.WRITE, BAD, 1, 2, BAD, BAD))

    assert [isinstance(answer, ModelFailure) for answer in answers] == [True, False, False, True, True]


def test_an_image_of_the_wrong_size_fails_alone(batcher: Batcher) -> None:
    answers = _result(batcher.submit(Lane.SEARCH, [image(1), np.zeros((9, 9, 3), np.uint8), image(2)]))

    assert isinstance(answers[1], ModelFailure)
    assert "(9, 9, 3)" in answers[1].detail
    _assert_embeds([answers[0], answers[2]], 1, 2)


def test_a_vector_that_is_not_finite_is_a_failure(batcher: Batcher) -> None:
    answers = _result(_submit(batcher, Lane.SEARCH, 1, NOT_FINITE))

    _assert_embeds(answers[:1], 1)
    assert answers[1] == ModelFailure("the vector's length is nan, not 1")


def test_a_search_comes_between_the_halves_of_a_failing_import_batch(
    batcher: Batcher, model: GatedModel
) -> None:
    model.hold()
    imports = _submit(batcher, Lane.IMPORT, 21, 22, 23, BAD)
    model.wait_until_entered()
    search = _submit(batcher, Lane.SEARCH, 1)

    model.let_go()
    _result(search)
    _result(imports)

    assert model.batches[:3] == [[21, 22, 23, BAD], [1], [21, 22]]


def test_a_model_that_fails_on_everything_blames_no_image(batcher: Batcher, model: GatedModel) -> None:
    """After a CUDA fault nothing passes: waiting jobs get a retryable error, and the watchdog sees it."""
    model.broken = True
    future = _submit(batcher, Lane.IMPORT, 1, 2)

    with pytest.raises(Unavailable) as told:
        _result(future)

    assert (told.value.code, told.value.retryable) == ("model_broken", True)
    assert batcher.stuck_for() == math.inf
    assert Watchdog(batcher.stuck_for, limit_s=120, on_stuck=lambda: None).check()
    with pytest.raises(Unavailable, match="broke"):
        _submit(batcher, Lane.SEARCH, 3)


def test_stopping_finishes_the_batch_that_has_begun_and_fails_what_waits(
    batcher: Batcher, model: GatedModel
) -> None:
    model.hold()
    begun = _submit(batcher, Lane.IMPORT, 1, 2)
    model.wait_until_entered()
    waiting = _submit(batcher, Lane.SEARCH, 3)
    waiting.add_done_callback(lambda _: model.let_go())  # so it must fail before the batch ends

    batcher.stop()

    _assert_embeds(_result(begun), 1, 2)
    with pytest.raises(Unavailable, match="stopping"):
        _result(waiting)
    with pytest.raises(Unavailable, match="stopping"):
        _submit(batcher, Lane.SEARCH, 7)


def test_stopping_fails_the_halves_of_a_batch_that_fails_meanwhile(
    batcher: Batcher, model: GatedModel
) -> None:
    """Nobody waits for ever for an image that was to be tried again."""
    model.hold()
    begun = _submit(batcher, Lane.IMPORT, 1, BAD)
    model.wait_until_entered()
    _submit(batcher, Lane.SEARCH, 3).add_done_callback(lambda _: model.let_go())

    batcher.stop()

    with pytest.raises(Unavailable, match="stopping"):
        _result(begun)


def test_the_batcher_is_stuck_as_long_as_a_batch_is_in_the_model(batcher: Batcher, model: GatedModel) -> None:
    assert batcher.stuck_for() == 0
    model.hold()
    future = _submit(batcher, Lane.SEARCH, 1)
    model.wait_until_entered()

    first = batcher.stuck_for()
    assert 0 < first <= batcher.stuck_for()

    model.let_go()
    _result(future)
    batcher.stop()
    assert batcher.stuck_for() == 0


def test_the_counters_tell_what_the_model_did(batcher: Batcher) -> None:
    """A batch with a bad image counts once more for each half."""
    _result(_submit(batcher, Lane.SEARCH, 1, 2, 3))
    _result(_submit(batcher, Lane.IMPORT, 4, BAD))
    batcher.stop()

    assert (batcher.images, batcher.batches) == (5, 4)
    assert batcher.busy_s > 0
    assert batcher.waiting_s > 0
