"""What machines tell of themselves: kept as the newest `Status` of their source, and where a protocol is built on it, applied.

A reader of JChip answers "what time is it?" when it connects, and the times of its reads are meant to be corrected by that
answer. So the answer becomes a clock offset of the source, with the answer as its evidence: a fact as one that a person
sets, and gone with the next that a person sets. Every other make promises the venue's time; how far it is off is shown, and
a person decides.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from race import clock
from race.models import Edition
from timing import sources
from timing.clocks import Clock, instant, microseconds
from timing.decoders.model import State
from timing.decoders.wall_clock import local_text
from timing.models import Channel, ClockOffset, Delivery, Pending, Read, Source, Status

#: Closer than this a new answer says the same as the one before: the way to us takes as long. Times a rehearsal's speed.
SAME_US = 100_000
_UPSERT = (
    "INSERT INTO timing_status (source_id, at, battery, mains, queue, clock_us, said) SELECT * FROM unnest("
    "%s::bigint[], %s::timestamptz[], %s::int[], %s::boolean[], %s::int[], %s::bigint[], %s::jsonb[])"
    " ON CONFLICT (source_id) DO UPDATE SET at = EXCLUDED.at, said = timing_status.said || EXCLUDED.said,"
    " battery = coalesce(EXCLUDED.battery, timing_status.battery), mains = coalesce(EXCLUDED.mains, timing_status.mains),"
    " queue = coalesce(EXCLUDED.queue, timing_status.queue),"
    " clock_us = coalesce(EXCLUDED.clock_us, timing_status.clock_us) WHERE timing_status.at <= EXCLUDED.at"
)


class Told(NamedTuple):
    """A state, of which source it is, and when we heard it (real time)."""

    state: State
    source: Source
    heard_at: datetime


def _heard_at(options: Mapping[str, Any], received_at: datetime, file: bool) -> datetime | None:
    """When the machine said it: as the line wrote down, else when the delivery came; None: nobody knows, it is a file."""
    if said := options.get("heard_at"):
        return datetime.fromisoformat(said)
    return None if file else received_at


def note(channel: Channel, said: Mapping[Pending, Sequence[State]], known: Mapping[str, Source]) -> list[ClockOffset]:
    """Keep what machines told in deliveries of a channel, and make the offsets of those whose reads mean nothing without.

    `known`: the sources by name. The offsets are written; the caller gives them their revision.
    """
    return _keep(channel.edition, _told(channel, said, known))


def _told(channel: Channel, said: Mapping[Pending, Sequence[State]], known: Mapping[str, Source]) -> list[Told]:
    """What was told of sources that the channel may speak for, and when."""
    if not any(said.values()):
        return []
    allowed = {source.pk for source in channel.sources.all()}
    came = {row.pk: row for row in Delivery.objects.filter(pk__in=[one.pk for one in said]).defer("body")}
    nameless = any(not state.source for states in said.values() for state in states)
    line = _of_line(channel, {row.options.get("source", "") for row in came.values()}) if nameless else None
    found = []
    for pending, states in said.items():
        row = came[pending.pk]
        at = _heard_at(row.options, row.received_at, pending.file)
        for state in states if at else ():
            source = known.get(state.source) if state.source else line
            if at and source and (not allowed or source.pk in allowed):
                found.append(Told(state, source, at))
    return found


def _of_line(channel: Channel, names: Collection[str]) -> Source | None:
    """The source of a machine that does not say which it is: the only one of its channel, else that of its newest read,
    else the one that its deliveries were said to be of."""
    only = list(channel.sources.all())
    if len(only) == 1:
        return only[0]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT i.id FROM timing_ingestion i JOIN timing_delivery d ON d.id = i.delivery_id"
            " WHERE d.channel_id = %s AND i.new > 0 ORDER BY i.id DESC LIMIT 1",
            [channel.pk],
        )
        newest = cursor.fetchone()
    read = Read.objects.filter(ingestion=newest[0]).select_related("source").first() if newest else None
    return read.source if read else Source.objects.filter(edition=channel.edition, name__in=names).first()


def _keep(edition: Edition, told: Sequence[Told]) -> list[ClockOffset]:
    """One row a source, in one statement; and the offsets."""
    if not told:
        return []
    in_order = sorted(told, key=lambda one: one.heard_at)
    offsets = _offsets(edition, [one for one in in_order if one.state.relative and one.state.local_us is not None])
    rows: dict[int, list[Any]] = {}
    for one in in_order:
        state, ahead = one.state, _ahead_us(edition, one)
        row = rows.setdefault(one.source.pk, [one.source.pk, one.heard_at, None, None, None, None, {}])
        newer = (one.heard_at, state.battery, state.mains, state.queue, ahead)
        row[1:6] = [old if new is None else new for old, new in zip(row[1:6], newer, strict=True)]
        row[6] |= dict(state.said)
        if state.local_us is not None:
            row[6] |= {"reader_time": local_text(state.local_us), "clock_at": one.heard_at.isoformat()}
    for offset in offsets:
        rows[offset.source_id][6]["offset"] = offset.pk
    columns = [list(column) for column in zip(*(rows[pk] for pk in sorted(rows)), strict=True)]
    columns[6] = [json.dumps(said) for said in columns[6]]
    with connection.cursor() as cursor:
        cursor.execute(_UPSERT, columns)
    return offsets


def _ahead_us(edition: Edition, one: Told) -> int | None:
    """How far the machine's clock is ahead of event time: positive where it writes later times."""
    local_us = one.state.local_us
    if local_us is None:
        return None
    now = microseconds(clock.now(edition, one.heard_at))
    ahead = Clock(one.source.zone, []).true_us(local_us) - now
    return min(ahead, local_us - now, key=abs) if one.state.or_utc else ahead


def _offsets(edition: Edition, told: Sequence[Told]) -> list[ClockOffset]:
    """The offsets to be made, already written: none where a person has said one, none where the answer says the same."""
    of = {one.source.pk for one in told}
    ours = {row.source_id: row.said.get("offset") for row in Status.objects.filter(source__in=of)} if of else {}
    last = {row.source_id: row for row in ClockOffset.objects.filter(source__in=of).order_by("pk")} if of else {}
    made: list[ClockOffset] = []
    for one in told:
        pk, ahead, before = one.source.pk, _ahead_us(edition, one), last.get(one.source.pk)
        if ahead is None or (before is not None and before.pk not in (None, ours.get(pk))):
            continue
        part = clock.segment(edition, one.heard_at)
        same = SAME_US * max(1, round(part["speed"]) if part else 1)
        if abs(-ahead - (before.offset_us if before else 0)) >= same:
            last[pk] = _offset(edition, one, ahead, first=before is None)
            made.append(last[pk])
    return ClockOffset.objects.bulk_create(made)


def _offset(edition: Edition, one: Told, ahead_us: int, *, first: bool) -> ClockOffset:
    """The first holds from the beginning; a later one from the moment on at which the reader called again."""
    now = clock.now(edition, one.heard_at)
    assert one.state.local_us is not None
    shown = local_text(one.state.local_us).replace("T", " ")
    evidence = f"GT {shown} = {instant(microseconds(now) // 1000 * 1000).isoformat(timespec='milliseconds')}"
    return ClockOffset(
        edition=edition, source=one.source, since=None if first else now, offset_us=-ahead_us, evidence=evidence
    )


def races(offsets: Sequence[ClockOffset]) -> list[int]:
    """The races whose boards the offsets move."""
    return sources.races_at(*(offset.source.point for offset in offsets))
