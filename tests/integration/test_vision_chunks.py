"""The story of one chunk, without Celery: rows before, rows after."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from shared.db.engine import now
from shared.db.tables import chunks, images, objects, products, row_errors, segments
from shared.errors import LostClaim, Unavailable
from shared.jobs.job import ChunkState
from shared.telemetry import Step
from tests.integration.loopback import loopback_host, ok, says
from tests.vision_rig import TENANT, VisionRig, picture
from workers.vision.fetch import Fetched, host_of
from workers.vision.imports import chunk_objects
from workers.vision.imports import chunks as story
from workers.vision.imports.chunk_objects import ChunkObjects
from workers.vision.lane import Lane

SINCE = "Mon, 23 Nov 2026 08:00:00 GMT"


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[VisionRig]:
    rig = VisionRig(tmp_path)
    yield rig
    rig.close()


def test_a_chunk_makes_one_segment_and_counts_what_it_did(rig: VisionRig) -> None:
    rig.plan([{"id": f"p{n}", "title": "t", "images": [rig.photo(f"{n}.png", n)]} for n in range(3)])
    told = rig.run_chunk()
    assert told == {"rows": 3, "embedded": 3, "bad": 0}
    (chunk,) = rig.rows(chunks)
    assert (chunk.state, chunk.products, chunk.images, chunk.embedded) == (ChunkState.DONE, 3, 3, 3)
    assert sum(row.rows for row in rig.rows(segments)) == 3
    assert {row.id for row in rig.rows(products)} == {"p0", "p1", "p2"}
    owned = {row.name: row.expires_at for row in rig.rows(objects)}
    assert all(owned[row.normalised] is None for row in rig.rows(images))


def test_a_bad_image_is_a_row_error_and_the_good_rows_go_on(rig: VisionRig) -> None:
    rig.plan(
        [
            {"id": "good", "images": [rig.photo("a.png", 1)]},
            {"id": "bad", "title": "kept", "images": [rig.photo("b.png", 2), "missing.png"]},
            {"id": "foreign", "images": ["object:incoming/other/x.png"]},
        ]
    )
    assert rig.run_chunk() == {"rows": 3, "embedded": 2, "bad": 2}
    told = {(e.product_id, e.field, e.reason) for e in rig.rows(row_errors)}
    assert told == {("bad", "images", "file_missing"), ("foreign", "images", "bad_source")}
    assert sorted(row.product_id for row in rig.rows(images)) == ["bad", "good"]


def test_a_row_of_another_catalogs_product_is_refused_whole(rig: VisionRig) -> None:
    rig.import_all([{"id": "p", "title": "first"}])
    with rig.db.write() as c:
        c.execute(update(products).values(catalog="other"))
    rig.plan([{"id": "p", "title": "second", "images": [rig.photo("a.png", 1)]}])
    assert rig.run_chunk() == {"rows": 1, "embedded": 0, "bad": 1}
    assert [(e.field, e.reason) for e in rig.rows(row_errors)] == [("id", "catalog_fixed")]
    assert rig.rows(products)[0].attributes["title"] == "first"


def test_the_same_bytes_twice_in_a_chunk_are_embedded_once(rig: VisionRig) -> None:
    """Two products with one photo, and a third that names it under another name."""
    one, two = rig.photo("a.png", 1), rig.photo("b.png", 1)
    rig.plan([{"id": "p", "images": [one]}, {"id": "q", "images": [one]}, {"id": "r", "images": [two]}])
    assert rig.run_chunk() == {"rows": 3, "embedded": 1, "bad": 0}
    assert len({row.normalised for row in rig.rows(images)}) == 3
    assert rig.vision.batcher.images == 1


def test_bytes_that_cannot_be_read_are_told_for_each_row_that_names_them(rig: VisionRig) -> None:
    for name in ("a.png", "b.png"):
        (rig.folder / name).write_bytes(picture(1)[:200])
    rig.plan([{"id": "p", "images": ["a.png"]}, {"id": "q", "images": ["b.png"]}])
    assert rig.run_chunk() == {"rows": 2, "embedded": 0, "bad": 2}
    told = {(e.product_id, e.reason) for e in rig.rows(row_errors)}
    assert told == {("p", "undecodable"), ("q", "undecodable")}


def test_bytes_that_the_catalogue_has_are_not_embedded_again(rig: VisionRig) -> None:
    rig.import_all([{"id": "p", "images": [rig.photo("a.png", 1)]}])
    rig.plan([{"id": "q", "images": [rig.photo("b.png", 1)]}])
    assert rig.run_chunk() == {"rows": 1, "embedded": 0, "bad": 0}
    assert rig.vision.batcher.images == 1


def test_an_unchanged_source_is_not_even_read(rig: VisionRig) -> None:
    rows = [{"id": "p", "images": [rig.photo("a.png", 1)]}]
    rig.import_all(rows)
    (rig.folder / "a.png").unlink()
    rig.plan(rows)
    assert rig.run_chunk() == {"rows": 1, "embedded": 0, "bad": 0}


def test_a_refresh_that_finds_nothing_changed_keeps_the_newer_validators(rig: VisionRig) -> None:
    def answer(connection, head: bytes) -> None:
        if b"If-None-Match" in head:
            connection.sendall(b'HTTP/1.1 304 Not Modified\r\nETag: "second"\r\n\r\n')
        else:
            connection.sendall(
                ok(picture(1), 'ETag: "first"', "Last-Modified: Mon, 23 Nov 2026 08:00:00 GMT")
            )

    with loopback_host(answer) as host:
        rows = [{"id": "p", "images": [host.url("/a.png")]}]
        rig.import_all(rows)
        (before,) = rig.rows(images)
        rig.import_all(rows, refresh=True)
        (after,) = rig.rows(images)
    assert (before.id, before.etag) == (after.id, '"first"')
    assert (after.etag, after.last_modified) == ('"second"', SINCE)


def test_a_slow_chunk_owns_what_it_stores_meanwhile_and_keeps_it_at_its_end(
    rig: VisionRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunk_objects, "OWN_AFTER_S", -1.0)
    rig.plan([{"id": f"p{n}", "images": [rig.photo(f"{n}.png", n)]} for n in range(3)])
    early: list[float | None] = []
    own = ChunkObjects.own_early

    def watched(objects_: ChunkObjects) -> None:
        own(objects_)
        early.extend(row.expires_at for row in rig.rows(objects) if row.name.startswith("images/"))

    monkeypatch.setattr(ChunkObjects, "own_early", watched)
    rig.run_chunk()
    assert early
    assert all(early), "owned for a time only, as a lost chunk leaves them"
    kept = [row.expires_at for row in rig.rows(objects) if row.name.startswith("images/")]
    assert kept == [None] * 3


def test_a_chunk_whose_early_objects_have_gone_is_done_again(
    rig: VisionRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunk_objects, "OWN_AFTER_S", -1.0)
    rig.plan([{"id": "p", "images": [rig.photo("a.png", 1)]}])
    chunk = rig.claim_chunk()
    own = ChunkObjects.own

    def after_removal(objects_: ChunkObjects, c, wanted) -> None:
        c.execute(update(objects).where(objects.c.expires_at.is_not(None)).values(removed_at=now()))
        own(objects_, c, wanted)

    monkeypatch.setattr(ChunkObjects, "own", after_removal)
    with pytest.raises(Unavailable):
        story.run(rig.vision, chunk, Step({}))
    assert rig.rows(images) == []


def test_a_quick_chunk_owns_its_objects_in_its_append_alone(
    rig: VisionRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.plan([{"id": f"p{n}", "images": [rig.photo(f"{n}.png", n)]} for n in range(3)])
    chunk = rig.claim_chunk()
    writes = []
    write = rig.db.write
    monkeypatch.setattr(rig.db, "write", lambda: writes.append(1) or write())
    story.run(rig.vision, chunk, Step({}))
    assert len(writes) == 1


def test_a_chunk_that_was_lost_meanwhile_changes_nothing(rig: VisionRig) -> None:
    rig.plan([{"id": "p", "images": [rig.photo("a.png", 1)]}])
    chunk = rig.claim_chunk()
    with rig.db.write() as c:
        c.execute(update(chunks).values(attempt=chunk.attempt + 1))
    with pytest.raises(LostClaim):
        story.run(rig.vision, chunk, Step({}))
    assert (rig.rows(products), rig.rows(images)) == ([], [])
    assert {row.tenant for row in rig.rows(objects)} == {TENANT}


def test_a_host_that_never_answered_holds_few_of_the_threads_of_imports(rig: VisionRig) -> None:
    left, pool, fetch = threading.Event(), rig.vision.images_pool, rig.vision.fetcher.fetch
    with loopback_host(lambda *_: left.wait(4)) as silent, loopback_host(says(ok(picture(1)))) as good:
        hanging = [pool.submit(Lane.IMPORT, host_of(silent.url()), fetch, silent.url()) for _ in range(8)]
        came = [pool.submit(Lane.IMPORT, host_of(good.url()), fetch, good.url()) for _ in range(8)]
        assert all(isinstance(future.result(30), Fetched) for future in came)
        assert silent.connections == 2, "of 4 threads; others would have waited for it to be given up"
        for future in hanging:
            future.cancel()
        left.set()
