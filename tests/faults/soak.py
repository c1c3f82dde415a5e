"""`python -m tests.faults.soak --minutes 20 --seed 7 --stack production`: the crash harness, for hours.

Ends with one JSON object; the exit status is 1 unless nothing is missing, phantom, duplicate, malformed or
unfinished. What is wrong stands above it, and the logs of every process in the folder that it names.
"""

from __future__ import annotations

import argparse
import json
import logging
import shutil
import sys
import tempfile
from pathlib import Path

from tests.faults.harness import Outcome, Soak, soak
from tests.faults.stacks import STACKS

SHOWN = 20


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.soak")
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--stack", choices=sorted(STACKS), default="embedded")
    parser.add_argument("--every", type=float, default=4.0, help="seconds between strikes, on average")
    parser.add_argument("--keep", action="store_true", help="keep the folder with the logs")
    asked = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s")
    logging.getLogger("tests").setLevel(logging.INFO)
    folder = Path(tempfile.mkdtemp(prefix="tusou-soak-"))
    folder.chmod(0o755)
    outcome = soak(Soak(asked.seed, asked.minutes * 60, asked.stack, asked.every), folder / "home")
    tell(outcome)
    if outcome.good and not asked.keep:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        print(f"logs: {folder / 'home' / 'logs'}")
    print(json.dumps(outcome.counts()))
    return 0 if outcome.good else 1


def tell(outcome: Outcome) -> None:
    """What is wrong, some of each list."""
    for name in (*Outcome.FAULTS, "unasked"):
        for what in getattr(outcome, name)[:SHOWN]:
            print(f"{name}: {what}")


if __name__ == "__main__":
    sys.exit(main())
