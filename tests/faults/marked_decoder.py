"""A decode child that dies of or hangs at photos with a mark behind their last byte; else the real one.

What it says of its own end is kept out of the worker's log.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from shared.reasons import Reason
from workers.vision.decode import child as decode_child
from workers.vision.decode.image import decode_image
from workers.vision.decode.values import Decoded, DecodeLimits, DecodePlan

# What befalls the decoder, and the code that its job ends with.
ENDS = {
    b"<segfault>": "decode_crashed",
    b"<abort>": "decode_crashed",
    b"<hoard>": "decode_memory",
    b"<loop>": "decode_timeout",
}


def decode(data: bytes, plan: DecodePlan, limits: DecodeLimits) -> Decoded | Reason:
    if data.endswith(b"<segfault>"):
        os.kill(os.getpid(), signal.SIGSEGV)
    if data.endswith(b"<abort>"):
        os.abort()
    if data.endswith(b"<loop>"):
        while True:
            pass
    if data.endswith(b"<hoard>"):
        bytearray(2**40)
    return decode_image(data, plan, limits)


if __name__ == "__main__":
    sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 - open as long as the process lives
    decode_child.main(decode)
