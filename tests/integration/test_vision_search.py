"""The story of a search up to its outcome, without Celery: a photo in, an outcome out."""

import io
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from math import inf
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import insert

from shared.answer.outcome import Outcome
from shared.db.engine import now
from shared.db.tables import images, objects, replicas
from shared.images.box import WHOLE
from shared.jobs.search_request import PhotoKind, PhotoOf
from shared.messages import PartMessage
from shared.topology import EMBED_WRITE, INDEX_SEARCH, LOOKUP
from tests.vision_rig import VisionRig, picture
from workers.models.detectors.fake import FakeDetector
from workers.models.detectors.port import Detection
from workers.vision import story, write
from workers.vision.fetch.values import FetchCode, FetchProblem
from workers.vision.items import ItemFinder

QUARTERS = {"top left": (0.0, 0.0, 0.5, 0.5), "bottom right": (0.5, 0.5, 1.0, 1.0)}


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[VisionRig]:
    rig = VisionRig(tmp_path, quality_gate=False, items=ItemFinder(FakeDetector(), most=5))
    yield rig
    rig.close()


def two_things() -> bytes:
    """Noise in two of four quarters, the rest plain."""
    pixels = np.full((200, 200, 3), 255, np.uint8)
    noise = np.random.default_rng(0).integers(0, 256, (100, 100, 3), np.uint8)
    pixels[:100, :100] = noise // 2  # less contrast: the less likely one
    pixels[100:, 100:] = noise
    return png(pixels)


def png(pixels: np.ndarray) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def outcome(rig: VisionRig, photo: bytes, **asked: object) -> Outcome:
    job = rig.search(rig.ask(photo, **asked))
    assert (job.state, job.stage) == ("running", LOOKUP.name), job.error
    return Outcome.from_bytes(job.outcome)


def test_each_thing_in_a_photo_is_an_item_and_the_whole_photo_is_searched_too(rig: VisionRig) -> None:
    found = outcome(rig, two_things())
    assert [item.box for item in found.items] == [QUARTERS["bottom right"], QUARTERS["top left"]]
    assert {item.label for item in found.items} == {"item"}
    assert found.whole is not None
    assert found.whole.box == WHOLE
    assert len({item.vector for item in found.searched}) == 3


def test_an_item_is_embedded_as_the_callers_crop_of_it_is(rig: VisionRig) -> None:
    """One geometry for both; the photo is small enough to be seen as it is."""
    found = outcome(rig, two_things())
    cropped = outcome(rig, two_things(), crop=list(QUARTERS["top left"]))
    assert found.items[1].vector == cropped.items[0].vector


def test_the_callers_crop_wins(rig: VisionRig) -> None:
    found = outcome(rig, two_things(), crop=[0.25, 0.25, 1, 1])
    assert ([item.box for item in found.items], found.whole) == ([(0.25, 0.25, 1, 1)], None)


def test_a_photo_in_which_nothing_is_found_is_the_item(rig: VisionRig) -> None:
    found = outcome(rig, png(np.full((200, 200, 3), 128, np.uint8)))
    assert ([item.box for item in found.items], found.whole) == ([WHOLE], None)


def test_each_group_that_is_there_is_asked_for_its_part(rig: VisionRig) -> None:
    with rig.db.write() as c:
        c.execute(insert(replicas).values(process="index-1", group="g1", state={}, seen_at=now()))
    job = rig.search(rig.ask(picture(1)))
    message = PartMessage(job.id, "g1", job.attempt)
    assert rig.dispatcher.sent == [(INDEX_SEARCH, message, "g1")]
    assert (job.parts_left, job.groups) == (1, {"g1": [0]})


def test_the_normalised_photo_takes_the_uploads_place(rig: VisionRig) -> None:
    rig.search(rig.ask(picture(1)))
    (image,) = rig.rows(images)
    assert (image.state, image.upload) == ("ready", None)
    kept = {row.name for row in rig.rows(objects) if row.removed_at is None}
    assert kept == {image.normalised} | ({image.thumbnail} - {None})


def test_bytes_that_are_no_photo_are_rejected_and_say_so(rig: VisionRig) -> None:
    job = rig.search(rig.ask(picture(1)[:200]))
    assert (job.state, [reason["code"] for reason in job.reasons]) == ("rejected", ["undecodable"])
    assert rig.notifier.done == [job.id]
    assert rig.rows(images)[0].state == "rejected"


class Broken(FakeDetector):
    """It raises as long as it is broken."""

    def __init__(self) -> None:
        self.broken = True

    def detect(self, images: Sequence[np.ndarray]) -> list[list[Detection]]:
        if self.broken:
            raise RuntimeError("no such operator")
        return super().detect(images)


def test_a_detector_that_fails_leaves_the_whole_photo_to_be_searched(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    detector = Broken()
    rig = VisionRig(tmp_path, quality_gate=False, items=ItemFinder(detector, most=5))
    found = outcome(rig, two_things())
    assert [item.box for item in found.items] == [WHOLE]
    assert (found.whole, found.degraded) == (None, ("detector_failed",))
    told = [record for record in caplog.records if record.exc_info]
    assert len(told) == 1
    assert "no such operator" in str(told[0].exc_info)
    detector.broken = False
    mended = outcome(rig, two_things())
    assert (len(mended.items), mended.degraded) == (2, ())
    rig.close()


def test_a_box_that_cannot_be_cut_counts_as_a_failure_of_the_detector(tmp_path: Path) -> None:
    class Nowhere(FakeDetector):
        def detect(self, images: Sequence[np.ndarray]) -> list[list[Detection]]:
            return [[Detection((0.0, 0.0, inf, 1.0), None, 0.9)] for _ in images]

    rig = VisionRig(tmp_path, quality_gate=False, items=ItemFinder(Nowhere(), most=5))
    assert outcome(rig, two_things()).degraded == ("detector_failed",)
    rig.close()


class HangingHost:
    """Answers nothing until it is let go."""

    def __init__(self) -> None:
        self.asked, self.let_go = threading.Event(), threading.Event()

    def at_once(self, _host: str, most: int) -> int:
        return most

    def fetch(self, _url: str, **_: object) -> FetchProblem:
        self.asked.set()
        self.let_go.wait(60)
        return FetchProblem(FetchCode.FAILED, "no whole answer")


def test_a_host_that_hangs_holds_half_of_the_threads_and_what_would_wait_too_is_put_off(
    tmp_path: Path,
) -> None:
    rig, host = VisionRig(tmp_path, quality_gate=False, vision_threads=2), HangingHost()
    rig.vision.fetcher = host  # type: ignore[assignment] # has what is asked of one
    by_url = PhotoOf(PhotoKind.URL, "https://slow.example/a.png", came_along=False)
    first, second = (rig.ask(b"", photo=by_url) for _ in range(2))
    single = rig.put("p", "https://slow.example/p.png")
    with ThreadPoolExecutor(1) as thread:
        hangs = thread.submit(rig.search, first)
        assert host.asked.wait(60)
        rig.search(second)
        story.run(rig.vision, rig.claim(single, EMBED_WRITE.name), write.run)
        for put_off in map(rig.job, (second, single)):
            assert (put_off.state, put_off.lease_until, put_off.tries) == ("running", None, 0)
            assert put_off.due_at is not None, "a keeper sends it again"
        assert rig.search(rig.ask(picture(1))).stage == LOOKUP.name, "a photo that is here is searched with"
        host.let_go.set()
        assert hangs.result(60).state == "rejected"
    assert rig.search(second).state == "rejected"
    rig.close()
