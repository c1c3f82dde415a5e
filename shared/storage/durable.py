"""Files that appear and vanish for good: what returned here survives a power cut."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def link(source: Path, path: Path, root: Path) -> None:
    """Gives `source` the further name `path` below `root`, making folders on the way.

    A link, unlike a rename, never replaces what is there: `FileExistsError`.
    """
    while True:
        try:
            os.link(source, path)
            break
        except FileNotFoundError:
            if not source.exists():
                raise
            # The first file of its folder, or a `remove` has just taken the empty folder away; if it
            # does so once more meanwhile, the next round makes it again.
            with contextlib.suppress(FileNotFoundError):
                _make_folder(path.parent, root)
    try:
        sync(path.parent)
    except OSError:
        path.unlink(missing_ok=True)
        raise


def remove(path: Path, root: Path) -> None:
    """Removes the file `path`, and the folders below `root` that are empty then."""
    path.unlink()
    folder = path.parent
    while folder != root:
        try:
            folder.rmdir()
        except OSError:  # not empty, or somebody else's `remove` was here first
            break
        folder = folder.parent
    with contextlib.suppress(FileNotFoundError):
        sync(folder)


def sync(folder: Path) -> None:
    """Names are kept in the folder, not in the file: it has to reach the disk too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _make_folder(folder: Path, root: Path) -> None:
    if folder == root:  # where that is gone, a disk is not mounted, and its place must stay empty
        return
    _make_folder(folder.parent, root)
    try:
        folder.mkdir()
    except FileExistsError:
        return
    sync(folder.parent)
