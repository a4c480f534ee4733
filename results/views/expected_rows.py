"""What is expected, missing and taken from a backup, as the line desk draws it: one row a rider, in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from race.models import Category, Race, TimingPoint
from race.models.edition import in_language
from results.expected import Sight
from results.models import Watch
from results.scoring.expected import Backup, Next, Overdue, Place
from results.scoring.missing import Missing
from timing.clocks import EPOCH, microseconds
from timing.models import Read
from ui import times

#: How many of each stand open, and how many are told at most.
FIRST, MOST = {"overdue": 5, "missing": 4, "backup": 2}, {"overdue": 30, "missing": 30, "backup": 6}
#: Who is later than this is looked for, and not only waited for.
LOOK_AFTER_US = 300_000_000
Row = dict[str, Any]


class Words:
    """What points and categories of some races are called; two queries for any number of races."""

    def __init__(self, races: Iterable[Race], zone: str) -> None:
        races = list(races)
        self.zone = ZoneInfo(zone)
        points = TimingPoint.objects.filter(course__in=[race.course_id for race in races])
        self.points = {(one.course_id, one.code): in_language(one.name_zh, one.name_en) for one in points}
        categories = Category.objects.filter(race__in=races)
        self.marks = {(one.race_id, one.code): one.mark for one in categories}

    def clock(self, at_us: int | None, *, exact: bool = False) -> str:
        """The time of day at the venue."""
        if at_us is None:
            return times.NOTHING
        at = (EPOCH + timedelta(microseconds=at_us)).astimezone(self.zone)
        return f"{at:%H:%M:%S}.{at.microsecond // 1000:03}" if exact else f"{at:%H:%M:%S}"

    def at(self, moment: datetime) -> str:
        """The time of day at the venue, to the minute."""
        return f"{moment.astimezone(self.zone):%H:%M}"

    def point(self, race: Race, code: str) -> str:
        """What a point is called."""
        return self.points.get((race.course_id, code), code)

    def iso(self, at_us: int | None) -> str:
        """The instant for a script, at the venue's offset; empty for none."""
        return "" if at_us is None else (EPOCH + timedelta(microseconds=at_us)).astimezone(self.zone).isoformat()

    def who(self, sight: Sight, bib: int) -> Row:
        """Number, mark and name of a rider."""
        return self.entry(sight.race, sight.entries.get(bib, {}), bib)

    def entry(self, race: Race, entry: Mapping[str, Any], bib: int) -> Row:
        """The same of a row of `facts.Ground`, with the team."""
        latin = f"{entry.get('surname', '').upper()} {entry.get('given', '')}".strip()
        return {
            "bib": bib,
            "mark": self.marks.get((race.pk, entry.get("category", "")), ""),
            "name": in_language(entry.get("name_zh", ""), latin),
            "other": in_language(latin, entry.get("name_zh", "")),
            "team": in_language(entry.get("team_zh", ""), entry.get("team_en", "")),
            "race": race,
        }


def key(bib: int, place: Place) -> str:
    """What tells a row from every other, in an address or an id."""
    return f"{bib}-{place.point}-{place.lap}"


def overdue(words: Words, sight: Sight, one: Overdue, watch: Watch | None) -> Row:
    """A rider who should have passed."""
    rider = one.rider
    place = words.point(sight.race, rider.place.point)
    said = {"time": words.clock(rider.at_us), "place": place, "lap": rider.place.lap}
    waits = watch is not None and watch.until is not None and microseconds(watch.until) > sight.now_us()
    return words.who(sight, rider.bib) | {
        "key": key(rider.bib, rider.place), "kind": "overdue", "point": rider.place.point, "lap": rider.place.lap,
        "what": _("expected at %(time)s at %(place)s, lap %(lap)s") % said,
        "seen": last_seen(words, sight, rider), "more": company(rider), "late": times.race_time(one.late_us // 1000),
        "watch": watch_words(words, watch), "checked": watch is not None and watch.kind == Watch.Kind.CHECK,
        "waits": waits, "soon": one.late_us < LOOK_AFTER_US,
        "order": (waits, watch is not None, -one.late_us),
    }  # fmt: skip


def last_seen(words: Words, sight: Sight, rider: Next) -> str:
    """Where and when a rider was read last."""
    if rider.last is None:
        return _("Not read since the gun.")
    place = words.point(sight.race, rider.last.point)
    return _("Read at %(place)s at %(time)s, not since.") % {"place": place, "time": words.clock(rider.last_us)}


def company(rider: Next) -> str:
    """What others of the group did; else how the rider went before."""
    if rider.there:
        sentence = ngettext("%(n)s other of the group has passed", "%(n)s others of the group have passed", rider.there)
        return sentence % {"n": rider.there}
    if rider.laps_down and rider.slowing:
        return _("Laps down, and the laps are getting slower")
    if rider.laps_down:
        return ngettext("%(n)s lap down", "%(n)s laps down", rider.laps_down) % {"n": rider.laps_down}
    return _("The laps are getting slower") if rider.slowing else ""


def watch_words(words: Words, watch: Watch | None) -> str:
    """Who agreed what, and when."""
    if watch is None:
        return ""
    by = (watch.by.get_full_name() or watch.by.get_username()) if watch.by else ""
    if watch.until is not None:
        return _("Waiting until %(until)s · %(by)s") % {"until": words.at(watch.until), "by": by}
    return _("To be checked since %(at)s · %(by)s") % {"at": words.at(watch.at), "by": by}


def missing(words: Words, sight: Sight, one: Missing) -> Row:
    """A passing nobody read."""
    place = Place(one.lap, one.point)
    said = {"place": words.point(sight.race, one.point), "lap": one.lap}
    seconds = -(-one.error_us // 1_000_000)
    if one.beside:
        sentence = ngettext("as %(n)s rider alongside", "as %(n)s riders alongside", one.beside) % {"n": one.beside}
    else:
        sentence = _("by the pace of the field")
    between = {"before": words.clock(one.before_us), "after": words.clock(one.after_us)}
    return words.who(sight, one.bib) | {
        "key": key(one.bib, place), "kind": "missing", "point": one.point, "lap": one.lap,
        "what": _("%(place)s missed, lap %(lap)s: no mat read it") % said,
        "seen": _("Reckoned %(time)s ± %(error)s s") % {"time": words.clock(one.at_us), "error": seconds},
        "more": f"{sentence} · {_('read before at %(before)s, after at %(after)s') % between}",
        "at_us": one.at_us, "time": words.clock(one.at_us, exact=True), "place": said["place"],
        "line": one.point == sight.outlook.points[-1],
    }  # fmt: skip


def backups(words: Words, sight: Sight, found: Iterable[Backup]) -> list[Row]:
    """Passings that only a backup gave, with what its own clock said. One query."""
    found = list(found)
    wanted = [one.read_ids[0] for one in found if one.read_ids]
    reads: Mapping[int, Read] = Read.objects.select_related("source").in_bulk(wanted) if wanted else {}
    return [_backup(words, sight, one, reads.get(one.read_ids[0] if one.read_ids else 0)) for one in found]


def _backup(words: Words, sight: Sight, one: Backup, read: Read | None) -> Row:
    said = {"place": words.point(sight.race, one.place.point), "lap": one.place.lap}
    told = {
        "source": read.source.name if read else _("Backup"),
        "local": f"{EPOCH + timedelta(microseconds=read.local_us):%H:%M:%S.%f}"[:-3] if read else "",
        "time": words.clock(one.at_us, exact=True),
    }
    return words.who(sight, one.bib) | {
        "key": key(one.bib, one.place), "kind": "backup",
        "what": _("%(place)s missed by the main mat, lap %(lap)s") % said,
        "seen": _("%(source)s read %(local)s, which is %(time)s") % told, "more": "",
    }  # fmt: skip
