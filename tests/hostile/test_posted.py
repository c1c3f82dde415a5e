"""A broad sample of hostile images posted to the real gateway: no 5xx, no process lost, each job ends."""

from __future__ import annotations

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from tests.hostile.conftest import Target
from tests.hostile.images.bombs import bombs, endless_scans
from tests.hostile.images.broken import broken
from tests.hostile.images.cuts import cuts
from tests.hostile.images.mutations import mutated
from tests.hostile.images.sound import sound_images
from tests.hostile.images.strangers import polyglots, strangers
from tests.hostile.judged import CODES, HEADER_CODES

pytestmark = [pytest.mark.xdist_group("hostile"), pytest.mark.timeout(300)]

CLIENTS = 8
NAMES = ("a.jpg", "a.png", "../../etc/passwd", "a.jpg\0.php", "<script>.gif", "图‮gpj.exe", "x" * 500)


KNOWN = {
    "413": {"too_large"},
    "415": {"unsupported_format"},
    "422": HEADER_CODES,
    "rejected": CODES,
    "succeeded": {""},
}


def sample() -> list[tuple[str, bytes]]:
    """One of everything, and of what there are hundreds, some."""
    made = {**strangers(), **polyglots(), **sound_images(), "endless scans": endless_scans()}
    made |= {name: bomb.data for name, bomb in bombs().items()}
    choose = random.Random(3)
    some = [*choose.sample(list(broken().items()), 150), *choose.sample(list(cuts()), 40)]
    return [*made.items(), *some, *(mutated(seed) for seed in range(20_000, 20_080))]


def posted(target: Target, number: int, data: bytes) -> str:
    """Status and code of one file: as the gateway refused it, or as its job ended."""
    file = (NAMES[number % len(NAMES)], data, "image/jpeg")
    answer = target.http.post("/v1/searches", files={"image": file}, headers={"Prefer": "wait=60"})
    if answer.status_code >= 400:
        assert answer.status_code in (413, 415, 422), answer.text
        assert answer.headers["Content-Type"] == "application/problem+json"
        return f"{answer.status_code} {answer.json()['code']}"
    assert answer.status_code == 200, answer.text
    job = answer.json()
    assert job["state"] in ("succeeded", "rejected"), job
    if job["state"] == "succeeded":
        return "succeeded"
    (reason,) = job["reasons"]
    assert reason["advice"]
    return f"rejected {reason['code']}"


def test_every_file_is_refused_rejected_or_found_and_no_process_is_lost(target: Target) -> None:
    before = target.pids()
    files = sample()
    with ThreadPoolExecutor(CLIENTS) as clients:
        verdicts = list(clients.map(lambda n: posted(target, n, files[n][1]), range(len(files))))
    seen = Counter(verdicts)
    for verdict in seen:
        status, _, code = verdict.partition(" ")
        assert code in KNOWN[status], seen
    assert seen["succeeded"] > len(sound_images())
    assert seen["rejected undecodable"] > 50
    assert target.pids() == before
    # Two for searches, as before the file that costs one; those for imports let others go first.
    vision = psutil.Process(before["vision"])
    decoders = [p for p in vision.children() if "decode.child" in " ".join(p.cmdline())]
    assert len([p for p in decoders if p.nice() == vision.nice()]) == 2


def test_a_search_after_all_that_is_answered_as_ever(target: Target) -> None:
    assert posted(target, 0, sound_images()["jpeg"]) == "succeeded"


def test_images_uploaded_alone_are_judged_by_their_first_search(target: Target) -> None:
    for name in ("jpeg jfif thumbnail that is not there", "gif frame of 0 x 0", "png without pixels"):
        uploaded = target.http.post("/v1/images", files={"image": broken()[name]})
        if uploaded.status_code == 422:
            continue
        assert uploaded.status_code == 201, uploaded.text
        asked = {"image_id": uploaded.json()["id"]}
        job = target.http.post("/v1/searches", json=asked, headers={"Prefer": "wait=60"}).json()
        assert job["state"] in ("succeeded", "rejected"), job
