"""The regulations in sentences: one ordered structure of chapters, clauses and tables, in the language in force.

It is made of a frozen `Regulations.document` and of nothing else, so what is read is what the engine enforces; the page and the
PDF draw the same structure (docs/decisions/regulations.md). Each clause has a key that stays the same between versions and
languages: `changes` tells two versions apart by it.

| chapter | of | module |
|---|---|---|
| event, categories | the edition, its races and categories | `programme` |
| who, entering, changes, papers, bibs, sign_on, protests, data | every field of `EntryRules` | `entering` |
| results | every key of `Race.rules` that the scoring core reads, and of `Category.regulations` | `results` |
| waiver | the two texts | here |
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from race.rules_text import entering, programme, results
from race.rules_text.clauses import Chapter, Clause, Source, Table

__all__ = ["Change", "Chapter", "Clause", "Table", "Text", "changes", "of"]


@dataclass(frozen=True)
class Text:
    """The whole. `made_up`: everything in it is only an illustration, so no single clause is marked."""

    name: str
    made_up: bool
    partly_made_up: bool
    chapters: tuple[Chapter, ...]


@dataclass(frozen=True)
class Change:
    """A clause or a row of a table that differs between two versions; `old` or `new` is empty where it was not there."""

    number: str
    chapter: str
    old: str
    new: str


def of(document: Mapping[str, Any]) -> Text:
    """The regulations of a document as `race.regulations` makes it."""
    source = Source(document)
    listed = [
        programme.event(source), programme.categories(source), entering.who(source), entering.entering(source),
        entering.changes(source), entering.papers(source), entering.bibs(source), entering.sign_on(source),
        results.results(source), entering.protests(source), _waiver(source), entering.data(source),
    ]  # fmt: skip
    chapters = tuple(_numbered(str(at), chapter) for at, chapter in enumerate(listed, 1))
    marked = [block.made_up for chapter in chapters for block in chapter.blocks]
    return Text(source.edition_name, source.all_made_up, any(marked), chapters)


def changes(old: Text, new: Text) -> list[Change]:
    """What differs, in the order of the new text; what is gone comes where its chapter ends."""
    before = {key: (number, chapter, said) for key, number, chapter, said in _said(old)}
    found: list[Change] = []
    gone = dict(before)
    for key, number, chapter, said in _said(new):
        known = gone.pop(key, None)
        if known is None or known[2] != said:
            found.append(Change(number, chapter, known[2] if known else "", said))
    found += [Change(number, chapter, said, "") for number, chapter, said in gone.values()]
    return found


def _said(text: Text) -> Iterator[tuple[str, str, str, str]]:
    """Everything that is said: key, number, chapter, words."""
    for chapter in text.chapters:
        for block in chapter.blocks:
            if isinstance(block, Clause):
                yield block.key, block.number, chapter.title, block.said
            else:
                for row in block.rows:
                    cells = zip(block.columns, row.cells, strict=True)
                    words = "; ".join(f"{column}: {cell.text}" for column, cell in cells if cell.text)
                    yield f"{block.key}.{row.key}", block.number, chapter.title, words


def _numbered(number: str, chapter: Chapter) -> Chapter:
    blocks: Iterable[Clause | Table] = (block.numbered(f"{number}.{at}") for at, block in enumerate(chapter.blocks, 1))
    return Chapter(chapter.key, chapter.title, tuple(blocks), number)


def _waiver(source: Source) -> Chapter:
    words = source.document["waiver"]
    text = source.in_language(words["zh"], words["en"])
    clauses = [source.clause("waiver.text", text, "waiver_zh", "waiver_en")] if text else []
    accepted = _("Each rider, or the guardian, accepts this text and this version of the regulations when entering.")
    return Chapter("waiver", _("Declaration of the rider"), (*clauses, source.clause("waiver.accepted", accepted)))
