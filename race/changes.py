"""How something that can change a board is edited: narrowly, with what it was before."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import models
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from race import revision
from race.models import Change, Edition, Entry, Race, User

#: Columns of an entry that can change a board. The rest (a hold's end, a pass) is nobody's business but the office's.
RECORDED = {"bib", "category_id", "race_id", "team_id", "state", "signed_on", "ranked"}


def write(
    edition: Edition,
    edits: Iterable[tuple[Entry, Mapping[str, Any]]],
    *,
    by: User | None,
    reason: str = "",
) -> int | None:
    """Edit entries (with their `race` loaded), whether the start list is published or not; the revision, or None.

    Facts begin when a start list is published: before that the columns are only written, after it each change of what can
    change a board is recorded. Inside the caller's transaction.
    """
    facts: list[tuple[models.Model, Mapping[str, Any]]] = []
    for entry, wanted in edits:
        recorded = {name: value for name, value in wanted.items() if name in RECORDED and entry.race.published_at}
        silent = {name: value for name, value in wanted.items() if name not in recorded}
        if silent:
            Entry.objects.filter(pk=entry.pk).update(**silent)
            for name, value in silent.items():
                setattr(entry, name, value)
        if recorded:
            facts.append((entry, recorded))
    races = {entry.race_id for entry, _columns in facts if isinstance(entry, Entry)}
    return edit(edition, races, facts, by=by, reason=reason) if facts else None


def plain(value: Any) -> Any:
    """A column's value as it can stand in JSON; a range becomes its two ends."""
    if isinstance(value, DateTimeTZRange):
        return [value.lower, value.upper]
    return value


def edit(
    edition: Edition,
    races: Iterable[Race | int],
    edits: Iterable[tuple[models.Model, Mapping[str, Any]]],
    *,
    by: User | None,
    reason: str = "",
) -> int | None:
    """Write the given columns of rows, record each as a `Change` and advance the revision once for all of them.

    Columns are attribute names (`team_id`, not `team`) and never hold identity data. What is already so is left alone;
    if nothing changes at all, no revision is made and None is returned. Inside the caller's transaction.
    """
    changes: list[Change] = []
    for row, wanted in edits:
        after = {name: value for name, value in wanted.items() if getattr(row, name) != value}
        if not after:
            continue
        before = {name: plain(getattr(row, name)) for name in after}
        type(row)._default_manager.filter(pk=row.pk).update(**after)
        for name, value in after.items():
            setattr(row, name, value)
        changes.append(
            Change(
                edition=edition,
                model=row._meta.label,
                object_id=row.pk,
                before=before,
                after={name: plain(value) for name, value in after.items()},
                by=by,
                reason=reason,
            )
        )
    if not changes:
        return None
    Change.objects.bulk_create(changes)
    return revision.advance(edition, races, changes)
