"""What may become of a hostile image: it is decoded, or refused by one of the codes that the README names."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from shared.images.header import HeaderProblem, read_header
from shared.reasons import Reason
from tests.integration.pictures import PLAN
from workers.vision.decode.pool import Decoded, DecodePool

DECODED: Final = "decoded"
HEADER_CODES: Final = frozenset(
    {"unsupported_format", "empty_image", "too_many_pixels", "side_too_long", "aspect_ratio", "undecodable"}
)
# What ends a child; that it does not happen, tests say for themselves.
LOST_CODES: Final = frozenset({"decode_crashed", "decode_timeout"})
CODES: Final = HEADER_CODES | LOST_CODES | {DECODED, "box_too_small", "decode_memory"}


def verdict(pool: DecodePool, data: bytes) -> str:
    """`decoded` or the code. Raises AssertionError for an answer that is neither or contradicts itself."""
    header = read_header(data)
    answer = pool.decode(data, PLAN)
    if isinstance(answer, Decoded):
        assert not isinstance(header, HeaderProblem), f"refused by its header as {header}, and decoded"
        assert answer.pixels is not None
        assert answer.pixels.shape == (PLAN.preprocess.crop, PLAN.preprocess.crop, 3)
        return DECODED
    assert isinstance(answer, Reason)
    assert answer.code in CODES, answer
    if isinstance(header, HeaderProblem):
        assert answer.code == header.code, "the gateway and the child read the same header differently"
    return answer.code


def memory_mib(pid: int, line: str = "VmRSS") -> float:
    """Resident memory of a process now, or with `VmHWM` at its highest."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    found = re.search(rf"^{line}:\s+(\d+) kB", status, re.MULTILINE)
    assert found is not None
    return int(found[1]) / 1024
