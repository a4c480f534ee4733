"""What regulations are made of, and how a document is read and its values are written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from race.entry_rules import EntryRules
from race.models.edition import in_language

Row = Mapping[str, Any]
SECOND_US = 1_000_000


@dataclass(frozen=True)
class Clause:
    """One numbered sentence or two; `about` names the categories it holds for where it is not all.

    `made_up`: the value in it only illustrates.
    """

    key: str
    text: str
    made_up: bool = False
    about: str = ""
    number: str = ""

    @property
    def said(self) -> str:
        """The whole of it, as one sentence."""
        return _("%(names)s: %(sentence)s") % {"names": self.about, "sentence": self.text} if self.about else self.text

    def numbered(self, number: str) -> Clause:
        """The same clause in its place."""
        return replace(self, number=number)


@dataclass(frozen=True)
class Cell:
    """A value in a table; `label` is the heading of its column, which a phone shows beside it."""

    text: str
    made_up: bool = False
    label: str = ""


@dataclass(frozen=True)
class TableRow:
    """A line of a table; `mark` is the shape of the category it is about."""

    key: str
    cells: tuple[Cell, ...]
    mark: str = ""


@dataclass(frozen=True)
class Table:
    """A table with its headings; the first column names the row."""

    key: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[TableRow, ...]
    number: str = ""

    def numbered(self, number: str) -> Table:
        """The same table in its place, its cells with their headings."""
        rows = (
            replace(row, cells=tuple(replace(cell, label=to) for cell, to in zip(row.cells, self.columns, strict=True)))
            for row in self.rows
        )
        return replace(self, number=number, rows=tuple(rows))

    @property
    def made_up(self) -> bool:
        """Whether any value in it only illustrates."""
        return any(cell.made_up for row in self.rows for cell in row.cells)


@dataclass(frozen=True)
class Chapter:
    """A chapter: its key is its address on the page."""

    key: str
    title: str
    blocks: tuple[Clause | Table, ...]
    number: str = ""


class Source:
    """A document, read."""

    def __init__(self, document: Row) -> None:
        self.document = document
        self.edition: Row = document["edition"]
        self.rules = EntryRules.of(document["entry_rules"])
        self.races: Sequence[Row] = document["races"]
        self.categories = [(race, category) for race in self.races for category in race["categories"]]
        self.zone = ZoneInfo(self.edition["zone"])
        self.starts_on = date.fromisoformat(self.edition["starts_on"])
        self.illustrative = frozenset(self.edition.get("illustrative", ()))
        self.all_made_up = "*" in self.illustrative

    @property
    def edition_name(self) -> str:
        """The full name in the language in force."""
        return self.name(self.edition)

    def in_language(self, zh: str, en: str) -> str:
        """The wording for the language in force; the other one where that is missing."""
        return in_language(zh, en)

    def name(self, row: Row, stem: str = "name") -> str:
        """The name of a row that has it in two languages."""
        return in_language(row[f"{stem}_zh"], row[f"{stem}_en"])

    def names(self) -> dict[str, str]:
        """The names of the categories by code."""
        return {category["code"]: self.name(category) for _race, category in self.categories}

    def clause(self, key: str, text: str, *paths: str, about: str = "") -> Clause:
        """A clause; `paths` say where its values stand, in the words of `Edition.illustrative`."""
        return Clause(key, text, self.made_up(*paths), about)

    def cell(self, text: str, *paths: str) -> Cell:
        """A value in a table."""
        return Cell(text, self.made_up(*paths))

    def made_up(self, *paths: str) -> bool:
        """Whether any of these only illustrates; never where all of it does: that is said once."""
        return not self.all_made_up and not self.illustrative.isdisjoint(paths)

    def last_day(self, days_before: int) -> str:
        """The day that lies so many days before the first race day; a deadline ends with it."""
        return day_words(self.starts_on - timedelta(days=days_before))

    def local(self, instant: str) -> datetime:
        """An instant of the document on the venue's clock."""
        return datetime.fromisoformat(instant).astimezone(self.zone)


def grouped(source: Source, key: str, said: Iterable[tuple[str, str]], *paths: str) -> Iterator[Clause]:
    """Clauses of (code, sentence): categories that share a sentence share a clause, and none is named where all do.

    The first code ends the key: a category that leaves its group is one change, not a clause that is gone and another.
    """
    found: dict[str, list[str]] = {}
    for code, sentence in said:
        if sentence:
            found.setdefault(sentence, []).append(code)
    names = source.names()
    for sentence, codes in found.items():
        about = "" if len(codes) == len(names) else listed(names[code] for code in codes)
        yield source.clause(f"{key}.{codes[0]}", sentence, *paths, about=about)


def listed(words: Iterable[str]) -> str:
    """Words in a row: 甲、乙 or A, B."""
    return ("、" if _zh() else ", ").join(words)


def day_words(day: date) -> str:
    """5月25日, 25 May."""
    return f"{day.month} 月 {day.day} 日" if _zh() else f"{day.day} {_month(day)}"


def days_words(first: date, last: date) -> str:
    """The days of an edition with their year."""
    if _zh():
        until = (
            ""
            if first == last
            else f"–{last.day}"
            if first.month == last.month
            else f" 日至 {last.month} 月 {last.day}"
        )
        return f"{first.year} 年 {first.month} 月 {first.day}{until} 日"
    if first == last:
        return f"{day_words(first)} {first.year}"
    since = str(first.day) if first.month == last.month else day_words(first)
    return f"{since}–{day_words(last)} {last.year}"


def instant_words(at: datetime) -> str:
    """5月15日 18:00, 15 May 2024 18:00: with its year, as a deadline is read long after."""
    if _zh():
        return f"{at.year} 年 {day_words(at.date())} {at:%H:%M}"
    return f"{day_words(at.date())} {at.year}, {at:%H:%M}"


def span(us: int) -> str:
    """A length of time: 15 minutes, 1 second, 0.12 seconds, 1:30."""
    if us and us % (60 * SECOND_US) == 0:
        minutes = us // (60 * SECOND_US)
        return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
    if us > 60 * SECOND_US:
        minutes, rest = divmod(us // SECOND_US, 60)
        return f"{minutes}:{rest:02}"
    text = f"{us / SECOND_US:.6f}".rstrip("0").rstrip(".")
    return ngettext("%(n)s second", "%(n)s seconds", 1 if text == "1" else 2) % {"n": text}


def kilometres(metres: int) -> str:
    """84 km, 4.2 km."""
    return f"{metres / 1000:.2f}".rstrip("0").rstrip(".") + " km"


def _month(day: date) -> str:
    return day.strftime("%B")


def _zh() -> bool:
    return not (get_language() or "").startswith("en")
