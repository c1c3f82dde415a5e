"""Parse one manifest under limits and print its records: `python -m workers.vision.imports.manifest_child …`.

A program of its own, so that a hostile file can at worst end this process: it imports the readers and, for
Parquet, pyarrow. Arguments: path, format, bytes of address space, processor seconds for each 256 records.
"""

import json
import os
import resource
import sys
from contextlib import suppress
from itertools import islice
from pathlib import Path

from shared.catalog.manifest.formats import ManifestFormat
from shared.catalog.manifest.reader import read_rows
from shared.catalog.manifest.wire import to_json

_RECORDS_PER_ROUND = 256
_SPOOL_BYTES = 8 * 1024**3  # a gzip'ed Parquet file is unpacked on disk


def main(path: str, format_name: str, memory_bytes: str, cpu_s: str) -> None:
    """Write one JSON record a line to the standard output, flushed every 256 records."""
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_AS, int(memory_bytes))
    _limit(resource.RLIMIT_FSIZE, _SPOOL_BYTES)
    with Path(path).open("rb") as file:
        records = read_rows(file, ManifestFormat(format_name))
        while True:
            _allow_cpu(float(cpu_s))
            lines = [_line(to_json(record)) for record in islice(records, _RECORDS_PER_ROUND)]
            if not lines:
                return
            sys.stdout.buffer.write(b"".join(lines))
            sys.stdout.buffer.flush()


def _line(record: dict[str, object]) -> bytes:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _limit(which: int, value: int) -> None:
    # macOS refuses to lower the address space; there the processor limit alone protects.
    with suppress(ValueError, OSError):
        resource.setrlimit(which, (value, value))


def _allow_cpu(seconds: float) -> None:
    """Let this process use so much more processor time: the soft limit counts over its whole life."""
    used = sum(os.times()[:2])
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used + seconds) + 1, hard))


if __name__ == "__main__":
    main(*sys.argv[1:])
