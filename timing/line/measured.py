"""What is measured of a clock becomes a setting: a suggestion with its evidence, applied by somebody, taken back by a zero."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.utils.translation import gettext as _

from race import log
from race.models import User
from race.refused import Refused
from timing import clocks, offsets, sources
from timing.clocks import instant, microseconds
from timing.line import alarms, health, words
from timing.line.health import Health, SourceHealth
from timing.models import Source
from timing.offsets import DAY_US, HOUR_US, Sight

#: What somebody saw on the page and what is measured when it is applied may differ by this much: a clock drifts on.
SAME_US = 200_000
#: Less than this is not worth a setting.
LEAST_US = 20_000
LOOKED_BACK = timedelta(hours=36)
MOST_READS = 40_000


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What would put a clock right. `zone`: the zone it really shows (then nothing else is set); else from `since` on
    (None: from the beginning) `offset_us` is added to it. `ahead_us`: how far it is ahead now."""

    ahead_us: int
    evidence: str
    zone: str = ""
    offset_us: int = 0
    since: datetime | None = None


def of(source: Source) -> tuple[Health, SourceHealth]:
    """The line, and this source on it."""
    told = health.of(source.edition)
    return told, next(one for one in told.sources if one.source.pk == source.pk)


def suggestion(one: SourceHealth, told: Health) -> Suggestion | None:
    """What is suggested for a clock; None where nothing sure is measured, or nothing is off."""
    ahead = alarms.clock_ahead(one, told)
    if ahead is None and one.measured is not None and one.measured.sure and abs(one.measured.ahead_us) >= LEAST_US:
        ahead = one.measured.ahead_us
    if ahead is None:
        return None
    whole = offsets.zone_mistake(ahead)
    if whole is not None and (zone := shown_zone(one.source, whole, told)):
        return Suggestion(ahead, evidence(one, ahead), zone=zone)
    by_riders = one.measured is not None and one.measured.sure
    since = _held_since(one, ahead, told) if by_riders else None
    return Suggestion(ahead, evidence(one, ahead), offset_us=one.offset_us - ahead, since=since)


def shown_zone(source: Source, ahead_us: int, told: Health) -> str:
    """The zone whose time a clock shows that is whole hours ahead of `source.zone`; empty where there is none.

    The venue's zone and UTC first: one of the two is what somebody meant.
    """
    at = told.at
    if ahead_us % DAY_US == 0:
        return ""
    shows = (ZoneInfo(source.zone).utcoffset(at.replace(tzinfo=None)) or timedelta()) + timedelta(microseconds=ahead_us)
    hours = shows / timedelta(hours=1)
    whole = [f"Etc/GMT{-int(hours):+d}"] if hours == int(hours) and -12 <= hours <= 14 else []
    for name in (source.edition.zone, "UTC", *whole):
        if ZoneInfo(name).utcoffset(at.replace(tzinfo=None)) == shows:
            return name
    return ""


def evidence(one: SourceHealth, ahead_us: int) -> str:
    """How it is known, in a sentence that is kept with the setting."""
    if one.measured is not None and one.measured.sure:
        said = {
            "count": one.measured.riders, "base": one.against, "offset": words.signed(ahead_us, 3),
            "spread": words.signed(one.measured.spread_us, 3).lstrip("+"),
        }  # fmt: skip
        return (_("%(count)s riders seen by %(base)s, too: %(offset)s, half of them within %(spread)s") % said)[:200]
    if one.arrived is not None and one.arrived.sure:
        said = {"count": one.arrived.reads, "offset": words.signed(ahead_us)}
        return (_("%(count)s live reads against their arrival: %(offset)s") % said)[:200]
    return (_("The machine's own word: %(offset)s") % {"offset": words.signed(ahead_us)})[:200]


def _held_since(one: SourceHealth, ahead_us: int, told: Health) -> datetime | None:
    """From when on the clock has been off like this; None: ever since it read."""
    base = next(other for other in told.sources if other.base and other.source.point_id == one.source.point_id)
    ours, theirs = day(base.source, told), day(one.source, told)
    since = offsets.held_since(offsets.pairs(ours, theirs, ahead_us), ahead_us)
    return None if since is None else instant(since - 500_000)


def day(source: Source, told: Health) -> list[Sight]:
    """What a source saw in the last day and a half, in true time as it is set now."""
    since = microseconds(told.at - LOOKED_BACK) - DAY_US
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT chip, local_us FROM timing_read WHERE source_id = %s AND local_us >= %s ORDER BY local_us DESC LIMIT %s",
            [source.pk, since, MOST_READS],
        )
        rows = cursor.fetchall()
    clock, riders = clocks.of([source])[source.pk], health.riders(source.edition, told.at)
    return [Sight(riders.get(chip, chip), clock.true_us(local_us)) for chip, local_us in rows]


@transaction.atomic
def apply(source: Source, *, ahead_us: int, by: User | None) -> Suggestion:
    """Set what is suggested. `ahead_us` is what somebody saw: refused (`measured_again`) where another value is measured by
    now, and (`nothing_measured`) where nothing is off any more, so a second click does nothing.

    It can be taken back: a zero at the same `since`, or the old zone.
    """
    source = Source.objects.select_for_update(of=("self",)).select_related("edition", "point").get(pk=source.pk)
    told, one = of(source)
    found = suggestion(one, told)
    if found is None:
        raise Refused("nothing_measured", _("Nothing is measured that would have to be put right."))
    if abs(found.ahead_us - ahead_us) > max(SAME_US, abs(ahead_us) // 100 if abs(ahead_us) > HOUR_US else 0):
        raise Refused("measured_again", _("By now another offset is measured: look at it again."))
    if found.zone:
        sources.place(source, point=source.point, role=source.role, zone=found.zone, by=by, reason=found.evidence)
    else:
        sources.set_offset(source, since=found.since, offset_us=found.offset_us, evidence=found.evidence, by=by)
    log.note(source.edition, "clock_put_right", by=by, source=source.pk, ahead_us=found.ahead_us, zone=found.zone)
    return found
