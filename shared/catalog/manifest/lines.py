"""The physical lines of a file, of bounded length, with their numbers."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

_BLOCK_BYTES = 64 * 1024
UTF8_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Line:
    """One line with its end; `cut` when it was longer than the limit and `data` is only its beginning."""

    number: int
    data: bytes
    cut: bool = False


def physical_lines(file: BinaryIO, limit: int) -> Iterator[Line]:
    """Lines ended by LF, CR or CRLF, from number 1; a byte-order mark of UTF-8 before the first is dropped.

    Holds at most `limit` bytes of a line and one block, however long the line is.
    """
    number = 1
    rest = b""
    skipping = False
    for block in _blocks(file):
        pieces = (rest + block).splitlines(keepends=True)
        # A CR at the end of a block may be the first half of CRLF, so it waits for the next block.
        rest = b"" if pieces[-1].endswith(b"\n") else pieces.pop()
        for data in pieces:
            if not skipping:
                yield _line(number, data, limit)
            skipping = False
            number += 1
        if skipping:
            rest = rest[-1:] if rest.endswith(b"\r") else b""
        elif len(rest) > limit + 1:
            yield Line(number, rest[:limit], cut=True)
            skipping = True
            rest = rest[-1:] if rest.endswith(b"\r") else b""
    if rest and not skipping:
        yield _line(number, rest, limit)


def _line(number: int, data: bytes, limit: int) -> Line:
    if len(data.rstrip(b"\r\n")) > limit:
        return Line(number, data[:limit], cut=True)
    return Line(number, data)


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    first = file.read(_BLOCK_BYTES).removeprefix(UTF8_BOM)
    if first:
        yield first
    while block := file.read(_BLOCK_BYTES):
        yield block
