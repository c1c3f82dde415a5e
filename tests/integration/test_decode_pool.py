"""What a crash, a loop, a hang and a lack of memory in a decode child cost: one job."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import Any

import psutil
import pytest

from shared.errors import Unavailable
from shared.reasons import Reason
from tests.integration.pictures import PLAN, encoded, scene
from workers.vision.decode.pool import Decoded, DecodeLimits, DecodePlan, DecodePool
from workers.vision.decode.process import DecodeProcess
from workers.vision.lane import Lane

UNRULY = "tests.integration.unruly_child"
GOOD = encoded(scene(), "JPEG")


@contextmanager
def unruly_pool(size: int = 1, **limits: Any) -> Iterator[DecodePool]:
    with closing(DecodePool(size, DecodeLimits(**limits), program=UNRULY)) as pool:
        assert isinstance(pool.decode(GOOD, PLAN), Decoded)
        yield pool


def shade_of(answer: Decoded | Reason) -> int:
    assert isinstance(answer, Decoded), answer
    assert answer.pixels is not None
    return int(answer.pixels[100, 100, 0])


def code_of(answer: Decoded | Reason) -> str:
    assert isinstance(answer, Reason), "the image was decoded"
    return answer.code


@pytest.mark.parametrize(
    ("image", "code"),
    [
        (b"abort", "decode_crashed"),
        (b"leave", "decode_crashed"),
        (b"nonsense", "decode_crashed"),
        (b"loop", "decode_timeout"),
        (b"sleep", "decode_timeout"),
    ],
)
def test_a_child_that_is_lost_costs_one_job_and_is_replaced(image: bytes, code: str) -> None:
    with unruly_pool(size=2, cpu_s=1, wall_s=4) as pool:
        before = pool.pids()
        assert code_of(pool.decode(image, PLAN)) == code
        assert pool.alive() == 2
        assert len(set(pool.pids()) & set(before)) == 1
        assert all(isinstance(pool.decode(GOOD, PLAN), Decoded) for _ in range(3))


@pytest.mark.parametrize(
    ("image", "code"),
    [
        (b"hoard", "decode_memory"),
        (b"raise KeyError", "undecodable"),
        (b"raise RecursionError", "undecodable"),
        (b"raise SyntaxError", "undecodable"),
        (b"raise EOFError", "undecodable"),
    ],
)
def test_what_a_decoder_raises_is_a_reason_and_the_child_lives_on(image: bytes, code: str) -> None:
    with unruly_pool() as pool:
        before = pool.pids()
        assert code_of(pool.decode(image, PLAN)) == code
        assert pool.pids() == before


def test_stray_output_does_not_get_between_the_frames() -> None:
    with unruly_pool() as pool:
        answers = [pool.decode(data, PLAN) for data in (b"chatter", GOOD)]
        assert code_of(answers[0]) == "unsupported_format"
        assert isinstance(answers[1], Decoded)


def test_the_processor_limit_is_for_each_job_and_not_for_the_life_of_the_child() -> None:
    """Six jobs of 0.4 s under a limit of 1 s each."""
    with unruly_pool(cpu_s=1) as pool:
        before = pool.pids()
        assert {code_of(pool.decode(b"burn", PLAN)) for _ in range(6)} == {"unsupported_format"}
        assert pool.pids() == before


def test_a_frozen_child_is_given_up_by_the_clock_and_replaced() -> None:
    with closing(DecodePool(1, DecodeLimits(wall_s=1.5))) as pool:
        assert isinstance(pool.decode(GOOD, PLAN), Decoded)
        (frozen,) = pool.pids()
        os.kill(frozen, signal.SIGSTOP)
        assert code_of(pool.decode(GOOD, PLAN)) == "decode_timeout"
        assert frozen not in pool.pids()
        assert isinstance(pool.decode(GOOD, PLAN), Decoded)


def test_a_large_image_for_a_frozen_child_is_given_up_by_the_clock_too() -> None:
    """More bytes than the socket holds: the parent would wait for ever while sending."""
    with closing(DecodePool(1, DecodeLimits(wall_s=1.5))) as pool:
        assert isinstance(pool.decode(GOOD, PLAN), Decoded)
        os.kill(pool.pids()[0], signal.SIGSTOP)
        assert code_of(pool.decode(GOOD + bytes(8 * 2**20), PLAN)) == "decode_timeout"


def test_a_child_killed_at_work_costs_its_job() -> None:
    with closing(DecodePool(1)) as pool, ThreadPoolExecutor(1) as threads:
        assert isinstance(pool.decode(GOOD, PLAN), Decoded)
        (victim,) = pool.pids()
        os.kill(victim, signal.SIGSTOP)
        answer = threads.submit(pool.decode, GOOD, PLAN)
        assert not answer.done()
        os.kill(victim, signal.SIGKILL)
        assert code_of(answer.result()) == "decode_crashed"
        assert isinstance(pool.decode(GOOD, PLAN), Decoded)


def test_a_child_killed_while_idle_costs_no_job() -> None:
    with closing(DecodePool(1)) as pool:
        assert isinstance(pool.decode(GOOD, PLAN), Decoded)
        (victim,) = pool.pids()
        os.kill(victim, signal.SIGKILL)
        os.waitid(os.P_PID, victim, os.WEXITED | os.WNOWAIT)
        assert isinstance(pool.decode(GOOD, PLAN), Decoded)


def test_a_machine_that_has_no_process_to_spare_for_a_moment_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    start = subprocess.Popen.__init__
    refusals = iter([True, True, True])

    def refuse(*args: Any, **options: Any) -> None:
        if next(refusals, False):
            raise BlockingIOError("Resource temporarily unavailable")
        start(*args, **options)

    monkeypatch.setattr(subprocess.Popen, "__init__", refuse)
    with closing(DecodePool(1)) as pool:
        assert pool.alive() == 0
        assert isinstance(pool.decode(GOOD, PLAN), Decoded)
        assert pool.alive() == 1


def test_where_no_child_can_be_started_no_image_is_blamed() -> None:
    with closing(DecodePool(1, program="tests.integration.no_program")) as pool, pytest.raises(Unavailable):
        pool.decode(GOOD, PLAN)


def test_sixteen_threads_share_three_children_and_each_gets_its_own_image() -> None:
    shades = [round(i * 255 / 47) for i in range(48)]
    images = [encoded(scene().point(lambda _, shade=shade: shade), "PNG") for shade in shades]
    with closing(DecodePool(3)) as pool, ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda data: pool.decode(data, PLAN), images))
    assert [shade_of(answer) for answer in answers] == shades


def test_a_search_waits_for_the_image_at_work_and_for_no_import_that_waits() -> None:
    done: list[Lane] = []
    with unruly_pool(cpu_s=4, wall_s=4) as pool, ThreadPoolExecutor(17) as threads:

        def decode(image: bytes, lane: Lane) -> None:
            pool.decode(image, PLAN, lane)
            done.append(lane)

        threads.submit(decode, b"sleep", Lane.WRITE)
        time.sleep(0.5)  # it holds the only child, for four seconds
        for _ in range(12):
            threads.submit(decode, GOOD, Lane.IMPORT)
        threads.submit(decode, GOOD, Lane.SEARCH)
    assert done[:2] == [Lane.WRITE, Lane.SEARCH]


def test_children_in_the_background_come_with_the_first_image_and_let_others_go_first() -> None:
    with closing(DecodePool(2, DecodeLimits(wall_s=0.6), program=UNRULY, background=True)) as pool:
        assert pool.alive() == 0
        assert isinstance(pool.decode(GOOD, PLAN), Decoded)
        (pid,) = pool.pids()
        assert psutil.Process(pid).nice() > psutil.Process().nice()
        late = pool.decode(b"sleep", PLAN)
        assert isinstance(late, Reason)
        assert (late.code, late.threshold) == ("decode_timeout", 3.0), "the time that it waits is not its own"


def test_a_closed_pool_has_no_children_and_takes_no_work() -> None:
    pool = DecodePool(2)
    pids = pool.pids()
    pool.close()
    assert pool.alive() == 0
    assert not any(map(psutil.pid_exists, pids))
    with pytest.raises(Unavailable):
        pool.decode(GOOD, PLAN)


def test_closing_lets_the_job_at_work_finish_and_releases_those_who_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at_work = threading.Event()
    decode = DecodeProcess.decode

    def noted(process: DecodeProcess, data: bytes, plan: DecodePlan) -> Decoded | Reason:
        at_work.set()
        return decode(process, data, plan)

    monkeypatch.setattr(DecodeProcess, "decode", noted)
    with ThreadPoolExecutor(2) as threads, unruly_pool(cpu_s=5) as pool:
        at_work.clear()
        working = threads.submit(pool.decode, b"burn", PLAN)
        assert at_work.wait(20)
        waiting = threads.submit(pool.decode, GOOD, PLAN)
        pool.close()
        assert code_of(working.result()) == "unsupported_format"
        with pytest.raises(Unavailable):
            waiting.result()


def test_children_end_when_their_parent_is_killed() -> None:
    program = (
        "import time; from workers.vision.decode.pool import DecodePool\n"
        "print(*DecodePool(2).pids(), flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        children = [psutil.Process(int(pid)) for pid in parent.stdout.readline().split()]
        parent.kill()
    assert len(children) == 2
    until = time.monotonic() + 20
    while any(map(_runs, children)):
        assert time.monotonic() < until
        time.sleep(0.05)


def _runs(process: psutil.Process) -> bool:
    """An orphan that ended stays a zombie where process 1 does not collect it, as in many containers."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
