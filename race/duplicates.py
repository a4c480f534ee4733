"""One person who is there twice: found by queries, shown side by side, merged with a log that can be undone.

Nobody is merged by a machine: a document's number may be mistyped, two people may share a phone.

`Rider.merged_into` is always the rider that is kept in the end: whoever was merged into one that is merged itself goes along
(A into B, B into C: both point to C), so one step from any row finds who counts. The log keeps who was merged into whom.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from race import log, papers
from race.models import Document, Edition, Entry, LogLine, Message, PrivateLink, Rider, User
from race.refused import Refused

DOCUMENT, BORN, PHONE = "document", "born", "phone"
MERGED, UNMERGED, TWO_PEOPLE = "merged", "unmerged", "two_people"

# Three joins on equal columns, each by a hash or a sort, never everybody against everybody.
PAIRS = """
WITH person AS (
    SELECT rider.* FROM race_rider rider
     WHERE rider.merged_into_id IS NULL AND rider.erased_at IS NULL
       AND rider.id IN (SELECT entry.rider_id FROM race_entry entry WHERE entry.edition_id = %(edition)s)
), pair AS (
    SELECT one.id AS one, other.id AS other, 1 AS surest FROM person one JOIN person other
        ON one.identity_hash = other.identity_hash AND one.id < other.id
    UNION ALL
    SELECT one.id, other.id, 2 FROM person one JOIN person other
        ON one.sort_key = other.sort_key AND one.birth_date = other.birth_date AND one.id < other.id
     WHERE one.sort_key <> ''
    UNION ALL
    SELECT one.id, other.id, 3 FROM person one JOIN person other
        ON one.phone_hash = other.phone_hash AND one.id < other.id
     WHERE one.phone_hash <> '' AND (
        (one.name_zh <> '' AND one.name_zh = other.name_zh) OR one.sort_key = other.sort_key
        OR (lower(one.surname_latin) = lower(other.surname_latin)
            AND left(lower(one.given_latin), 2) = left(lower(other.given_latin), 2) AND one.given_latin <> ''))
)
SELECT pair.one, pair.other, array_agg(DISTINCT pair.surest ORDER BY pair.surest)
  FROM pair
 WHERE NOT EXISTS (
    SELECT 1 FROM race_logline line WHERE line.what = 'two_people' AND line.rider_id = pair.one
       AND (line.details ->> 'other')::bigint = pair.other)
 GROUP BY pair.one, pair.other
"""
WHY = {1: DOCUMENT, 2: BORN, 3: PHONE}


@dataclass(frozen=True)
class Pair:
    """Two riders who may be one person; `why`: document, born (same name and birth date), phone (with a like name)."""

    one: Rider
    other: Rider
    why: tuple[str, ...]


def count(edition: Edition) -> int:
    """How many pairs there are. One query."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({PAIRS}) found", {"edition": edition.pk})
        return int(cursor.fetchone()[0])


def pairs(edition: Edition, limit: int = 100) -> list[Pair]:
    """Pairs of riders of an edition who may be the same, the surest first, with their entries. Three queries."""
    ordered = f"{PAIRS} ORDER BY min(pair.surest), pair.one, pair.other LIMIT %(limit)s"
    with connection.cursor() as cursor:
        cursor.execute(ordered, {"edition": edition.pk, "limit": limit})
        rows = cursor.fetchall()
    keys = {key for one, other, _why in rows for key in (one, other)}
    riders = Rider.objects.prefetch_related("entries__category", "entries__race").in_bulk(keys)
    return [Pair(riders[one], riders[other], tuple(WHY[number] for number in why)) for one, other, why in rows]


@transaction.atomic
def merge(keep: Rider, other: Rider, *, by: User, reason: str) -> LogLine:
    """`other` was `keep` all along: entries, papers, links and messages move to the one that is kept.

    What `other` signed is evidence and stays where it was signed; it counts for `keep` (`race.waivers`). Of two papers of
    one kind the better one counts, as if it had been sent last.
    The log says what moved, so that `unmerge` can put it back. Refused: `same_rider`, `already_merged`, `reason_missing`,
    and `both_entered` while both have a living entry on one day: one of the two has to be withdrawn first.
    """
    if not reason.strip():
        raise Refused("reason_missing", _("Say why: the reason stays with the change."))
    _one_at_a_time()
    keep, other = _both(keep, other)
    mine = Entry.objects.select_for_update(no_key=True, of=("self",)).filter(rider__in=(keep, other)).order_by("pk")
    entries = list(mine.select_related("edition"))
    if not entries:
        raise Refused("already_merged", _("One of the two has no entry."))
    _refuse_two_on_a_day(entries)
    moved: dict[str, Any] = {name: _move(model, other, keep) for name, model in MOVING.items()}
    moved["links"], moved["revoked"] = _move_links(other, keep)
    moved["replaced"] = papers.keep_best(keep)
    moved["entries"] = [entry.pk for entry in entries if entry.rider_id == other.pk]
    try:
        Entry.objects.filter(pk__in=moved["entries"]).update(
            rider=keep, identity_hash=keep.identity_hash, identity_key_version=keep.identity_key_version
        )
    except IntegrityError as problem:
        raise _both_entered() from problem
    Rider.objects.filter(Q(pk=other.pk) | Q(merged_into=other)).update(merged_into=keep)
    line = moved | {"keep": keep.pk, "reason": reason.strip()[:200]}
    log.note(entries[0].edition, "merged_with", by=by, rider=keep, other=other.pk)
    return log.note(entries[0].edition, MERGED, by=by, rider=other, **line)


@transaction.atomic
def unmerge(other: Rider, *, by: User, reason: str) -> None:
    """The two are two people after all: what the merge moved goes back, with whoever had been merged into `other` before.

    Refused (`not_merged`) where there was none, and (`already_merged`) once the rider was forgotten.
    """
    if not reason.strip():
        raise Refused("reason_missing", _("Say why: the reason stays with the change."))
    _one_at_a_time()
    other = Rider.objects.select_for_update().get(pk=other.pk)
    line = LogLine.objects.filter(what=MERGED, rider=other).order_by("pk").last()
    if other.merged_into_id is None or line is None:
        raise Refused("not_merged", _("This rider was not merged with another."))
    if other.erased_at is not None:
        raise _already_merged()
    kept, moved = other.merged_into_id, line.details
    for name, model in MOVING.items():
        model.objects.filter(pk__in=moved[name], rider=kept).update(rider=other)
    _papers_again(kept, other.pk)
    PrivateLink.objects.filter(pk__in=moved["links"], rider=kept).update(rider=other)
    PrivateLink.objects.filter(pk__in=moved["revoked"], rider=other).update(revoked_at=None)
    Entry.objects.filter(pk__in=moved["entries"], rider=kept).update(
        rider=other, identity_hash=other.identity_hash, identity_key_version=other.identity_key_version
    )
    Rider.objects.filter(pk__in=_came_by(other, kept)).update(merged_into=other)
    Rider.objects.filter(pk=other.pk).update(merged_into=None)
    assert line.edition is not None
    log.note(line.edition, UNMERGED, by=by, rider=other, keep=moved["keep"], reason=reason.strip()[:200])


@transaction.atomic
def two_people(edition: Edition, one: Rider, other: Rider, *, by: User) -> None:
    """The office has looked: these are two people, and the pair is not shown again."""
    first, second = sorted((one.pk, other.pk))
    known = LogLine.objects.filter(what=TWO_PEOPLE, rider=first, details__other=second)
    if not known.exists():
        log.note(edition, TWO_PEOPLE, by=by, rider=Rider.objects.get(pk=first), other=second)


#: What follows a rider, beside entries and links.
MOVING: dict[str, Any] = {"documents": Document, "messages": Message}


def _one_at_a_time() -> None:
    """Merges and their undoing wait for each other until the commit: each finds everybody where the last one left them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('race.duplicates'))")


def _papers_again(*riders: int) -> None:
    """What merges had replaced among the papers of these riders counts again where nothing better is left."""
    gone = Document.objects.filter(rider__in=riders, state=Document.State.REPLACED).values_list("pk", flat=True)
    lines = LogLine.objects.filter(what=MERGED, details__replaced__has_any_keys=[str(pk) for pk in gone])
    was: dict[str, str] = {}
    for replaced in lines.order_by("pk").values_list("details__replaced", flat=True):
        was |= replaced
    papers.living_again(riders, {int(pk): state for pk, state in was.items()})


def _came_by(other: Rider, kept: int) -> set[int]:
    """Who was merged into `other`, at once or by way of another, and so into `kept`."""
    along = Rider.objects.filter(merged_into=kept).values("pk")
    lines = LogLine.objects.filter(what=MERGED, rider__in=along).order_by("pk")
    into = {line.rider_id: line.details["keep"] for line in lines if line.rider_id}  # the last merge of each
    found: set[int] = set()
    while more := {rider for rider, keep in into.items() if keep in found | {other.pk}} - found:
        found |= more
    return found


def _both(keep: Rider, other: Rider) -> tuple[Rider, Rider]:
    """The two as they are now, locked in one order."""
    if keep.pk == other.pk:
        raise Refused("same_rider", _("This is one and the same rider."))
    rows = Rider.objects.select_for_update().filter(pk__in=(keep.pk, other.pk)).order_by("pk")
    found = {rider.pk: rider for rider in rows}
    keep, other = found[keep.pk], found[other.pk]
    if keep.merged_into_id or other.merged_into_id or keep.erased_at or other.erased_at:
        raise _already_merged()
    return keep, other


def _already_merged() -> Refused:
    return Refused("already_merged", _("One of the two is merged or forgotten already."))


def _refuse_two_on_a_day(entries: list[Entry]) -> None:
    days: dict[tuple[int, Any], set[int]] = {}
    for entry in entries:
        if entry.state in Entry.ALIVE:
            days.setdefault((entry.edition_id, entry.day), set()).add(entry.rider_id)
    if any(len(riders) > 1 for riders in days.values()):
        raise _both_entered()


def _both_entered() -> Refused:
    return Refused("both_entered", _("Both are entered for the same day. Withdraw one of the two entries first."))


def _move(model: Any, other: Rider, keep: Rider) -> list[int]:
    rows = model.objects.filter(rider=other)
    moved = list(rows.order_by("pk").values_list("pk", flat=True))
    rows.update(rider=keep)
    return moved


def _move_links(other: Rider, keep: Rider) -> tuple[list[int], list[int]]:
    """Links move too; where both have one to the same registration the other's is closed instead."""
    mine = PrivateLink.objects.filter(rider=keep, revoked_at=None).values("registration")
    double = PrivateLink.objects.filter(rider=other, revoked_at=None, registration__in=mine)
    closed = list(double.order_by("pk").values_list("pk", flat=True))
    PrivateLink.objects.filter(pk__in=closed).update(revoked_at=timezone.now())
    moved = PrivateLink.objects.filter(rider=other).exclude(pk__in=closed)
    keys = list(moved.order_by("pk").values_list("pk", flat=True))
    PrivateLink.objects.filter(pk__in=keys).update(rider=keep)
    return keys, closed
