"""How often a stage is tried, and how long it waits in between."""

from shared.topology import CHUNKS, EMBED, EMBED_WRITE, PLAN, Retry


def waits(policy: Retry) -> list[float]:
    return [policy.wait_after(tries) for tries in range(1, policy.tries)]


def test_waits_double_up_to_the_longest() -> None:
    assert waits(Retry(tries=8, longest_wait_s=30.0)) == [1, 2, 4, 8, 16, 30, 30]


def test_a_search_or_write_is_tried_for_half_a_minute() -> None:
    assert sum(waits(EMBED.retry)) == sum(waits(EMBED_WRITE.retry)) == 31


def test_an_import_is_tried_for_minutes() -> None:
    assert sum(waits(PLAN.retry)) == sum(waits(CHUNKS.retry)) == 451
