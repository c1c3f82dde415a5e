"""Signals as a terminal would send them."""

import signal


def hear_ctrl_c() -> None:
    """For a child: a shell ignores SIGINT in what it starts in the background, and children inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
