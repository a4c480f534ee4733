"""Rows of cells into reads: the same for a text file and for a workbook."""

from collections.abc import Iterable, Sequence
from itertools import chain, islice
from typing import Any, NamedTuple

from timing.decoders.field_text import decibels, evidence, is_name, small_number
from timing.decoders.model import Context, Read
from timing.decoders.sheet.cell_times import BadCell, TimeCells
from timing.decoders.sheet.chip_cells import chip_of
from timing.decoders.sheet.columns import (
    HEADING_ROWS,
    SAMPLE_ROWS,
    BadColumns,
    Columns,
    find_columns,
    said_columns,
)

Cells = Sequence[str]
NOT_A_READ = "not_a_read"  # a title above the headings
TOO_FEW_CELLS = "too_few_cells"
BAD_ENCODING = "bad_encoding"
BAD_SOURCE = "bad_source"
NO_SOURCE = "no_source"  # neither the row nor anybody else names the reader
_UNREADABLE = ("\N{REPLACEMENT CHARACTER}",)  # neither a heading nor a read
_NUMBERS = {"lap": small_number, "record": small_number, "rssi": decibels}


class Rows(NamedTuple):
    """What a table holds: the reads, and for every other row that says something its index and the reason."""

    reads: list[Read]
    refused: list[tuple[int, str]]
    columns: Columns


def read_rows(rows: Iterable[Cells | None], context: Context) -> Rows | None:
    """Reads of a table, None when it holds none of ours. A row that is None could not be decoded."""
    times = TimeCells(context)
    rest = iter(rows)
    head = list(islice(rest, max(HEADING_ROWS, SAMPLE_ROWS)))
    columns = _columns([_UNREADABLE if row is None else row for row in head], times, context)
    if columns is None:
        return None
    reader = _RowReader(columns, times, context)
    reads: list[Read] = []
    refused: list[tuple[int, str]] = []
    headings = head[columns.row] if 0 <= columns.row < len(head) else None
    for index, row in enumerate(chain(head, rest)):
        if row is None:
            refused.append((index, BAD_ENCODING))
        elif row == headings or not any(row):
            continue  # files put together keep their headings
        elif index < columns.row:
            refused.append((index, NOT_A_READ))
        else:
            try:
                reads.append(reader.read(row))
            except BadCell as bad:
                if any(cell.strip() for cell in row):
                    refused.append((index, str(bad)))
    return Rows(reads, refused, columns)


def _columns(head: list[Cells], times: TimeCells, context: Context) -> Columns | None:
    """Where what stands: as a person said, else as the sheet shows."""
    if not context.columns:
        return find_columns(head, times)
    try:
        return said_columns(context.columns) if head else None
    except BadColumns:
        return None


class _RowReader:
    """Reads one row after another; remembers chips and readers, which come again and again."""

    def __init__(self, columns: Columns, times: TimeCells, context: Context) -> None:
        self._columns = columns
        self._times = times
        self._source = context.source
        self._needs_source = context.needs_source
        self._chips: dict[str, str] = {}
        self._readers: dict[str, str] = {}
        self._texts: dict[str, str] = {}
        self._evidence = columns.evidence
        self._date = columns.date
        self._width = max(columns.chip, columns.time) + 1

    def read(self, row: Cells) -> Read:
        """The read of a row. Raises BadCell."""
        if len(row) < self._width:
            raise BadCell(TOO_FEW_CELLS)
        cell = row[self._columns.chip]
        chip = self._chips.get(cell) or self._chip(cell)
        date = row[self._date] if 0 <= self._date < len(row) else ""
        local_us = self._times.moment(row[self._columns.time], date)
        source = self._source_of(row)
        if not self._evidence:
            return Read(source, chip, local_us)
        return Read(source, chip, local_us, **self._said(row))

    def _chip(self, cell: str) -> str:
        return self._chips.setdefault(cell, chip_of(cell))

    def _source_of(self, row: Cells) -> str:
        column = self._columns.reader
        cell = row[column] if 0 <= column < len(row) else ""
        source = self._readers.get(cell)
        if source is None:
            source = cell.strip() or self._source
            if source and not is_name(source):
                raise BadCell(BAD_SOURCE)
            if not source and self._needs_source:
                raise BadCell(NO_SOURCE)
            self._readers[cell] = source
        return source

    def _said(self, row: Cells) -> dict[str, Any]:
        """The optional cells of a row, as arguments of Read."""
        said: dict[str, Any] = {}
        for name, column in self._evidence:
            if column < len(row) and (cell := row[column]):
                text = self._texts.get(cell)
                if text is None:
                    text = self._texts[cell] = evidence(cell)
                said[name] = _NUMBERS[name](text) if name in _NUMBERS else text
        return said
