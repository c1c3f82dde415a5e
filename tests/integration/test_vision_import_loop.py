"""The import loop, one piece of work after the other, without threads and without Celery."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from shared.db.tables import chunks, imports, products, row_errors
from shared.errors import Unavailable
from shared.jobs.job import ChunkState
from shared.topology import CHUNKS, EMBED_WRITE, PLAN
from tests.vision_rig import VisionRig
from workers.vision import tasks, write
from workers.vision.gate import Gate
from workers.vision.imports import chunks as chunk_story

OTHER = "0123456789ab"


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[VisionRig]:
    rig = VisionRig(tmp_path, gate=Gate(patience=0.02))
    yield rig
    rig.close()


def titles(count: int) -> list[dict]:
    return [{"id": f"p{n}", "title": str(n)} for n in range(count)]


def test_an_import_is_planned_cut_into_chunks_and_ended_one_piece_at_a_time(rig: VisionRig) -> None:
    job_id = rig.send([*titles(4), {"id": ""}], chunk_rows=2)
    assert rig.loop.once()
    assert (rig.job(job_id).stage, [row.state for row in rig.rows(chunks)]) == (CHUNKS.name, ["open"] * 2)
    assert rig.loop.once()
    assert rig.loop.once()
    assert {row.state for row in rig.rows(chunks)} == {ChunkState.DONE}
    assert rig.loop.once()
    job = rig.job(job_id)
    assert (job.state, job.result["rows"], job.result["bad_rows"]) == ("succeeded", 5, 1)
    assert not rig.loop.once()


def test_a_plan_done_again_cuts_the_same_chunks_whatever_the_setting_is_now(rig: VisionRig) -> None:
    """The worker's own setting is 256."""
    job_id = rig.plan(titles(5), chunk_rows=2)
    before = [(row.no, row.row_to, row.rows_object) for row in rig.rows(chunks)]
    rig.set_job(job_id, stage=PLAN.name, state="queued")
    assert rig.loop.once()
    assert [(row.no, row.row_to, row.rows_object) for row in rig.rows(chunks)] == before
    assert [rows for _, rows, _ in before] == [2, 2, 1]


def test_a_dry_run_ends_with_its_plan(rig: VisionRig) -> None:
    job = rig.import_all([{"id": "p", "price": "cheap"}, {"id": "q"}], dry_run=True)
    assert (job.state, job.result["rows"], job.result["bad_rows"]) == ("succeeded", 2, 1)
    assert job.result["errors_url"] == f"/v1/imports/{job.id}/errors"
    assert (rig.rows(chunks), rig.rows(products), len(rig.rows(row_errors))) == ([], [], 1)
    # Its row errors go with it, so it is kept as long.
    assert job.expires_at - job.finished_at == pytest.approx(rig.vision.settings.errors_retention, abs=0.1)


def test_a_manifest_of_which_nothing_can_be_read_fails_its_import(rig: VisionRig) -> None:
    job = rig.import_bytes(b"title,price\nhat,1\n", "csv")
    assert (job.state, job.error["code"], job.error["retryable"]) == ("failed", "manifest_unreadable", False)
    assert len(rig.rows(row_errors)) == 1


def test_tenants_take_turns_for_plans_chunks_and_ends_alike(rig: VisionRig) -> None:
    """One that has sent ten imports does not keep the other's one waiting."""
    for _ in range(10):
        rig.send(titles(2), tenant="big", chunk_rows=1)
    small = rig.send(titles(2), tenant="small", chunk_rows=1)
    pieces = 0
    while rig.job(small).state != "succeeded":
        assert rig.loop.once()
        pieces += 1
    assert pieces <= 8, "a plan, two chunks and an end, and as many pieces of the other"


def test_a_suspect_chunk_runs_alone_and_comes_first(rig: VisionRig, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.plan(titles(2), chunk_rows=1)
    with rig.db.write() as c:
        c.execute(update(chunks).where(chunks.c.no == 1).values(suspect=True))
    beside = []
    run = chunk_story.run

    def watched(vision, chunk, current) -> None:
        with vision.gate.bulk() as entered:
            beside.append((chunk.no, entered))
        run(vision, chunk, current)

    monkeypatch.setattr(chunk_story, "run", watched)
    assert rig.loop.once()
    assert rig.loop.once()
    assert beside == [(1, False), (0, True)]


def test_while_a_suspect_waits_no_other_chunk_is_begun_in_this_process(rig: VisionRig) -> None:
    rig.plan(titles(2), chunk_rows=1)
    with rig.db.write() as c:
        c.execute(update(chunks).where(chunks.c.no == 1).values(suspect=True))
    with rig.vision.gate.bulk():  # another thread's chunk runs
        assert not rig.loop.once()
    assert {row.state for row in rig.rows(chunks)} == {"open"}
    assert rig.loop.once()
    assert [row.state for row in sorted(rig.rows(chunks), key=lambda row: row.no)] == ["open", "done"]


def test_a_dependency_that_is_away_puts_the_chunk_off(
    rig: VisionRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise Unavailable("the store is away")

    rig.plan(titles(1))
    monkeypatch.setattr(chunk_story, "run", away)
    assert rig.loop.once()
    (chunk,) = rig.rows(chunks)
    assert (chunk.state, chunk.claimed_by, chunk.suspect) == ("open", None, False)
    assert chunk.due_at is not None
    assert not rig.loop.once()


def test_an_import_of_a_model_that_another_worker_serves_is_left_to_it(rig: VisionRig) -> None:
    job_id = rig.send(titles(1))
    rig.set_job(job_id, fingerprint=OTHER)
    rig.serve_elsewhere(OTHER)
    assert not rig.loop.once()
    assert (rig.job(job_id).state, rig.job(job_id).attempt) == ("queued", 0)


def test_chunks_of_a_model_that_another_worker_serves_are_left_to_it(rig: VisionRig) -> None:
    job_id = rig.plan(titles(1))
    rig.set_job(job_id, fingerprint=OTHER)
    rig.serve_elsewhere(OTHER)
    assert not rig.loop.once()
    assert [row.state for row in rig.rows(chunks)] == ["open"]


def send_message(rig: VisionRig, job_id: str) -> None:
    wire = {"v": 1, "id": job_id, "stage": EMBED_WRITE.name}
    tasks.handle(rig.vision, wire, write.run)


def test_a_suspect_write_that_waits_for_a_chunk_gives_up_and_is_left_to_a_keeper(rig: VisionRig) -> None:
    """Sent again at once it would come back at once: the keeper's copies would add up."""
    job_id = rig.put("p", rig.photo("a.png", 1))
    rig.set_job(job_id, suspect=True)
    with rig.vision.gate.bulk():
        send_message(rig, job_id)
    assert (rig.job(job_id).state, rig.job(job_id).losses_alone) == ("queued", 0)
    assert rig.vision.dispatcher.sent == []
    send_message(rig, job_id)
    assert rig.job(job_id).state == "succeeded"


def test_a_write_of_a_model_that_another_worker_serves_goes_round_and_counts_no_try(rig: VisionRig) -> None:
    job_id = rig.put("p", rig.photo("a.png", 1))
    rig.set_job(job_id, fingerprint=OTHER)
    rig.serve_elsewhere(OTHER)
    send_message(rig, job_id)
    assert (rig.job(job_id).state, rig.job(job_id).attempt) == ("queued", 0)
    assert [message.id for _, message, _ in rig.vision.dispatcher.sent] == [job_id]


def test_a_write_whose_model_nobody_serves_any_more_fails_and_names_both(rig: VisionRig) -> None:
    job_id = rig.put("p", rig.photo("a.png", 1))
    rig.set_job(job_id, fingerprint=OTHER)
    rig.serve_elsewhere(OTHER, seen_s_ago=60)
    send_message(rig, job_id)
    job = rig.job(job_id)
    assert (job.state, job.error["code"]) == ("failed", "fingerprint_mismatch")
    assert OTHER in job.error["detail"]
    assert rig.fingerprint in job.error["detail"]


def test_an_import_whose_model_nobody_serves_any_more_fails_and_names_both(rig: VisionRig) -> None:
    job_id = rig.send(titles(1))
    rig.set_job(job_id, fingerprint=OTHER)
    while rig.loop.once():
        pass
    job = rig.job(job_id)
    assert (job.state, job.error["code"]) == ("failed", "fingerprint_mismatch")
    assert OTHER in job.error["detail"]
    assert rig.fingerprint in job.error["detail"]


def test_a_chunk_whose_model_nobody_serves_any_more_fails_its_import_and_names_both(rig: VisionRig) -> None:
    job_id = rig.plan(titles(1))
    rig.set_job(job_id, fingerprint=OTHER)
    assert rig.loop.once()
    job = rig.job(job_id)
    assert (job.state, job.error["code"]) == ("failed", "fingerprint_mismatch")
    assert OTHER in job.error["detail"]
    assert [row.state for row in rig.rows(chunks)] == ["closed"]


def test_nothing_is_claimed_once_the_process_closes(rig: VisionRig) -> None:
    rig.send(titles(1))
    rig.vision.gate.close()
    assert not rig.loop.once()
    assert rig.rows(imports)[0].planned is False
