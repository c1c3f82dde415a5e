"""Parse a manifest in a limited child process, so that no file can harm the worker."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from shared.catalog.fault_codes import FaultCode
from shared.catalog.manifest.formats import ManifestFormat
from shared.catalog.manifest.rows import ManifestDone, ManifestUnreadable, Record
from shared.catalog.manifest.wire import from_json

# Measured: reading Parquet takes 240 MB of address space, of which pyarrow's libraries are 220; CSV takes 30.
DEFAULT_MEMORY_BYTES = 1024**3
# 256 rows take 3 to 5 ms; a column of Parquet may unpack a whole page before its first row.
DEFAULT_CPU_S = 10

_MAX_RECORD_BYTES = 1024**2  # a row of 64 KiB, escaped as JSON
_EXIT_S = 5
_ROOT = Path(__file__).parents[3]
_KEPT_VARIABLES = ("PATH", "LD_LIBRARY_PATH", "TMPDIR")


def parse_in_child(
    path: Path,
    manifest_format: str,
    *,
    memory_bytes: int = DEFAULT_MEMORY_BYTES,
    cpu_s: float = DEFAULT_CPU_S,
) -> Iterator[Record]:
    """The records of a local file as `read_rows` gives them, streamed from a child process.

    `manifest_format` is a `ManifestFormat`; `cpu_s` is processor time for each 256 records. A child that
    dies, breaks a limit or prints what is no record ends the stream with `ManifestUnreadable`,
    `manifest_crashed`.
    Closing the iterator ends the child.
    """
    arguments = [str(path), ManifestFormat(manifest_format).value, str(memory_bytes), str(cpu_s)]
    child = subprocess.Popen(  # noqa: S603 - our own program; the path names a file of our own
        [sys.executable, "-P", "-m", "workers.vision.imports.manifest_child", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        env=_environment(),
    )
    line = 0
    with child:
        try:
            for record in _records(child):
                yield record
                if isinstance(record, ManifestDone | ManifestUnreadable):
                    return
                line = record.line
            detail = _cause_of_death(child, cpu_s)
        except ValueError:
            detail = "its reader printed what is no record"
        finally:
            child.kill()
    yield ManifestUnreadable(line + 1, FaultCode.MANIFEST_CRASHED, detail)


def _records(child: subprocess.Popen[bytes]) -> Iterator[Record]:
    """Raises ValueError at the first line that is no record."""
    assert child.stdout is not None  # it was opened as a pipe
    while line := child.stdout.readline(_MAX_RECORD_BYTES):
        try:
            yield from_json(json.loads(line))
        except (TypeError, RecursionError) as error:
            raise ValueError("not a manifest record") from error


def _cause_of_death(child: subprocess.Popen[bytes], cpu_s: float) -> str:
    try:
        status = child.wait(_EXIT_S)
    except subprocess.TimeoutExpired:
        return "its reader stopped answering"
    if status == -signal.SIGXCPU:
        return f"reading it took more than {cpu_s:g} s of processor time for one step"
    return f"its reader died with status {status}; the file is damaged, or needs too much memory"


def _environment() -> dict[str, str]:
    """Nothing of ours but where the code lies, and libraries told to stay small and single-threaded."""
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    return kept | {
        "PYTHONPATH": str(_ROOT),
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        "MALLOC_ARENA_MAX": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
