"""The story of a single write, without Celery: rows before, rows after."""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.db.tables import images, objects, shards
from shared.errors import FingerprintMismatch, LostClaim
from shared.storage import owners
from shared.topology import EMBED_WRITE
from tests.integration.loopback import loopback_host, ok, says
from tests.vision_rig import VisionRig, picture
from workers.vision import write
from workers.vision.lane import Lane


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[VisionRig]:
    rig = VisionRig(tmp_path)
    yield rig
    rig.close()


def test_a_write_embeds_its_photos_and_logs_them_with_the_product(rig: VisionRig) -> None:
    job = rig.write(rig.put("p", rig.photo("a.png", 1), rig.photo("b.png", 2), title="Hat"))
    assert (job.state, job.result["images"], job.result["embedded"]) == ("succeeded", 2, 2)
    rows = sorted(rig.rows(images), key=lambda row: row.position)
    assert [(row.source, row.position, row.product_id) for row in rows] == [
        ("a.png", 0, "p"),
        ("b.png", 1, "p"),
    ]
    assert rig.rows(shards)[0].rows_logged == 2
    assert {row.normalised for row in rows} <= {o.name for o in rig.rows(objects)}
    assert rig.notifier.done == [job.id]


def test_a_photo_that_the_product_has_is_kept_and_not_embedded_again(rig: VisionRig) -> None:
    first, second = rig.photo("a.png", 1), rig.photo("b.png", 2)
    kept = rig.write(rig.put("p", first)).result["image_ids"]
    job = rig.write(rig.put("p", first, second))
    assert (job.result["images"], job.result["embedded"]) == (2, 1)
    assert kept[0] in {row.id for row in rig.rows(images)}


def test_the_same_bytes_twice_in_one_write_are_embedded_once(rig: VisionRig) -> None:
    job = rig.write(rig.put("p", rig.photo("a.png", 1), rig.photo("again.png", 1)))
    assert (job.result["images"], job.result["embedded"]) == (2, 1)
    one, two = rig.rows(images)
    assert one.vector == two.vector
    assert one.normalised != two.normalised


def test_a_photo_that_fails_costs_the_product_none_that_it_has(rig: VisionRig) -> None:
    rig.write(rig.put("p", rig.photo("a.png", 1)))
    job = rig.write(rig.put("p", rig.photo("b.png", 2), "missing.png"))
    assert (job.state, [reason["code"] for reason in job.reasons]) == ("succeeded", ["file_missing"])
    assert {row.source for row in rig.rows(images)} == {"a.png", "b.png"}


def test_a_write_whose_photos_are_all_unusable_is_rejected_with_a_reason_for_each(rig: VisionRig) -> None:
    (rig.folder / "bad.png").write_bytes(b"not a picture")
    job = rig.write(rig.put("p", "bad.png", "missing.png"))
    assert job.state == "rejected"
    assert [reason["code"] for reason in job.reasons] == ["unsupported_format", "file_missing"]
    assert rig.rows(images) == []


def test_what_is_no_plain_file_is_missing_and_nobody_waits_for_it(rig: VisionRig) -> None:
    """Opening a pipe would wait for its writer for ever; a circle of links has no end."""
    os.mkfifo(rig.folder / "pipe.png")
    (rig.folder / "folder.png").mkdir()
    (rig.folder / "circle.png").symlink_to("circle.png")
    (rig.folder / "outside.png").symlink_to("/etc/hostname")

    job = rig.write(rig.put("p", "pipe.png", "folder.png", "circle.png", "outside.png"))

    assert job.state == "rejected"
    assert [reason["code"] for reason in job.reasons] == [*["file_missing"] * 3, "path_not_allowed"]


def test_a_write_takes_the_good_photos_and_tells_of_the_bad_ones(rig: VisionRig) -> None:
    job = rig.write(rig.put("p", rig.photo("a.png", 1), "missing.png"))
    assert (job.state, job.result["images"]) == ("succeeded", 1)
    assert [reason["code"] for reason in job.reasons] == ["file_missing"]


def test_the_photos_of_a_write_are_fetched_side_by_side(rig: VisionRig) -> None:
    """The host answers nobody before all three have asked."""
    together = threading.Barrier(3)

    def answer(connection, head: bytes) -> None:
        together.wait(4)
        connection.sendall(ok(picture(len(head))))

    with loopback_host(answer) as host:
        job = rig.write(rig.put("p", *(host.url("/" + "x" * n + ".png") for n in (1, 2, 3))))
    assert (job.state, job.result["images"], job.reasons) == ("succeeded", 3, None)


def test_photos_that_miss_the_writes_deadline_are_reasons_and_the_others_are_taken(tmp_path: Path) -> None:
    rig = VisionRig(tmp_path, job_task_limit=1.0)
    left = threading.Event()
    with loopback_host(lambda *_: left.wait(4)) as host:
        job = rig.write(rig.put("p", rig.photo("a.png", 1), host.url("/slow.png")))
        left.set()
    assert (job.state, job.result["images"]) == ("succeeded", 1)
    assert [reason["code"] for reason in job.reasons] == ["url_failed"]
    rig.close()


def test_a_write_does_not_wait_behind_the_photos_of_a_chunk(rig: VisionRig) -> None:
    """A chunk holds every thread, and has more waiting."""
    later = [rig.vision.images_pool.submit(Lane.IMPORT, None, time.sleep, 0.1) for _ in range(40)]
    assert rig.write(rig.put("p", rig.photo("a.png", 1))).state == "succeeded"
    assert not later[-1].done()
    for future in later:
        future.cancel()


def test_a_claim_that_was_lost_meanwhile_changes_nothing(rig: VisionRig) -> None:
    job_id = rig.put("p", rig.photo("a.png", 1))
    claim = rig.claim(job_id, EMBED_WRITE.name)
    rig.set_job(job_id, attempt=claim.attempt + 1)
    with pytest.raises(LostClaim):
        write.run(rig.vision, claim)
    assert rig.rows(images) == []


def test_a_write_for_an_index_of_another_model_names_both_fingerprints(rig: VisionRig) -> None:
    job_id = rig.put("p", rig.photo("a.png", 1))
    claim = rig.claim(job_id, EMBED_WRITE.name)
    rig.vision.model.fingerprint = "ffffffffffff"
    with pytest.raises(FingerprintMismatch) as refused:
        write.run(rig.vision, claim)
    assert (refused.value.expected, refused.value.found) == (rig.fingerprint, "ffffffffffff")


def test_every_object_of_a_write_has_an_owner_and_can_be_read(rig: VisionRig) -> None:
    with loopback_host(says(ok(picture(5)))) as host:
        rig.write(rig.put("p", host.url("/a.png")))
    with rig.db.read() as c:
        for name in rig.store.list("images/"):
            assert owners.read(c, rig.store, name)
