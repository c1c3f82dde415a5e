"""What the vision stage leaves comes back as it was."""

from shared.answer.outcome import Item, Outcome
from shared.images.box import WHOLE


def test_an_outcome_comes_back_as_it_was() -> None:
    likeliest = (("bag", 0.7), ("hat", 0.2))
    item = Item((0.1, 0.2, 0.3, 0.4), "bag", 0.9, b"\x00\x3c", likeliest)
    outcome = Outcome(
        {"id": "x"}, (item,), "abc", Item(WHOLE, None, None, b"\x01\x02"), 0.4, ("detector_failed",)
    )
    assert Outcome.from_bytes(outcome.to_bytes()) == outcome
