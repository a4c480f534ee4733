"""Ticks of the sign-on desks arrive, perhaps hours after they were made: each counts once, and the first to arrive wins.

A batch is one transaction, and the batches of an edition wait for each other: so the numbers of the ticks are in the order of
their commits, and "everything after number N" misses nothing. Whatever is refused is kept with its outcome as well.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from race import changes, clock, desk_roster, ledger, regulations, transponders
from race.desk_ticks import Desk, Event, slot_of
from race.models import Acceptance, Assignment, DeskTick, Edition, Entry, LedgerLine, Transponder, User

MOST = 500
Answers = list[dict[str, Any]]


@transaction.atomic
def take(edition: Edition, events: Sequence[Event], *, by: User | None, roles: Collection[str]) -> Answers:
    """Take in a batch; an answer for each event, in order: its key, its outcome and what a person needs to resolve it.

    An event whose key is known answers `known` where it counted, and as it did the first time where it did not.
    """
    version = regulations.current(edition)
    _one_at_a_time(edition)
    known = {tick.key: tick.outcome for tick in DeskTick.objects.filter(key__in=[event.key for event in events])}
    desk = _opened(edition, events, by, frozenset(roles), version)
    answers, ticks = [], []
    for event in events:
        if event.key in known:
            outcome = "known" if known[event.key] == "done" else known[event.key]
        else:
            known[event.key] = outcome = desk.judge(event)
            ticks.append((event, outcome))
        told = desk.told(outcome, event) if event.entry in desk.entries else {}
        answers.append({"key": str(event.key), "outcome": outcome, **told})
    _write(desk, ticks)
    return answers


def since(edition: Edition, cursor: int) -> dict[str, Any]:
    """What other desks did after a number: the rows of the riders it concerns as they are now, and the next number."""
    newest = desk_roster.newest_tick(edition)
    later = DeskTick.objects.filter(edition=edition, pk__gt=cursor, pk__lte=newest, outcome="done")
    keys = set(later.values_list("entry", flat=True)) if newest > cursor else set()
    rows = desk_roster.rows(edition, keys) if keys else []
    return {"cursor": newest, "rows": rows, **desk_roster.instants(edition)}


def _one_at_a_time(edition: Edition) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('race.desk_sync'), %s)", [edition.pk])


def _opened(edition: Edition, events: Sequence[Event], by: User | None, roles: frozenset[str], version: Any) -> Desk:
    """The entries of a batch, locked, and the chips it speaks of with who has them, locked too."""
    keys = sorted({event.entry for event in events})
    list(Entry.objects.select_for_update().filter(edition=edition, pk__in=keys).order_by("pk"))
    codes = {transponders.normal(event.value) for event in events if event.item.startswith("chip")}
    spoken = Q(code__in=codes) | Q(assignments__entry__in=keys)
    chips = set(Transponder.objects.filter(spoken, edition=edition).values_list("pk", flat=True))
    list(Transponder.objects.select_for_update().filter(pk__in=chips).order_by("pk"))
    held = Assignment.objects.filter(transponder__in=chips, during__upper_inf=True)
    entries = desk_roster.confirmed(edition, keys)
    return Desk(
        facts=desk_roster.gather(edition, entries, version=version),
        entries={entry.pk: entry for entry in entries},
        holders={one.transponder.code: one for one in held.select_related("transponder", "entry__race")},
        now=clock.now(edition), by=by, roles=roles, handed=desk_roster.handed(edition, codes),
    )  # fmt: skip


def _write(desk: Desk, ticks: Sequence[tuple[Event, str]]) -> None:
    """Everything a batch did, in a fixed number of statements but for money and for chips that change hands."""
    _write_ticks(desk, ticks)
    Acceptance.objects.bulk_create(
        one for signed in desk.facts.signed.values() for one in signed if one.pk is None
    )  # fmt: skip
    for event in desk.money:
        _book(desk, event)
    ends = {held.pk: _end_chip(desk, event, held) for event, held in desk.ended}
    if desk.given:
        used = _used(desk)
        hand_outs = [
            (desk.entries[event.entry], code, _start(event, used.get(code), ends), None) for event, code in desk.given
        ]
        transponders.hand_out(desk.facts.edition, hand_outs, by=desk.by)
    by_reason: dict[str, list[tuple[Entry, dict[str, bool]]]] = defaultdict(list)
    for key, entry in desk.entries.items():
        if desk.here[key] != entry.signed_on:
            by_reason[desk.reasons.get(key, "")].append((entry, {"signed_on": desk.here[key]}))
    for reason, edits in by_reason.items():
        changes.write(desk.facts.edition, edits, by=desk.by, reason=reason)


def _write_ticks(desk: Desk, ticks: Iterable[tuple[Event, str]]) -> None:
    edition, by = desk.facts.edition, desk.by
    made = []
    for event, outcome in ticks:
        if event.entry in desk.entries:
            item = "chip" if slot_of(event) == "chip" and outcome == "done" else event.item
            value = transponders.normal(event.value) if item == "chip" and event.value != "off" else event.value
            made.append(_tick(edition, event, event.key, event.entry, item, value, outcome, by))
    for event, held in desk.ended:
        if held.entry_id != event.entry:  # the rider it was taken from learns it at every desk
            key = uuid.uuid5(event.key, "taken")
            made.append(_tick(edition, event, key, held.entry_id, "chip", "off", "done", by))
    DeskTick.objects.bulk_create(made)


def _tick(
    edition: Edition, event: Event, key: uuid.UUID, entry: int, item: str, value: str, outcome: str, by: User | None
) -> DeskTick:
    return DeskTick(
        edition=edition, key=key, entry_id=entry, item=item, value=value, reason=event.reason, desk=event.desk, at=event.at,
        outcome=outcome, by=by,
    )  # fmt: skip


def _book(desk: Desk, event: Event) -> None:
    """Money taken or given back at the desk, as a line of the ledger."""
    entry, edition, rules = desk.entries[event.entry], desk.facts.edition, desk.facts.rules
    note = f"desk {event.desk}".strip()
    if event.item == "cash":
        entry.paid_fen = entry.fee_fen - int(event.value)
        ledger.book(edition, LedgerLine.Kind.FEE, "cash", int(event.value), entry=entry, note=note, by=desk.by)
    elif event.value == "off":
        for chip, fen in ledger.deposits_of(entry).items():
            ledger.book(
                edition,
                LedgerLine.Kind.DEPOSIT_BACK,
                "cash",
                -fen,
                entry=entry,
                transponder=chip,
                note=note,
                by=desk.by,
            )
    else:
        ledger.book(
            edition, LedgerLine.Kind.DEPOSIT, event.value, rules.chip_deposit_fen, entry=entry, note=note, by=desk.by
        )


def _end_chip(desk: Desk, event: Event, held: Assignment) -> datetime:
    """The chip leaves whoever had it, not before it was handed to them; when."""
    at = event.at
    if held.during.lower is not None and held.during.lower >= at:
        at = held.during.lower + timedelta(microseconds=1)
    transponders.take_back(held, at, by=desk.by, reason=event.reason or f"sign-on desk {event.desk}".strip())
    return at


def _used(desk: Desk) -> dict[str, tuple[int, datetime | None]]:
    """Chips of the batch that were with somebody before: the last assignment and when it ended."""
    codes = [code for _event, code in desk.given]
    before = Assignment.objects.filter(edition=desk.facts.edition, transponder__code__in=codes)
    return {
        code: (key, during.upper)
        for code, key, during in before.order_by("pk").values_list("transponder__code", "pk", "during")
    }


def _start(event: Event, last: tuple[int, datetime | None] | None, ends: dict[int, datetime]) -> datetime | None:
    """From when the chip is with its new rider: always, for one that nobody had; else from the hand-out on.

    One that the office handed out while this batch was judged has no end yet: the hand-out is then refused as a whole, and
    the desk's next try is told whose the chip is.
    """
    if last is None:
        return None
    end = ends.get(last[0], last[1])
    return max(event.at, end) if end else event.at
