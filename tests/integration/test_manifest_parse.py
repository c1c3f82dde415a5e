"""The limited child that parses manifests: what it streams, and that nothing it does harms its parent."""

import gzip
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from shared.catalog.fault_codes import FaultCode
from shared.catalog.manifest.rows import ManifestDone, ManifestUnreadable, ProductRow, RowError
from workers.vision.imports import manifest_parse
from workers.vision.imports.manifest_parse import parse_in_child

MIB = 1024 * 1024
ROOT = Path(__file__).parents[2]


def write(folder: Path, data: bytes) -> Path:
    path = folder / "manifest"
    path.write_bytes(data)
    return path


def my_children() -> list[psutil.Process]:
    """Readers of ours that run; the session's servers are other programs."""
    return [child for child in psutil.Process().children() if _is_reader(child)]


def _is_reader(child: psutil.Process) -> bool:
    try:
        return "workers.vision.imports.manifest_child" in child.cmdline()
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def child_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A folder whose `workers.vision.imports.manifest_child` stands in for ours."""
    package = tmp_path / "workers" / "vision" / "imports"
    package.mkdir(parents=True)
    # Without these an installed Tusou, being a regular package, would be found first.
    for folder in (package, package.parent, package.parent.parent):
        (folder / "__init__.py").touch()
    monkeypatch.setattr(manifest_parse, "_ROOT", tmp_path)
    yield package / "manifest_child.py"
    assert not my_children()


def test_rows_errors_and_the_end_come_through(tmp_path: Path):
    path = write(tmp_path, "id,title,image\n1,一,a.jpg\n2,b\n".encode())
    row, error, end = parse_in_child(path, "csv")
    assert isinstance(row, ProductRow)
    assert row.attributes == {"title": "一"}
    assert isinstance(error, RowError)
    assert (error.line, error.reason, error.product_id) == (3, FaultCode.COLUMN_COUNT, "2")
    assert end == ManifestDone(1)
    assert not my_children()


def test_parquet_is_read_within_the_default_memory(tmp_path: Path):
    pyarrow = pytest.importorskip("pyarrow", reason="the extra `parquet` is not installed")
    from pyarrow import parquet

    path = tmp_path / "manifest"
    parquet.write_table(pyarrow.table({"id": [str(n) for n in range(5000)]}), path)
    *rows, end = parse_in_child(path, "parquet")
    assert [row.id for row in rows if isinstance(row, ProductRow)] == [str(n) for n in range(5000)]
    assert end == ManifestDone(0)


def test_a_manifest_that_needs_more_than_its_memory_is_unreadable(tmp_path: Path):
    """One cell of 60 MiB, packed so well that its file is small."""
    pyarrow = pytest.importorskip("pyarrow", reason="the extra `parquet` is not installed")
    from pyarrow import parquet

    path = tmp_path / "manifest"
    parquet.write_table(pyarrow.table({"id": ["x" * (60 * MIB)]}), path, compression="zstd")
    (end,) = parse_in_child(path, "parquet", memory_bytes=260 * MIB)
    assert isinstance(end, ManifestUnreadable)
    *_, end = parse_in_child(path, "parquet", memory_bytes=1024 * MIB)
    assert end == ManifestDone(1)


def test_processor_time_is_allowed_anew_for_every_256_records(tmp_path: Path):
    """The limit counts over the child's life; a long manifest must not die of it."""
    path = write(tmp_path, gzip.compress(b"id,title\n" + b"1,a\n" * 120_000))
    *rows, end = parse_in_child(path, "csv", cpu_s=0.5)
    assert (len(rows), end) == (120_000, ManifestDone(0))


def test_a_child_that_dies_keeps_its_rows_and_names_the_line(child_program: Path):
    child_program.write_text(
        "import os, signal\n"
        """print('{"row": {"line": 7, "id": "1", "attributes": {}}}', flush=True)\n"""
        "os.kill(os.getpid(), signal.SIGSEGV)\n"
    )
    row, end = parse_in_child(Path("x"), "csv")
    assert isinstance(row, ProductRow)
    assert isinstance(end, ManifestUnreadable)
    assert (end.line, end.reason) == (8, FaultCode.MANIFEST_CRASHED)


def test_a_child_that_spins_is_ended_by_its_processor_limit(child_program: Path):
    child_program.write_text(
        "import resource\nresource.setrlimit(resource.RLIMIT_CPU, (1, 2))\nwhile True: pass\n"
    )
    (end,) = parse_in_child(Path("x"), "csv", cpu_s=1)
    assert isinstance(end, ManifestUnreadable)
    assert "processor time" in end.detail


@pytest.mark.parametrize(
    "output",
    [
        "nonsense",
        "[1]",
        '{"row": {}}',
        '{"row": {"line": 1, "id": "1", "attributes": {"price": 3}}}',
        '{"error": {"line": 1}}',
        "[" * 100_000,
        '"' + "x" * (2 * MIB),
    ],
)
def test_what_is_no_record_ends_the_child(child_program: Path, output: str):
    child_program.write_text(f"import time\nprint({output!r}, flush=True)\ntime.sleep(60)\n")
    (end,) = parse_in_child(Path("x"), "csv")
    assert isinstance(end, ManifestUnreadable)
    assert end.reason == FaultCode.MANIFEST_CRASHED


def test_a_child_sees_none_of_our_settings(child_program: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TUSOU_SQL_URL", "postgresql://user:secret@db/tusou")
    child_program.write_text(
        "import os, json\n"
        "print(json.dumps({'unreadable': {'line': 1, 'reason': 'x', 'detail': ' '.join(os.environ)}}))\n"
    )
    (end,) = parse_in_child(Path("x"), "csv")
    assert isinstance(end, ManifestUnreadable)
    assert "TUSOU" not in end.detail


def test_closing_the_stream_ends_the_child(tmp_path: Path):
    path = write(tmp_path, b"id,title\n" + b"1,a\n" * 500_000)
    records = parse_in_child(path, "csv")
    next(records)
    assert my_children()
    records.close()
    assert not my_children()


def test_a_child_whose_parent_is_gone_ends(tmp_path: Path):
    """It writes into a pipe that nobody reads."""
    path = write(tmp_path, b"id,title\n" + b"1,a\n" * 500_000)
    child = subprocess.Popen(
        [
            sys.executable,
            "-P",
            "-m",
            "workers.vision.imports.manifest_child",
            str(path),
            "csv",
            str(1024 * MIB),
            "10",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"PYTHONPATH": str(ROOT)},
    )
    assert child.stdout is not None
    child.stdout.readline()
    child.stdout.close()
    assert child.wait(30) != 0


def test_the_child_imports_no_library_but_for_parquet(tmp_path: Path):
    path = write(tmp_path, b"id\n1\n")
    code = (
        "import sys\n"
        "from workers.vision.imports.manifest_child import main\n"
        f"main({str(path)!r}, 'csv', '{1024 * MIB}', '10')\n"
        "print({'pyarrow', 'numpy', 'torch', 'sqlalchemy', 'flask'} & set(sys.modules))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "set()"


def test_the_real_catalogs_are_read_whole():
    data = Path(os.environ.get("TUSOU_DATA", ROOT.parent / "shared" / "data")) / "catalogs"
    if not data.is_dir():
        pytest.skip(f"no real data at {data}")
    *rows, end = parse_in_child(data / "general" / "products.jsonl", "jsonl")
    assert (len(rows), end) == (100, ManifestDone(0))
    assert sum(len(row.images or ()) for row in rows if isinstance(row, ProductRow)) == 353
    *rows, end = parse_in_child(data / "fashion" / "products.csv", "csv")
    assert isinstance(end, ManifestDone)
    assert (len(rows), end.bad_rows) == (9583, 0)
