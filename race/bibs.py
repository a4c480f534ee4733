"""Bibs: a plan that is shown before it is carried out, and single numbers given, swapped or lost.

A plan writes nothing; `assign` carries out exactly the plan that was shown. After the freeze only single changes with a
reason are made. Whoever gives numbers locks the categories first, as everybody does who moves places.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

import orjson
from django.db import IntegrityError, transaction
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from race import bib_ranges, changes, log, names, numbering, places, regulations
from race.entry_rules import EntryRules
from race.models import Category, Edition, Entry, LogLine, User
from race.numbering import HIGHEST, Candidate, Span, Why
from race.refused import Refused

Order = Literal["entered", "name", "team", "seeded"]
ORDERS: tuple[str, ...] = get_args(Order)


@dataclass(frozen=True)
class Wanted:
    """How numbers are to be given: which categories (None: all), in which order, seeded entries first, teams together."""

    categories: tuple[int, ...] | None = None
    order: Order = "entered"
    teams_together: bool = True
    seeds: tuple[int, ...] = ()
    gap: int = 0


@dataclass(frozen=True)
class Row:
    """An entry and its number; `why`: kept, seeded, team, next."""

    entry: Entry
    bib: int
    why: Why


@dataclass(frozen=True)
class Problem:
    """What the plan cannot do, or what somebody should look at; `count` entries or numbers are concerned."""

    code: Literal["no_range", "range_full", "range_too_small", "outside_range"]
    category: Category
    count: int
    text: str


@dataclass(frozen=True)
class Plan:
    """Who would get which number. `digest` tells two plans apart: it covers every row and every problem."""

    edition: Edition
    wanted: Wanted
    rows: tuple[Row, ...]
    problems: tuple[Problem, ...]
    digest: str

    @property
    def new(self) -> list[Row]:
        """The rows of those who have no number yet."""
        return [row for row in self.rows if row.why != "kept"]


def plan(
    edition: Edition,
    categories: Iterable[Category] | None = None,
    order: Order = "entered",
    teams_together: bool = True,
    seeds: Sequence[int] = (),
    gap: int = 0,
) -> Plan:
    """Who would get which number; nothing is written. Four queries at any size.

    `seeds` are entries (their keys), the first one for the lowest number of its category; `gap` numbers are left free after
    each team. Numbers already given stay as they are.
    """
    chosen = None if categories is None else tuple(sorted(category.pk for category in categories))
    return planned(edition, Wanted(chosen, order, teams_together, tuple(seeds), gap))


def planned(edition: Edition, wanted: Wanted) -> Plan:
    """The plan for what is wanted."""
    every = list(Category.objects.filter(race__edition=edition).select_related("race").order_by("race", "code"))
    spans = bib_ranges.ranges(every)
    entries = Entry.objects.filter(edition=edition, state=Entry.State.CONFIRMED)
    entries = entries.select_related("rider", "team", "race", "category").order_by("created_at", "pk")
    of: dict[int, list[Entry]] = {}
    for entry in sorted(entries, key=_order(wanted.order)):
        of.setdefault(entry.category_id, []).append(entry)
    taken = bib_ranges.never(edition) | set(_alive(edition).values_list("bib", flat=True))
    rows: list[Row] = []
    problems: list[Problem] = []
    for category in every:
        if wanted.categories is None or category.pk in wanted.categories:
            made, found = _category(category, spans.get(category.pk), of.get(category.pk, []), taken, wanted)
            rows += made
            problems += found
            taken |= {row.bib for row in made}
    told: list[list[object]] = [[row.entry.pk, row.entry.category_id, row.bib, row.why] for row in rows]
    told += [[problem.code, problem.category.pk, problem.count] for problem in problems]
    return Plan(edition, wanted, tuple(rows), tuple(problems), hashlib.sha256(orjson.dumps(told)).hexdigest())


@transaction.atomic
def assign(shown: Plan, *, by: User | None) -> int:
    """Give the numbers of a plan, all of them or none; how many were new.

    Refused (`plan_is_stale`) where the same plan would be another one by now, and (`bibs_frozen`) after the freeze.
    """
    edition = shown.edition
    bib_ranges.lock(edition)
    if frozen_at(edition) is not None:
        raise Refused("bibs_frozen", _("The numbers are frozen: give single numbers, with a reason."))
    now = planned(edition, shown.wanted)
    if now.digest != shown.digest:
        raise Refused("plan_is_stale", _("Something has changed since this plan was made. Look at the new one."))
    _write(edition, [(row.entry, row.bib) for row in now.new], "bib_given", by=by)
    return len(now.new)


@transaction.atomic
def give(entry: Entry, bib: int, *, by: User | None, reason: str = "") -> None:
    """Give one entry this number, instead of the one it may have.

    Refused: `bib_taken`, `bib_reserved`, `bad_bib`, `not_confirmed`; after the freeze `reason_missing` without a reason.
    """
    (entry,) = places.lock([entry])
    _refuse(entry, reason)
    if entry.bib != bib:
        _refuse_number(entry.race.edition, bib)
        _write(entry.race.edition, [(entry, bib)], "bib_given", by=by, reason=reason)


@transaction.atomic
def swap(one: Entry, other: Entry, *, by: User | None, reason: str = "") -> None:
    """Two entries of an edition change numbers. The same refusals as for a single number."""
    if one.edition_id != other.edition_id:
        raise Refused("other_edition", _("The two are not of the same edition."))
    first, *second = places.lock([one, other])
    for entry in (first, *second):
        _refuse(entry, reason)
    if second and first.bib != second[0].bib:
        pair = [(first, second[0].bib), (second[0], first.bib)]
        _write(first.race.edition, pair, "bib_swapped", by=by, reason=reason)


@transaction.atomic
def free(entry: Entry, *, by: User | None, reason: str = "") -> None:
    """Take the number from an entry; somebody else may get it."""
    (entry,) = places.lock([entry])
    _refuse(entry, reason)
    if entry.bib is not None:
        _write(entry.race.edition, [(entry, None)], "bib_freed", by=by, reason=reason)


@transaction.atomic
def replace_lost(entry: Entry, *, by: User | None, reason: str, bib: int | None = None) -> int:
    """The number cloth is lost: the entry gets another number (the next of its range, or `bib`), the old one is never
    given again. Returns the new number."""
    (entry,) = places.lock([entry])
    _refuse(entry, reason)
    if not reason.strip():
        raise Refused("reason_missing", _("Say why: the reason stays with the change."))
    edition, old = entry.race.edition, entry.bib
    if old is None:
        raise Refused("no_bib", _("This entry has no number."))
    new = bib if bib is not None else next_free(entry.category)
    _refuse_number(edition, new)
    _write(edition, [(entry, new)], "bib_given", by=by, reason=reason)
    log.note(edition, bib_ranges.LOST, by=by, entry=entry, rider=entry.rider, bib=old, reason=reason)
    return new


@transaction.atomic
def freeze(edition: Edition, *, by: User | None) -> None:
    """From now on only single numbers are changed, each with a reason. A second freeze changes nothing."""
    if Edition.objects.filter(pk=edition.pk, bibs_frozen_at=None).update(bibs_frozen_at=timezone.now()):
        log.note(edition, "bibs_frozen", by=by)


@transaction.atomic
def unfreeze(edition: Edition, *, by: User | None, reason: str) -> None:
    """Numbers can be given by plan again. Refused (`reason_missing`) without a reason."""
    if not reason.strip():
        raise Refused("reason_missing", _("Say why: the reason stays with the change."))
    if Edition.objects.filter(pk=edition.pk, bibs_frozen_at__isnull=False).update(bibs_frozen_at=None):
        log.note(edition, "bibs_unfrozen", by=by, reason=reason)


def frozen_at(edition: Edition) -> datetime | None:
    """When the numbers were frozen; None while they are not."""
    return Edition.objects.values_list("bibs_frozen_at", flat=True).get(pk=edition.pk)


def freeze_due(edition: Edition, now: datetime | None = None) -> bool:
    """Whether the day has come on which the regulations freeze the numbers."""
    days = EntryRules.of(edition.entry_rules).bibs_frozen_days_before
    return (now or timezone.now()) >= regulations.days_before(edition, days)


def next_free(category: Category) -> int:
    """The lowest number of a category that may be given. Refused (`range_full`) where there is none."""
    edition = category.race.edition
    span = bib_ranges.ranges(Category.objects.filter(race__edition=edition)).get(category.pk)
    taken = bib_ranges.never(edition) | set(_alive(edition).values_list("bib", flat=True))
    found = next((bib for bib in span.numbers(taken)), None) if span else None
    if found is None:
        raise Refused("range_full", _("No number of %(category)s is left.") % {"category": category.name})
    return found


def _alive(edition: Edition) -> Any:
    return Entry.objects.filter(edition=edition, bib__isnull=False, state__in=Entry.ALIVE)


def _order(order: Order) -> Any:
    """What entries are sorted by; they come in the order in which they were entered."""
    if order == "name":
        return lambda entry: (entry.rider.sort_key, entry.pk)
    if order == "team":
        return lambda entry: (
            entry.team is None,
            entry.team.name_zh if entry.team else "",
            entry.rider.sort_key,
            entry.pk,
        )
    return lambda entry: 0


def _category(
    category: Category, span: Span | None, entries: list[Entry], taken: set[int], wanted: Wanted
) -> tuple[list[Row], list[Problem]]:
    """The rows of one category and what is wrong with it."""
    by_key = {entry.pk: entry for entry in entries}
    candidates = [Candidate(entry.pk, entry.team_id, entry.bib) for entry in entries]
    given = numbering.number(
        candidates, span.numbers(taken) if span else [], seeds=wanted.seeds, gap=wanted.gap,
        teams_together=wanted.teams_together,
    )  # fmt: skip
    rows = [Row(by_key[key], bib, why) for key, bib, why in given]
    return rows, _problems(category, span, rows, len(entries) - len(rows), taken)


def _problems(category: Category, span: Span | None, rows: list[Row], without: int, taken: set[int]) -> list[Problem]:
    told = {"category": category.name, "count": without}
    if span is None:
        text = _("%(category)s has no range of numbers: %(count)d riders stay without one.") % told
        return [Problem("no_range", category, without, text)] if without else []
    found = []
    if without:
        text = _("The range of %(category)s is full: %(count)d riders stay without a number.") % told
        found.append(Problem("range_full", category, without, text))
    own = {row.bib for row in rows}
    room = len(span.numbers(taken - own))
    if room < category.capacity:
        told |= {"capacity": category.capacity, "room": room}
        text = _("%(category)s has %(capacity)d places but only %(room)d numbers.") % told
        found.append(Problem("range_too_small", category, category.capacity - room, text))
    outside = [bib for bib in own if not span.first <= bib <= (span.last or HIGHEST)]
    if outside:
        told["bibs"] = ", ".join(map(str, sorted(outside)[:12]))
        text = _("Outside the range of %(category)s, and kept: %(bibs)s.") % told
        found.append(Problem("outside_range", category, len(outside), text))
    return found


def _refuse(entry: Entry, reason: str) -> None:
    if entry.state != Entry.State.CONFIRMED:
        raise Refused("not_confirmed", _("Only a confirmed entry has a number."))
    if frozen_at(entry.race.edition) is not None and not reason.strip():
        raise Refused("reason_missing", _("The numbers are frozen: say why this one changes."))


def _refuse_number(edition: Edition, bib: int) -> None:
    if not 1 <= bib <= HIGHEST:
        raise Refused("bad_bib", _("A number is between 1 and %(highest)d.") % {"highest": HIGHEST})
    if bib in bib_ranges.never(edition):
        raise Refused("bib_reserved", _("Number %(bib)d is kept back and not given to anybody.") % {"bib": bib})
    holder = _alive(edition).filter(bib=bib).select_related("rider").first()
    if holder is not None:
        raise Refused("bib_taken", _("Number %(bib)d is with %(rider)s.") % {"bib": bib, "rider": holder.rider})


def _write(
    edition: Edition, given: Sequence[tuple[Entry, int | None]], what: str, *, by: User | None, reason: str = ""
) -> None:
    """Write numbers, and a line of the log for each entry; the same number of statements for one and for 1,200."""
    lines = [
        LogLine(
            edition=edition, what=what, entry=entry, rider_id=entry.rider_id, registration_id=entry.registration_id,
            by=by, details={"bib": bib, "was": entry.bib} | ({"reason": reason} if reason else {}),
        )
        for entry, bib in given
    ]  # fmt: skip
    try:
        with transaction.atomic():
            changes.write(edition, [(entry, {"bib": bib}) for entry, bib in given], by=by, reason=reason)
    except IntegrityError as problem:
        if "bib_once" not in str(problem):
            raise
        raise Refused("bib_taken", _("One of the numbers was given to somebody else just now.")) from problem
    LogLine.objects.bulk_create(lines)


@dataclass(frozen=True)
class State:
    """Where a category stands with its numbers. `left`: how many may still be given; None without a range."""

    category: Category
    span: Span | None
    confirmed: int
    numbered: int
    left: int | None

    @property
    def without(self) -> int:
        """Confirmed entries that have no number."""
        return self.confirmed - self.numbered


def overview(edition: Edition) -> list[State]:
    """Every category of the edition, in the order of the programme. Four queries at any size."""
    confirmed = Q(entries__state=Entry.State.CONFIRMED)
    categories = Category.objects.filter(race__edition=edition).select_related("race__edition")
    every = list(
        categories.annotate(
            confirmed=Count("entries", filter=confirmed),
            numbered=Count("entries", filter=confirmed & Q(entries__bib__isnull=False)),
        ).order_by("race__day", "race__order", "race__slug", "code")
    )
    spans = bib_ranges.ranges(every)
    taken = bib_ranges.never(edition) | set(_alive(edition).values_list("bib", flat=True))
    return [
        State(
            category, spans.get(category.pk), category.confirmed, category.numbered,
            len(spans[category.pk].numbers(taken)) if category.pk in spans else None,
        )
        for category in every
    ]  # fmt: skip


def find_seeds(edition: Edition, lines: Iterable[str]) -> tuple[list[int], list[str]]:
    """Entries of the riders named, one a line by name or UCI ID, in that order; and the lines that name nobody, or several.

    A rider of two races is seeded in both. One query.
    """
    entries = (
        Entry.objects.filter(edition=edition, state=Entry.State.CONFIRMED).select_related("rider").order_by("day", "pk")
    )
    by_key: dict[str, dict[int, list[int]]] = {}
    for entry in entries:
        rider = entry.rider
        for key in {rider.uci_id, *(names.query_key(name) for name in (rider.name_zh, rider.latin, rider.sort_key))} - {
            ""
        }:
            by_key.setdefault(key, {}).setdefault(entry.rider_id, []).append(entry.pk)
    found: list[int] = []
    unclear: list[str] = []
    for line in filter(None, map(str.strip, lines)):
        riders = by_key.get(names.query_key(line), {})
        if len(riders) == 1:
            found += next(iter(riders.values()))
        else:
            unclear.append(line)
    return list(dict.fromkeys(found)), unclear
