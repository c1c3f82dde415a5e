"""Work that may wait: one piece after another, each once, none after the end."""

import threading

from workers.vision.aside import Aside

LONG_S = 10


def test_what_waits_or_runs_already_is_not_begun_again() -> None:
    aside, begun, go_on = Aside(), threading.Event(), threading.Event()
    done: list[str] = []

    def first() -> None:
        begun.set()
        go_on.wait(LONG_S)
        done.append("first")

    aside.do("a", first)
    assert begun.wait(LONG_S)
    aside.do("a", lambda: done.append("twice"))
    aside.do("b", lambda: done.append("second"))
    aside.do("b", lambda: done.append("twice"))
    ended = threading.Event()
    aside.do("end", ended.set)
    go_on.set()
    assert ended.wait(LONG_S)
    aside.close()
    assert done == ["first", "second"]


def test_what_failed_can_be_done_again() -> None:
    aside, done = Aside(), threading.Event()

    def fails() -> None:
        raise ValueError("once")

    aside.do("a", fails)
    aside.do("b", lambda: aside.do("a", done.set))
    assert done.wait(LONG_S)
    aside.close()


def test_after_its_end_nothing_begins() -> None:
    aside, begun = Aside(), threading.Event()
    aside.close()
    aside.do("a", begun.set)
    assert not begun.wait(0.05)
