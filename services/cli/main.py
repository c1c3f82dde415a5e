"""The `tusou` program: whatever goes wrong, one sentence and an exit status."""

from __future__ import annotations


def main() -> None:
    """Known trouble exits with 1, and never with a traceback."""
    try:
        # Here, as reading all of it takes most of a second, in which Ctrl-C is no traceback either.
        from services.cli.run import run

        run()
    except KeyboardInterrupt:
        from services.cli.trouble import INTERRUPTED

        raise SystemExit(INTERRUPTED) from None
