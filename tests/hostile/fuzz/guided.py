"""A target under atheris, which follows coverage: `python -m tests.hostile.fuzz.guided image -runs=100000`.

What follows the target's name are libFuzzer's own options; a folder among them keeps the corpus between runs.
Where atheris is not installed (the extra `fuzz`; it has wheels for some Pythons on Linux only), changes that
follow no coverage are made instead, `-runs=N` of them.
"""

from __future__ import annotations

import importlib.util
import random
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

Target = Callable[[bytes], None]

TARGETS = "tests.hostile.fuzz.targets"
DEFAULT_RUNS = 10_000


# Whose branches are followed. Pillow's decoders are C and are not; its headers' readers are Python.
FOLLOWED = ["shared.images", "shared.catalog", "workers.vision.decode", "PIL"]


def main(arguments: list[str]) -> int:
    target, options = (arguments or [""])[0], arguments[1:]
    if importlib.util.find_spec("atheris") is None:
        print("atheris is not installed: no coverage is followed", file=sys.stderr)
        targets = importlib.import_module(TARGETS)
    else:
        import atheris

        with atheris.instrument_imports(include=FOLLOWED):
            targets = importlib.import_module(TARGETS)
    if target not in targets.TARGETS:
        print(f"name a target: {', '.join(targets.TARGETS)}", file=sys.stderr)
        return 2
    targets.confine()
    run = unguided if importlib.util.find_spec("atheris") is None else guided
    return run(targets.TARGETS[target], targets.seeds(target), options)


def guided(target: Target, seeds: list[bytes], options: list[str]) -> int:
    """Does not come back: libFuzzer ends the process."""
    import atheris

    with tempfile.TemporaryDirectory() as folder:
        for number, data in enumerate(seeds):
            (Path(folder) / str(number)).write_bytes(data)
        # Of several folders libFuzzer writes to the first, which is the caller's if there is one.
        atheris.Setup([sys.argv[0], *options, folder], target)
        atheris.Fuzz()
    return 0


def unguided(target: Target, seeds: list[bytes], options: list[str]) -> int:
    runs = next((int(o.removeprefix("-runs=")) for o in options if o.startswith("-runs=")), DEFAULT_RUNS)
    for seed in range(runs):
        choose = random.Random(seed)
        data = bytearray(choose.choice(seeds))
        for _ in range(choose.choice((1, 2, 8))):
            data[choose.randrange(len(data))] = choose.randrange(256)
        try:
            target(bytes(data))
        except Exception as error:
            error.add_note(f"seed {seed}")
            raise
    print(f"{runs} cases")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
