"""A disk that is soon full: a file system of its own, in memory."""

from __future__ import annotations

import errno
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.servers.absent import missing

WITHOUT_ROOT = "without root: unshare --map-root-user --mount python -m pytest tests/faults/test_disk_full.py"
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
    """Without the right to mount the test is skipped, or fails under CI=true.

    Nothing that needs no mount is as good: RLIMIT_FSIZE says EFBIG for one file, a quota needs root too. In a
    namespace of one's own (`unshare --map-root-user --mount`) most kernels let anybody mount.
    """
    path.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tusou-test", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        path.rmdir()
        missing("a small disk", f"{mounted.stderr.splitlines()[0]}; {WITHOUT_ROOT}")
    try:
        yield SmallDisk(path)
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)
        with suppress(OSError):
            path.rmdir()
