"""Hostile images through the real header check and a real decode child: each is a value, no child is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing

import pytest

from shared.images.header import HeaderProblem, read_header
from tests.hostile.images.bombs import bombs, endless_scans
from tests.hostile.images.broken import broken
from tests.hostile.images.cuts import cuts
from tests.hostile.images.mutations import mutated
from tests.hostile.images.sound import sound_images
from tests.hostile.images.strangers import polyglots, strangers
from tests.hostile.judged import DECODED, HEADER_CODES, memory_mib, verdict
from workers.vision.decode.pool import DecodeLimits, DecodePool

CASES = 10_000
# A child has 35 MiB after its first image and about 40 after thousands of small ones.
MOST_RESIDENT_MIB = 150


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    """One child; the test that loses it says so."""
    with closing(DecodePool(1)) as pool:
        assert verdict(pool, sound_images()["jpeg"]) == DECODED
        yield pool


def judged(pool: DecodePool, images: Iterable[tuple[str, bytes]]) -> Counter[str]:
    """How often each verdict was given; the child that gave the first gave the last."""
    children, seen = pool.pids(), Counter[str]()
    for name, data in images:
        try:
            seen[verdict(pool, data)] += 1
        except AssertionError as error:
            error.add_note(f"case: {name}, {len(data)} bytes")
            raise
        assert pool.pids() == children, f"{name} cost a child"
    return seen


@pytest.mark.parametrize("name", sound_images())
def test_what_mutations_begin_with_is_decoded(pool: DecodePool, name: str) -> None:
    assert verdict(pool, sound_images()[name]) == DECODED


@pytest.mark.parametrize("name", bombs())
def test_a_bomb_is_defused_and_the_child_lives_on(pool: DecodePool, name: str) -> None:
    bomb, children = bombs()[name], pool.pids()
    assert verdict(pool, bomb.data) in (bomb.codes or {DECODED})
    assert pool.pids() == children
    assert memory_mib(children[0], "VmHWM") < 1024
    assert verdict(pool, sound_images()["jpeg"]) == DECODED


@pytest.mark.parametrize("name", [name for name, bomb in bombs().items() if bomb.header])
def test_what_a_header_tells_is_refused_from_the_header(name: str) -> None:
    bomb = bombs()[name]
    problem = read_header(bomb.data)
    assert isinstance(problem, HeaderProblem)
    assert problem.code in bomb.codes


def test_a_photo_of_endless_scans_is_ended_by_its_processor_time() -> None:
    """It costs its child, which is replaced before the call returns."""
    with closing(DecodePool(1, DecodeLimits(cpu_s=0.5))) as pool:
        assert verdict(pool, endless_scans()) == "decode_timeout"
        assert pool.alive() == 1
        assert verdict(pool, sound_images()["jpeg"]) == DECODED


def test_no_broken_file_costs_a_child(pool: DecodePool) -> None:
    seen = judged(pool, broken().items())
    assert len(seen) >= 5, seen
    assert seen["undecodable"] > len(broken()) / 2


def test_no_file_cut_at_its_joints_costs_a_child(pool: DecodePool) -> None:
    seen = judged(pool, cuts())
    assert seen["undecodable"] > seen.total() / 2
    assert set(seen) <= HEADER_CODES | {DECODED}


@pytest.mark.parametrize("name", strangers())
def test_other_files_are_unsupported_whatever_their_name(pool: DecodePool, name: str) -> None:
    assert verdict(pool, strangers()[name]) == "unsupported_format"


@pytest.mark.parametrize("name", polyglots())
def test_a_file_that_is_two_things_is_the_image(pool: DecodePool, name: str) -> None:
    assert verdict(pool, polyglots()[name]) == DECODED


def test_one_child_survives_ten_thousand_mutations_and_does_not_grow(pool: DecodePool) -> None:
    seen = judged(pool, map(mutated, range(CASES)))
    assert seen.total() == CASES
    # Mutations that only ever break the header, or never break anything, would test nothing.
    assert seen[DECODED] > CASES / 10
    assert seen["undecodable"] > CASES / 10
    assert memory_mib(pool.pids()[0]) < MOST_RESIDENT_MIB


def test_the_same_seed_gives_the_same_mutation() -> None:
    assert [mutated(seed) for seed in range(50)] == [mutated(seed) for seed in range(50)]
