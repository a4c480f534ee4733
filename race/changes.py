"""How something that can change a board is edited: narrowly, with what it was before."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import models
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from race import revision
from race.models import Change, Edition, Entry, Race, User

#: Columns of an entry that can change a board. The rest (a hold's end, a pass) is nobody's business but the office's.
RECORDED = {"bib", "category_id", "race_id", "team_id", "state", "signed_on", "ranked"}

Edit = tuple[models.Model, Mapping[str, Any]]


def write(
    edition: Edition,
    edits: Iterable[tuple[Entry, Mapping[str, Any]]],
    *,
    by: User | None,
    reason: str = "",
) -> int | None:
    """Edit entries (with their `race` loaded), whether the start list is published or not; the revision, or None.

    Facts begin when a start list is published: before that the columns are only written, after it each change of what can
    change a board is recorded. A fixed number of statements for any number of entries that get the same columns. Inside
    the caller's transaction.
    """
    edits = list(edits)
    facts: list[tuple[Entry, Mapping[str, Any]]] = []
    silent: list[Edit] = []
    for entry, wanted in edits:
        recorded = {name: value for name, value in wanted.items() if name in RECORDED and entry.race.published_at}
        if rest := {name: value for name, value in wanted.items() if name not in recorded}:
            silent.append((entry, rest))
        if recorded:
            facts.append((entry, recorded))
    _let_go(edits)
    _store(silent)
    races = {entry.race_id for entry, _columns in facts}
    return edit(edition, races, facts, by=by, reason=reason) if facts else None


def plain(value: Any) -> Any:
    """A column's value as it can stand in JSON; a range becomes its two ends."""
    if isinstance(value, DateTimeTZRange):
        return [value.lower, value.upper]
    return value


def edit(
    edition: Edition,
    races: Iterable[Race | int],
    edits: Iterable[Edit],
    *,
    by: User | None,
    reason: str = "",
) -> int | None:
    """Write the given columns of rows, record each as a `Change` and advance the revision once for all of them.

    Columns are attribute names (`team_id`, not `team`) and never hold identity data. What is already so is left alone;
    if nothing changes at all, no revision is made and None is returned. Inside the caller's transaction.
    """
    changed = [
        (row, after)
        for row, wanted in edits
        if (after := {name: value for name, value in wanted.items() if getattr(row, name) != value})
    ]
    if not changed:
        return None
    changes = [
        Change(
            edition=edition,
            model=row._meta.label,
            object_id=row.pk,
            before={name: plain(getattr(row, name)) for name in after},
            after={name: plain(value) for name, value in after.items()},
            by=by,
            reason=reason,
        )
        for row, after in changed
    ]
    _let_go(changed)
    _store(changed)
    Change.objects.bulk_create(changes)
    return revision.advance(edition, races, changes)


def _store(edits: Iterable[Edit]) -> None:
    """Write the columns of rows and set them on the objects: one statement for all rows that get the same columns."""
    alike: dict[tuple[type[models.Model], tuple[str, ...]], list[Edit]] = {}
    for row, columns in edits:
        alike.setdefault((type(row), tuple(sorted(columns))), []).append((row, columns))
    for (model, names), group in alike.items():
        for row, columns in group:
            for name in names:
                setattr(row, name, columns[name])
        rows, first = [row for row, _columns in group], group[0][1]
        if all(columns == first for _row, columns in group):
            model._default_manager.filter(pk__in=[row.pk for row in rows]).update(**first)
        else:
            model._default_manager.bulk_update(rows, names)


def _let_go(edits: Sequence[Edit]) -> None:
    """Numbers that pass from one entry to another are let go of first: a bib is never on two, not even within a statement."""
    bibs = [(row, columns["bib"]) for row, columns in edits if isinstance(row, Entry) and "bib" in columns]
    wanted = {bib for row, bib in bibs if bib is not None and bib != row.bib}
    passed = [row.pk for row, bib in bibs if row.bib in wanted and bib != row.bib]
    if passed:
        Entry.objects.filter(pk__in=passed).update(bib=None)
