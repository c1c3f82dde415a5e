"""Gzip, as a stream that refuses to grow out of proportion."""

import gzip
import io
import zlib
from typing import TYPE_CHECKING, BinaryIO

from shared.catalog.fault_codes import FaultCode
from shared.catalog.manifest.limits import ManifestLimits
from shared.catalog.manifest.rows import ManifestFaultError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_MAGIC = b"\x1f\x8b"


def is_gzip(head: bytes) -> bool:
    """Whether a file's first bytes are those of gzip."""
    return head.startswith(_MAGIC)


class BoundedGzip(io.RawIOBase):
    """The uncompressed bytes of a gzip file.

    Raises `ManifestFaultError`: `too_compressed` when more than `ratio_from_bytes` came out and that is more
    than `ratio` times what went in; `unreadable` when the data is damaged or cut off. Its line is 0: a byte
    stream knows none.
    """

    def __init__(self, file: BinaryIO, limits: ManifestLimits) -> None:
        self._compressed = file
        self._plain = gzip.GzipFile(fileobj=file, mode="rb")
        self._limits = limits
        self._size = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        try:
            count = self._plain.readinto(buffer)
        except (OSError, EOFError, zlib.error) as error:
            raise ManifestFaultError(0, FaultCode.UNREADABLE, f"the gzip data is damaged: {error}") from error
        self._size += count
        most = max(self._limits.ratio_from_bytes, self._limits.ratio * self._compressed.tell())
        if self._size > most:
            detail = f"it unpacks to more than {self._limits.ratio} times its size; send it less compressed"
            raise ManifestFaultError(0, FaultCode.TOO_COMPRESSED, detail)
        return count
