"""A disk that is soon full: a file system of its own, in memory."""

from __future__ import annotations

import errno
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

_BLOCK = bytes(64 * 1024)


class SmallDisk:
    """`full` leaves not a byte on it while its block runs."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def full(self) -> Iterator[None]:
        filler = self.path / "filler"
        try:
            with filler.open("wb", buffering=0) as file:
                for block in (_BLOCK, b"\0"):
                    with _until_full():
                        while True:
                            file.write(block)
            yield
        finally:
            filler.unlink()


@contextmanager
def _until_full() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise


@contextmanager
def small_disk(path: Path, megabytes: int) -> Iterator[SmallDisk]:
    """Skips the test where this user may not mount: only root may, and not in every container."""
    path.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tusou-test", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"no small disk can be mounted: {mounted.stderr.strip()}")
    try:
        yield SmallDisk(path)
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)
        with suppress(OSError):
            path.rmdir()
