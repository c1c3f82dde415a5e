"""Claims of imports whose commit was not acknowledged: nobody works on them, so they are given back."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection

from shared.db.tables import chunks
from shared.errors import Unavailable
from shared.jobs.chunks import Chunk
from shared.jobs.job import ChunkState
from shared.telemetry import Step
from shared.topology import CHUNKS
from tests.vision_rig import VisionRig
from workers.vision.deps import Vision
from workers.vision.gate import Gate
from workers.vision.imports import chunks as chunk_story


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[VisionRig]:
    rig = VisionRig(tmp_path, gate=Gate(patience=0.02))
    yield rig
    rig.close()


def titles(count: int) -> list[dict]:
    return [{"id": f"p{n}", "title": str(n)} for n in range(count)]


def lose_next_acknowledgement(rig: VisionRig, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next transaction that writes is committed, and nobody is told."""
    write = rig.db.write

    @contextmanager
    def unacknowledged() -> Iterator[Connection]:
        monkeypatch.setattr(rig.db, "write", write)
        with write() as c:
            yield c
        raise Unavailable("the connection broke")

    monkeypatch.setattr(rig.db, "write", unacknowledged)


def test_a_chunk_is_open_again(rig: VisionRig, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.plan(titles(1))
    lose_next_acknowledgement(rig, monkeypatch)
    assert not rig.loop.once()
    (chunk,) = rig.rows(chunks)
    assert (chunk.state, chunk.claimed_by, chunk.lease_until, chunk.suspect) == ("open", None, None, False)
    assert rig.loop.once()
    assert rig.rows(chunks)[0].state == ChunkState.DONE


def test_a_plan_is_free_again(rig: VisionRig, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = rig.send(titles(1))
    lose_next_acknowledgement(rig, monkeypatch)
    assert not rig.loop.once()
    assert (rig.job(job_id).claimed_by, rig.job(job_id).lease_until) == (None, None)
    assert rig.loop.once()
    assert rig.job(job_id).stage == CHUNKS.name


def test_the_other_chunks_that_this_process_works_on_go_on(
    rig: VisionRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another thread's claim of the same import is lost while one runs."""
    rig.plan(titles(2), chunk_rows=1)
    run = chunk_story.run

    def while_another_is_lost(vision: Vision, chunk: Chunk, current: Step) -> None:
        lose_next_acknowledgement(rig, monkeypatch)
        assert not rig.loop.once()
        run(vision, chunk, current)

    monkeypatch.setattr(chunk_story, "run", while_another_is_lost)
    assert rig.loop.once()
    states = {row.no: (row.state, row.claimed_by) for row in rig.rows(chunks)}
    assert (states[0][0], states[1]) == (ChunkState.DONE, (ChunkState.OPEN, None))


def test_a_plan_that_this_process_works_on_goes_on(rig: VisionRig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another thread's claim of a chunk that the plan has written already is lost meanwhile."""
    job_id = rig.send(titles(2), chunk_rows=1)
    attempts = []

    def while_a_chunk_is_lost() -> None:
        monkeypatch.undo()
        lose_next_acknowledgement(rig, monkeypatch)
        assert not rig.loop.once()
        attempts.append(rig.job(job_id).attempt)

    monkeypatch.setattr(rig.vision.nudges, "nudge", while_a_chunk_is_lost)
    assert rig.loop.once()
    assert attempts == [1]
    assert rig.job(job_id).stage == CHUNKS.name
    assert {row.state for row in rig.rows(chunks)} == {ChunkState.OPEN}
