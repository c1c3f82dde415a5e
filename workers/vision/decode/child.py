"""A decode child: a long-lived program that decodes untrusted images, one after the other, under limits.

Started by `workers.vision.decode.process` as a program of its own, so that nothing of the parent (torch,
connections, secrets) is in it. Its standard input is a socket to the parent, both ways; standard output leads
nowhere, so a print, even one from C, cannot get between the frames. It ends when the parent is gone.
"""

from __future__ import annotations

import json
import math
import resource
import signal
import socket
import sys
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from PIL import Image, ImageFile, PngImagePlugin

from shared.reasons import Reason
from workers.vision.decode.channel import Channel, Payload
from workers.vision.decode.image import decode_image
from workers.vision.decode.values import Decoded, DecodeLimits, DecodePlan
from workers.vision.decode.wire import answer_to_frame, limits_from_json, plan_from_json

Decoder = Callable[[bytes, DecodePlan, DecodeLimits], Decoded | Reason]


def main(decode: Decoder = decode_image) -> None:
    limits = limits_from_json(json.loads(sys.argv[1]))
    _confine(limits)
    channel = Channel(socket.socket(fileno=0))
    with suppress(ConnectionError):  # the parent closed its end, or is no more
        channel.send({"ready": True})
        while True:
            plan, (image,) = channel.receive()
            _allow_cpu(limits.cpu_s)
            header, payloads = _answer(decode, bytes(image), plan_from_json(plan), limits)
            channel.send(header, *payloads)


def _answer(
    decode: Decoder, image: bytes, plan: DecodePlan, limits: DecodeLimits
) -> tuple[dict[str, Any], list[Payload]]:
    try:
        return answer_to_frame(decode(image, plan, limits))
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        return answer_to_frame(Reason("too_many_pixels"))
    except MemoryError:
        return answer_to_frame(Reason("decode_memory", threshold=limits.memory_bytes))
    except Exception as error:  # a decoder raises anything: OSError, SyntaxError, IndexError, struct.error …
        return answer_to_frame(Reason("undecodable"), detail=repr(error)[:200])


def _confine(limits: DecodeLimits) -> None:
    if sys.platform == "linux":  # macOS refuses this limit; the limits on pixels and the clock remain there
        _limit(resource.RLIMIT_AS, limits.memory_bytes)
    _limit(resource.RLIMIT_CORE, 0)
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)  # inherited as ignored, it would not end a loop
    Image.preinit()
    # The second line behind shared.images.header, for what a decoder finds behind a harmless header.
    Image.MAX_IMAGE_PIXELS = max(limits.images.max_jpeg_pixels, limits.images.max_pixels)
    warnings.simplefilter("ignore")
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    PngImagePlugin.MAX_TEXT_CHUNK = 2**20
    PngImagePlugin.MAX_TEXT_MEMORY = 4 * 2**20


def _allow_cpu(seconds: float) -> None:
    """Move the soft limit on: it counts over the life of a process, so a fixed one ends harmless children."""
    _limit(resource.RLIMIT_CPU, math.ceil(time.process_time() + seconds))


def _limit(kind: int, soft: int) -> None:
    hard = resource.getrlimit(kind)[1]
    resource.setrlimit(kind, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


if __name__ == "__main__":
    main()
