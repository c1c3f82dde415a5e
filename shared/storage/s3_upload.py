"""What is learned about a stream while it is sent to S3."""

from __future__ import annotations

import hashlib
from typing import BinaryIO

from shared.storage.verify import wrong_length

# A body is held in memory while it is sent. Longer ones go in parts, whose object shows up at the end only.
PART = 16 * 1024 * 1024


class Upload:
    """Counts and hashes what the client reads from `stream`.

    Reading past or short of `expected` bytes raises `ObjectCorrupt`: the client then gives up before the
    object exists.
    """

    def __init__(self, name: str, stream: BinaryIO, expected: int | None) -> None:
        self._name = name
        self._stream = stream
        self._expected = expected
        self._sha256 = hashlib.sha256()
        self._md5 = hashlib.md5(usedforsecurity=False)
        self.length = 0

    def read(self, size: int) -> bytes:
        block = self._stream.read(size)
        self.length += len(block)
        self._sha256.update(block)
        if self.length <= PART:
            self._md5.update(block)
        expected = self.length if self._expected is None else self._expected
        if self.length > expected or (not block and self.length < expected):
            raise wrong_length(self._name, expected, self.length)
        return block

    @property
    def sha256(self) -> str:
        return self._sha256.hexdigest()

    def has_etag(self, etag: str) -> bool:
        """Whether the server's ETag is the MD5 of what was sent, as it is for one plain part."""
        return self.length <= PART and etag.lower() == self._md5.hexdigest()
