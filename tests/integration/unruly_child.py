"""A decode child that misbehaves on command: the first bytes of an "image" say how. The rest is the real one.

What it says on standard error of its own end is kept out of the test's report.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from shared.reasons import Reason
from workers.vision.decode import child as decode_child
from workers.vision.decode.image import decode_image
from workers.vision.decode.values import Decoded, DecodeLimits, DecodePlan

RAISED = {kind.__name__: kind for kind in (KeyError, RecursionError, SyntaxError, EOFError)}


def misbehave(data: bytes, plan: DecodePlan, limits: DecodeLimits) -> Decoded | Reason:
    if data.startswith(b"abort"):
        os.abort()
    if data.startswith(b"leave"):
        os._exit(3)
    if data.startswith(b"loop"):
        while True:
            pass
    if data.startswith(b"sleep"):
        time.sleep(60)
    if data.startswith(b"burn"):
        ends = time.process_time() + 0.4
        while time.process_time() < ends:
            pass
    if data.startswith(b"hoard"):
        bytearray(2**40)
    if data.startswith(b"chatter"):
        os.write(1, b"stray bytes from a C library")
        print("and from Python", flush=True)
    if data.startswith(b"nonsense"):
        os.write(0, b"\x00\x00\x00\x02\x00\x00\x00\x00{}")
    if data.startswith(b"raise "):
        raise {kind.__name__: kind for kind in (KeyError, RecursionError, SyntaxError, EOFError)}[
            data[6:].decode()
        ]
    return decode_image(data, plan, limits)


if __name__ == "__main__":
    sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 - open as long as the process lives
    decode_child.main(misbehave)
