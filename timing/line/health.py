"""How every source of an edition is, in a constant number of queries.

Ages are event time: what is 40 seconds at the road is 40 seconds here, also at a rehearsal that runs thirty times as fast.
Our own machines need real time, though: no age raises or ends anything before it is `REAL_FLOOR_S` real seconds, too.

| state | means |
|---|---|
| unmapped | nobody has said where it stands: kept, and counting nowhere |
| silent | its line is lost, or the point's other source sees riders while this one sees none |
| slow | it misses some riders, or holds reads back |
| ok | something came within a minute; `fresh` in words within ten seconds, else `in order` |
| idle | nothing came, and nothing had to |
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Count, Max, Min
from django.utils import timezone

from race import clock
from race.models import Assignment, Edition
from timing import clocks, heartbeat, offsets
from timing.clocks import Clock, microseconds
from timing.heartbeat import Connected
from timing.line import tally
from timing.line.holes import Hole, holes_of
from timing.line.tally import MINUTE_US, MINUTES, Channeled, File, Rejected, Seen, Tally
from timing.models import Channel, Pending, Source, Status
from timing.offsets import Arrived, Measured, Sight

SECOND_US = 1_000_000
REAL_FLOOR_S = 3
#: A source whose line is lost is silent after so long; one that says nothing is slow to be worried about.
LOST_US, FRESH_US, HELD_US = 10 * SECOND_US, 60 * SECOND_US, 30 * SECOND_US
#: Riders seen by the point's other source since this one saw anybody: so many make it silent, so many slow.
MISSED_SILENT, MISSED_SLOW = 5, 2
#: A rider is missed when so long has passed; and a machine that was switched off in the morning is not lost at night.
GRACE_US, FORGOTTEN_US = 10 * SECOND_US, 4 * 3600 * SECOND_US
#: A person with a key taps when it is needed: others seeing more is no fault.
HANDS = frozenset({"pad", "phone"})
#: The pairs that measure a clock: of the last ten minutes, else of what is remembered.
RECENT_US = 10 * MINUTE_US
MEASURED_S = 1.5


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """A source as it is. Ages in microseconds of event time, None for never; `connected` None: nobody knows, or HTTP.

    `base`: it is what the others at its point are measured against. `offset_us`: what is added to its clock now.
    """

    source: Source
    state: str
    why: str
    quiet_us: int | None
    minutes: tuple[int, ...]
    reads: int
    missed: int
    channel: Channel | None
    connected: bool | None
    peer: str
    status: Status | None
    base: bool
    offset_us: int
    against: str
    measured: Measured | None
    arrived: Arrived | None
    holes: tuple[Hole, ...]

    @property
    def told_us(self) -> int | None:
        """How far ahead its clock is by what the machine itself told."""
        return self.status.clock_us if self.status is not None else None


@dataclass(frozen=True, slots=True)
class ChannelHealth:
    """A channel: when it was heard last (real time), who is connected to it now (None: nobody knows), what it brought."""

    channel: Channel
    heard: datetime | None
    lines: tuple[Connected, ...] | None
    received: int
    new: int
    rejected: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """Deliveries not taken in yet: how many, since when (real time), and how many files are parked until somebody decides."""

    live: int = 0
    live_since: datetime | None = None
    files: int = 0
    files_since: datetime | None = None
    parked: int = 0


@dataclass(frozen=True, slots=True)
class Health:
    """The line of an edition at an instant: `at` event time, `real` real time."""

    edition: Edition
    at: datetime
    real: datetime
    speed: float
    sources: tuple[SourceHealth, ...]
    channels: tuple[ChannelHealth, ...]
    gateway: bool | None
    waiting: Waiting
    received: int
    new: int
    rejected: int
    rejects: tuple[Rejected, ...] = ()
    file: File | None = None

    def patience_us(self, event_us: int) -> int:
        """An age that counts as old: never less than our own machines need in real time."""
        return max(event_us, int(REAL_FLOOR_S * SECOND_US * self.speed))


def of(edition: Edition) -> Health:
    """The line of an edition as it stands: at most ten queries, however many sources and reads there are."""
    real = timezone.now()
    now = clock.now(edition, real)
    part = clock.segment(edition, real)
    sources = list(
        Source.objects.filter(edition=edition).select_related("point__course", "status").order_by("name", "pk")
    )
    channels = list(Channel.objects.filter(edition=edition).select_related("token").order_by("pk"))
    source_clocks = clocks.of(sources)
    lines = heartbeat.told(real)
    waiting, heard = _waiting(edition)
    carried = riders(edition, now)
    with tally.counted(edition) as counted:
        scene = _Scene(
            edition, now, real, part["speed"] if part else 1.0, sources, {channel.pk: channel for channel in channels},
            source_clocks, lines, carried, counted, holes_of(edition, counted, now),
        )  # fmt: skip
        return scene.health(waiting, heard)


def _waiting(edition: Edition) -> tuple[Waiting, dict[int, datetime]]:
    """What is not taken in, and when each channel's newest of these came."""
    rows = list(
        Pending.objects.filter(channel__edition=edition)
        .values("channel_id", "parked", "file")
        .annotate(count=Count("pk"), first=Min("delivery__received_at"), last=Max("delivery__received_at"))
    )
    heard: dict[int, datetime] = {}
    for row in rows:
        if not row["file"]:
            heard[row["channel_id"]] = max(heard.get(row["channel_id"], row["last"]), row["last"])
    open_rows = [row for row in rows if not row["parked"]]
    live, files = ([row for row in open_rows if row["file"] is file] for file in (False, True))
    return Waiting(
        sum(row["count"] for row in live), min((row["first"] for row in live), default=None),
        sum(row["count"] for row in files), min((row["first"] for row in files), default=None),
        sum(row["count"] for row in rows if row["parked"] == Pending.Parked.ASKED),
    ), heard  # fmt: skip


def riders(edition: Edition, now: datetime) -> dict[str, int]:
    """Chip -> the entry that carries it now."""
    held = Assignment.objects.filter(transponder__edition=edition, during__contains=now)
    return dict(held.values_list("transponder__code", "entry_id"))


def bibs(edition: Edition, now: datetime) -> dict[str, int]:
    """Chip -> the bib that wears it now."""
    held = Assignment.objects.filter(transponder__edition=edition, during__contains=now, entry__bib__isnull=False)
    return {code: bib for code, bib in held.values_list("transponder__code", "entry__bib") if bib is not None}


@dataclass(frozen=True, slots=True)
class _Scene:
    """All that was asked for; the rest is counting."""

    edition: Edition
    now: datetime
    real: datetime
    speed: float
    sources: Sequence[Source]
    channels: Mapping[int, Channel]
    clocks: Mapping[int, Clock]
    lines: Sequence[Connected] | None
    riders: Mapping[str, int]
    tally: Tally
    holes: Mapping[int, tuple[Hole, ...]]

    @property
    def now_us(self) -> int:
        return microseconds(self.now)

    def health(self, waiting: Waiting, heard: Mapping[int, datetime]) -> Health:
        totals = self.tally.totals
        fresh = self.now_us - RECENT_US
        return Health(
            self.edition, self.now, self.real, self.speed,
            tuple(self.source(source, heard) for source in self.sources),
            tuple(self.channel(channel, heard) for channel in self.channels.values()),
            self.gateway(),
            waiting, totals["received"], totals["new"], totals["rejected"],
            tuple(one for one in self.tally.rejected if one.at_us >= fresh),
            replace(self.tally.file) if self.tally.file else None,
        )  # fmt: skip

    def gateway(self) -> bool | None:
        """Whether our gateway tells who is connected; None where no machine is to be met."""
        wanted = any(one.kind == Channel.Kind.TCP and one.open for one in self.channels.values())
        return self.lines is not None if wanted else None

    def channel(self, channel: Channel, heard: Mapping[int, datetime]) -> ChannelHealth:
        seen = self.tally.channels.get(channel.pk, Channeled())
        lines = self.lines_of(channel.pk) if channel.kind == Channel.Kind.TCP and self.lines is not None else None
        last = [at for at in (seen.heard, heard.get(channel.pk)) if at is not None]
        totals = seen.totals
        return ChannelHealth(
            channel, max(last, default=None), lines, totals["received"], totals["new"], totals["rejected"]
        )

    def lines_of(self, channel: int) -> tuple[Connected, ...]:
        return tuple(line for line in self.lines or () if line.channel == channel)

    def seen(self, source: Source) -> Seen:
        return self.tally.sources.get(source.pk, Seen())

    def source(self, source: Source, heard: Mapping[int, datetime]) -> SourceHealth:
        seen, status = self.seen(source), getattr(source, "status", None)
        channel = self.channels.get(seen.channel)
        line, connected = self.line(source, channel)
        quiet_us = self.quiet_us(seen, line, status, channel, heard)
        missed = self.missed(source)
        state, why = self.judged(source, seen, quiet_us, connected, missed, status)
        base = self.base(source)
        this_minute = self.now_us // MINUTE_US
        return SourceHealth(
            source, state, why, quiet_us,
            tuple(seen.minutes[minute] for minute in range(this_minute - MINUTES + 1, this_minute + 1)), seen.reads,
            missed, channel, connected, seen.peer, status, base is source,
            self.clocks[source.pk].offset_us(self.now_us), base.name if base is not None and base is not source else "",
            self.measured(source, base), self.arrived(source), self.holes.get(source.pk, ()),
        )  # fmt: skip

    def line(self, source: Source, channel: Channel | None) -> tuple[Connected | None, bool | None]:
        """The open line over which a source speaks, and whether it is connected.

        Boxes that call one port share a channel: each is known by the peer of what it sent last. After it called again
        it comes from another port of its address, until it has sent something: then a line of that address counts that
        is no other source's.
        """
        if channel is None or channel.kind != Channel.Kind.TCP or self.lines is None:
            return None, None
        lines, peer = self.lines_of(channel.pk), self.seen(source).peer
        taken = {seen.peer for pk, seen in self.tally.sources.items() if pk != source.pk}
        host = peer.rpartition(":")[0]
        mine = [line for line in lines if line.peer == peer] or [
            line for line in lines if line.host == host and line.peer not in taken
        ]
        return (mine[0], True) if mine else (None, False)

    def quiet_us(
        self, seen: Seen, line: Connected | None, status: Status | None, channel: Channel | None,
        heard: Mapping[int, datetime],
    ) -> int | None:  # fmt: skip
        """How long nothing has come: no read, no keep-alive, no word of its state; nor, where the channel is its own, a
        delivery without anything new."""
        signs = [seen.arrived, line.heard if line else None, status.at if status else None]
        if channel is not None and self.alone(channel):
            signs += [heard.get(channel.pk), self.tally.channels[channel.pk].live]
        came = [at for at in signs if at is not None]
        if not came:
            return None
        return max(self.now_us - microseconds(clock.now(self.edition, max(came))), 0)

    def alone(self, channel: Channel) -> bool:
        """Whether the channel has only ever brought one source."""
        seen = self.tally.channels.get(channel.pk)
        return seen is not None and len(seen.sources) == 1

    def missed(self, source: Source) -> int:
        """How many riders the others at its point have seen since the last that came of this one."""
        if source.point_id is None:
            return 0
        since, until = self.seen(source).arrived_us, self.now_us - self.patience_us(GRACE_US)
        since = max(since, self.now_us - FORGOTTEN_US)
        others = [one for one in self.sources if one.point_id == source.point_id and one.pk != source.pk]
        return len(
            {
                self.rider(arrival.chip)
                for other in others
                for arrival in reversed(self.seen(other).recent)
                if arrival.live and since < arrival.arrived_us <= until
            }
        )

    def rider(self, chip: str) -> int | str:
        return self.riders.get(chip, chip)

    def patience_us(self, event_us: int) -> int:
        return max(event_us, int(REAL_FLOOR_S * SECOND_US * self.speed))

    def judged(
        self, source: Source, seen: Seen, quiet_us: int | None, connected: bool | None, missed: int,
        status: Status | None,
    ) -> tuple[str, str]:  # fmt: skip
        """State and why: "" where the state says it all."""
        hands = source.make in HANDS
        if source.point_id is None:
            return "unmapped", ""
        if connected is False and quiet_us is not None and self.patience_us(LOST_US) < quiet_us < FORGOTTEN_US:
            return "silent", "lost"
        if missed >= MISSED_SILENT and not hands and (seen.reads or source.role == Source.Position.MAIN):
            return "silent", "misses" if seen.reads else "never"
        if quiet_us is None:
            return "idle", "never"
        if missed >= MISSED_SLOW and not hands and seen.reads:
            return "slow", "misses"
        if status is not None and status.queue and quiet_us > self.patience_us(HELD_US):
            return "slow", "queue"
        return ("ok" if quiet_us <= self.patience_us(FRESH_US) else "idle"), ""

    def base(self, source: Source) -> Source | None:
        """What the sources of its point are measured against: its main one, the first by name of those that have read anything;
        None where there is nothing to compare."""
        if source.point_id is None:
            return None
        here = [one for one in self.sources if one.point_id == source.point_id and self.seen(one).recent]
        if len(here) < 2:
            return None
        return min(here, key=lambda one: (one.role != Source.Position.MAIN, one.name))

    def sights(self, source: Source, fresh: bool) -> list[Sight]:
        recent = self.seen(source).recent
        after = recent[-1].arrived_us - RECENT_US if fresh and recent else -1
        true_us = self.clocks[source.pk].true_us
        return [Sight(self.rider(one.chip), true_us(one.local_us)) for one in recent if one.arrived_us >= after]

    def measured(self, source: Source, base: Source | None) -> Measured | None:
        """By the riders of the last ten minutes in which it saw any; where those are too few, by all that is remembered.

        Comparing riders costs more than all the rest, so several people who look at once look at one answer. What is set
        of a clock is answered at once.
        """
        if base is None or base.pk == source.pk or not self.seen(source).recent:
            return None
        settings = (base.pk, *(part for one in (source, base) for part in (one.zone, *self.clocks[one.pk].offsets)))
        reads = (self.seen(source).reads, self.seen(base).reads)
        moment, known = time.monotonic(), self.tally.measured.get(source.pk)
        if known and known[1] == settings and (known[2] == reads or moment - known[0] < MEASURED_S):
            return known[3]
        against = self.sights(base, fresh=False)
        found = offsets.measure(against, self.sights(source, fresh=True))
        if found is None or not found.sure:
            found = offsets.measure(against, self.sights(source, fresh=False))
        self.tally.measured[source.pk] = (moment, settings, reads, found)
        return found

    def arrived(self, source: Source) -> Arrived | None:
        recent = [one for one in self.seen(source).recent if one.live]
        true_us = self.clocks[source.pk].true_us
        newest = recent[-1].arrived_us - RECENT_US if recent else 0
        return offsets.from_arrival(
            [(one.arrived_us, true_us(one.local_us)) for one in recent[-200:] if one.arrived_us >= newest]
        )
