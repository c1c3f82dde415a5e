"""Records of delimited text: several lines may be one record, and a broken one must not eat the next."""

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from shared.catalog.fault_codes import FaultCode
from shared.catalog.manifest.lines import Line, physical_lines


@dataclass(frozen=True, slots=True)
class CellRecord:
    """The cells of one record and the line where it starts; undecodable bytes stand as lone surrogates."""

    line: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class BadRecord:
    """A record that could not be split into the header's number of cells; `cells` are those of its first line
    that can be told."""

    line: int
    reason: str
    detail: str
    cells: list[str]


class _RowTooLongError(Exception):
    """The record being read outgrew its limit."""


def cell_records(file: BinaryIO, delimiter: str, limit: int) -> Iterator[CellRecord | BadRecord]:
    """Every record that is not blank; the first one, the header, fixes the number of cells.

    A quote that is never closed swallows the lines after it. So when a record turns out bad, reading goes on
    at the first of its further lines that has as many delimiters as a whole row; where none has, at the line
    whose quote gave the fault away, for that quote may open a cell of the next record.
    """
    feed = _Feed(physical_lines(file, limit), limit, delimiter)
    reader = csv.reader(feed, delimiter=delimiter, strict=True)
    while True:
        feed.start_record()
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield feed.bad_record(FaultCode.BAD_QUOTES, f"{error}; double a quote that belongs to the text")
            if not feed.resume_within_record():
                feed.resume_at_last_line()
        except _RowTooLongError:
            detail = f"a row has at most {limit} bytes; is a quote left open?"
            yield feed.bad_record(FaultCode.ROW_TOO_LONG, detail)
            if not feed.resume_within_record():
                feed.leave_out_long_cell()
        else:
            if cells is None:
                return
            feed.columns = feed.columns or len(cells)
            if len(cells) == feed.columns and cells:
                yield CellRecord(feed.first_line, cells)
            elif cells:
                detail = f"{len(cells)} cells, the header has {feed.columns}"
                yield feed.bad_record(FaultCode.COLUMN_COUNT, detail)
                feed.resume_within_record()


class _Feed:
    """Hands lines to `csv.reader`, and remembers those of the record being read to hand them out again."""

    def __init__(self, lines: Iterator[Line], limit: int, delimiter: str) -> None:
        self.columns = 0
        self._lines = lines
        self._limit = limit
        self._delimiter = delimiter
        self._waiting: deque[Line] = deque()
        self._record: list[Line] = []
        self._size = 0

    @property
    def first_line(self) -> int:
        return self._record[0].number

    def start_record(self) -> None:
        self._record = []
        self._size = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._next_line()
        if line is None:
            raise StopIteration
        self._record.append(line)
        self._size += len(line.data)
        # The end of a record's last line does not count, as it does not for a single line.
        if line.cut or self._size > self._limit + len(b"\r\n"):
            raise _RowTooLongError
        return _text(line)

    def bad_record(self, reason: str, detail: str) -> BadRecord:
        cells = next(csv.reader([_text(self._record[0])], delimiter=self._delimiter))
        # The last cell may go on in a line that is not looked at.
        return BadRecord(self.first_line, reason, detail, cells[:-1])

    def resume_within_record(self) -> bool:
        """Give back the record's lines from the first, but its own, that looks like a row, if one does."""
        for position, line in enumerate(self._record[1:], start=1):
            if self._looks_like_a_row(line):
                self._waiting.extendleft(reversed(self._record[position:]))
                return True
        return False

    def resume_at_last_line(self) -> None:
        if len(self._record) > 1:
            self._waiting.appendleft(self._record[-1])

    def leave_out_long_cell(self) -> None:
        """Skip what remains of a cell of many lines, so that it is not reported line by line."""
        if len(self._record) == 1:
            return
        while line := self._next_line():
            if self._looks_like_a_row(line):
                self._waiting.appendleft(line)
                return

    def _next_line(self) -> Line | None:
        return self._waiting.popleft() if self._waiting else next(self._lines, None)

    def _looks_like_a_row(self, line: Line) -> bool:
        return line.data.count(self._delimiter.encode()) >= self.columns - 1


def _text(line: Line) -> str:
    return line.data.decode("utf-8", "surrogateescape")
