"""What a file would do if it were sent: the guess of its make, its rows as they would be read, and what looks wrong.

Nothing is stored. Everything is read exactly as `ingest` will read the kept bytes later, so what a person sees here is what
will be.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils.translation import gettext as _

from race.models import Edition, Wave
from timing import carriers, corrections, parking, parsing
from timing.decoders import unpack
from timing.decoders.model import Context, Parsed, Read, Reject
from timing.decoders.recognise import Guess, recognise
from timing.decoders.sheet import Table, first_rows
from timing.decoders.wall_clock import DAY_US, HOUR_US
from timing.models import Delivery, Source

logger = logging.getLogger(__name__)
MOST_BYTES = 16 * 1024 * 1024  # of a longer text only the beginning is looked at
SHOWN_NAMES = 20
MOST = 50  # percent: what is called most
FEW = 5  # chips: of so few nothing is concluded
BEFORE, AFTER = timedelta(hours=2), timedelta(hours=6)  # around the planned starts, a race may be read
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Identity = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Preview:
    """What is seen of a file. `options` are those to send it with; `whole` False: only its beginning was looked at.

    `parks` is the code of the reason why it would wait for a decision; empty where it would count at once.
    """

    options: dict[str, Any]
    guesses: Sequence[Guess]
    table: Table | None
    parsed: Parsed
    whole: bool
    sources: dict[str, Source]
    chips: dict[str, set[tuple[int, int]]]  # of the chips that somebody carries: (race, course)
    new: int
    ignored: dict[int, int]  # delivery that a correction took out -> reads known from it
    days: dict[date, int]
    parks: str
    warnings: list[dict[str, str]] = field(default_factory=list)

    @property
    def unknown(self) -> list[str]:
        """The chips nobody carries or carried, by code."""
        return sorted({read.chip for read in self.parsed.reads} - self.chips.keys())


def look(edition: Edition, body: bytes, options: Mapping[str, Any], *, size: int | None = None) -> Preview:
    """Read a file as it would be read. `options` as for a delivery; without `make` the likeliest guess is taken.

    `size`: of the whole file, where `body` is only its beginning. A fixed number of queries at any size.
    """
    inside = _opened(body)
    guesses = recognise(inside.body, inside.name or str(options.get("name", "")), size is None or size <= len(body))
    make = options.get("make") or (guesses[0].format if guesses else "csv")
    given = {**options, "make": make}
    shown, whole = _beginning(body, size)
    parsed = _parsed(shown, given, edition.zone) if whole or not unpack.is_packed(body) else Parsed()
    reads = parsed.reads
    sources = _sources(edition, reads)
    chips = carriers.carried(edition, {read.chip for read in reads})
    new, ignored = _known(edition, {read.identity for read in reads}, sources)
    found = Preview(
        options=given,
        guesses=guesses,
        table=_table(inside.body if unpack.is_packed(body) else shown, given, edition),
        parsed=parsed,
        whole=whole,
        sources=sources,
        chips=chips,
        new=new,
        ignored=ignored,
        days=_days(reads),
        parks=parking.why(edition, reads),
    )
    found.warnings.extend(_warnings(edition, found))
    return found


def _opened(body: bytes) -> unpack.Opened:
    """The file in a packed file; what cannot be opened as it is."""
    try:
        return unpack.opened(body)
    except unpack.BadArchive:
        return unpack.Opened(body)


def _parsed(body: bytes, options: Mapping[str, Any], zone: str) -> Parsed:
    try:
        return parsing.read_body(body, options, zone)
    except Exception:
        logger.exception("the decoder %s failed on a file that was looked at", options["make"])
        return Parsed(rejects=(Reject(body, "decoder_failed"),))


def guess(body: bytes, name: str) -> str:
    """The format of the likeliest guess; a table where nothing can be told."""
    inside = _opened(body)
    guesses = recognise(inside.body, inside.name or name)
    return guesses[0].format if guesses else "csv"


def _beginning(body: bytes, size: int | None) -> tuple[bytes, bool]:
    """What is looked at, ending with a line, and whether that is all."""
    here = size is None or size <= len(body)
    if unpack.is_packed(body):
        return body, here
    if here and len(body) <= MOST_BYTES:
        return body, True
    head = body[:MOST_BYTES]
    end = max(head.rfind(b"\n"), head.rfind(b"\r"), head.rfind(b"$")) + 1
    return head[:end] or head, False


def _table(body: bytes, options: Mapping[str, Any], edition: Edition) -> Table | None:
    if options["make"] not in ("csv", "generic_csv", "xlsx", "mylaps", "mylaps_file"):
        return None
    day = date.fromisoformat(options["date"]) if options.get("date") else edition.starts_on
    context = Context(options.get("zone") or edition.zone, day, source="-", columns=options.get("columns", ""))
    return first_rows(body, context)


def _sources(edition: Edition, reads: Iterable[Read]) -> dict[str, Source]:
    names = {read.source for read in reads}
    known = Source.objects.filter(edition=edition, name__in=names).select_related("point__course")
    return {source.name: source for source in known}


def _known(edition: Edition, identities: set[Identity], sources: Mapping[str, Source]) -> tuple[int, dict[int, int]]:
    """How many reads would be new, and how many are known from which deliveries that do not count. Two queries."""
    there = [(sources[name].pk, chip, at) for name, chip, at in identities if name in sources and 0 <= at < 2**63]
    left_out = corrections.ignored_deliveries(edition)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT i.delivery_id, count(*) FROM unnest(%s::bigint[], %s::text[], %s::bigint[]) AS a (source, chip, at)"
            " JOIN timing_read r ON r.local_us = a.at AND r.source_id = a.source AND r.chip = a.chip"
            " JOIN timing_ingestion i ON i.id = r.ingestion_id GROUP BY i.delivery_id",
            [[source for source, _, _ in there], [chip for _, chip, _ in there], [at for _, _, at in there]],
        )
        by_delivery: dict[int, int] = dict(cursor.fetchall())
    new = len(identities) - sum(by_delivery.values())
    return new, {delivery: count for delivery, count in by_delivery.items() if delivery in left_out}


def _days(reads: Iterable[Read]) -> dict[date, int]:
    """Reads by the day that the device's own clock showed, oldest first."""
    counted = Counter(read.local_us // DAY_US for read in reads)
    return {date(1970, 1, 1) + timedelta(days=day): count for day, count in sorted(counted.items())}


def _warnings(edition: Edition, found: Preview) -> list[dict[str, str]]:
    """What looks wrong, in the order in which a person should look at it: code and sentence."""
    reads = found.parsed.reads
    checks = (_part_of_packed, _other_days, _hours_off, _unknown_chips, _other_race, _unmapped, _other_zone, _ignored)
    return [warning for check in checks if (warning := check(edition, found, reads))]


def _warning(code: str, sentence: str) -> dict[str, str]:
    return {"code": code, "detail": sentence}


def _part_of_packed(edition: Edition, found: Preview, reads: Sequence[Read]) -> dict[str, str] | None:
    if found.whole or found.parsed != Parsed():
        return None
    return _warning("part_of_packed", _("Only the whole of a packed file can be looked at: this is a part of it."))


def _other_days(edition: Edition, found: Preview, reads: Sequence[Read]) -> dict[str, str] | None:
    outside = {day: count for day, count in found.days.items() if not edition.starts_on <= day <= edition.ends_on}
    if not outside:
        return None
    words = {"count": sum(outside.values()), "reads": len(reads), "days": ", ".join(map(str, list(outside)[:3]))}
    return _warning(
        "other_days", _("%(count)d of %(reads)d reads are not of the days of the edition, but of %(days)s.") % words
    )


def _hours_off(edition: Edition, found: Preview, reads: Sequence[Read]) -> dict[str, str] | None:
    """Times that lie by the venue's offset from UTC, or by half a day, beside the hours in which anybody rides."""
    planned = [wave.astimezone(ZoneInfo(edition.zone)).replace(tzinfo=None) for wave in _planned(edition)]
    if not planned or not reads:
        return None
    days: dict[date, list[datetime]] = {}
    for start in planned:
        days.setdefault(start.date(), []).append(start)
    windows = [(_us(min(starts) - BEFORE), _us(max(starts) + AFTER)) for starts in days.values()]
    shifts = {name: _shift(source, edition) for name, source in found.sources.items()}
    at = [read.local_us + shifts.get(read.source, 0) for read in reads]

    def share(shift: int) -> int:
        return 100 * sum(any(first <= us + shift < end for first, end in windows) for us in at) // len(at)

    home = _offset_us(edition.zone, planned[0])
    if share(0) >= MOST:
        return None
    best = max((home, -home, 12 * HOUR_US, -12 * HOUR_US), key=share)
    if not best or share(best) < parking.NEARLY_ALL:
        return None
    words = {"hours": abs(best) // HOUR_US}
    if best == home:
        return _warning(
            "zone_off",
            _("The times are %(hours)d h early: the clock is set to UTC. Set the zone of the source.") % words,
        )
    return _warning(
        "zone_off", _("The times are %(hours)d h off: the zone or the clock of the machine is wrong.") % words
    )


def _planned(edition: Edition) -> list[datetime]:
    waves = Wave.objects.filter(race__edition=edition, planned_at__isnull=False)
    return list(waves.values_list("planned_at", flat=True))


def _us(wall: datetime) -> int:
    return (wall.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)


def _offset_us(zone: str, wall: datetime) -> int:
    return (wall.replace(tzinfo=ZoneInfo(zone)).utcoffset() or timedelta()) // timedelta(microseconds=1)


def _shift(source: Source, edition: Edition) -> int:
    """What brings the source's wall clock to the venue's."""
    wall = datetime.combine(edition.starts_on, datetime.min.time())
    return _offset_us(edition.zone, wall) - _offset_us(source.zone, wall)


def _unknown_chips(edition: Edition, found: Preview, reads: Sequence[Read]) -> dict[str, str] | None:
    unknown, all_chips = len(found.unknown), len(found.unknown) + len(found.chips)
    if all_chips < FEW or unknown * 100 < all_chips * MOST:
        return None
    words = {"count": unknown, "chips": all_chips}
    return _warning("unknown_chips", _("%(count)d of %(chips)d chips are carried by nobody.") % words)


def _other_race(edition: Edition, found: Preview, reads: Sequence[Read]) -> dict[str, str] | None:
    """The chips ride on another course than that on which the source stands."""
    courses = {name: source.point.course for name, source in found.sources.items() if source.point}
    pairs = {
        (read.chip, courses[read.source].pk) for read in reads if read.source in courses and read.chip in found.chips
    }
    elsewhere = sum(all(course != there for _race, course in found.chips[chip]) for chip, there in pairs)
    if len(pairs) < FEW or elsewhere * 100 < len(pairs) * MOST:
        return None
    words = {
        "count": elsewhere,
        "chips": len(pairs),
        "courses": ", ".join(sorted({str(one) for one in courses.values()})),
    }
    return _warning(
        "other_race", _("%(count)d of %(chips)d chips do not ride on the course of the source (%(courses)s).") % words
    )


def _unmapped(edition: Edition, found: Preview, reads: Sequence[Read]) -> dict[str, str] | None:
    names = sorted(
        name for name in {read.source for read in reads} if name not in found.sources or not found.sources[name].point
    )
    if not names:
        return None
    words = {"names": ", ".join(names[:SHOWN_NAMES])}
    return _warning(
        "unmapped", _("%(names)s: at no timing point yet. The reads are kept and count once it is.") % words
    )


def _other_zone(edition: Edition, found: Preview, reads: Sequence[Read]) -> dict[str, str] | None:
    said = found.options.get("zone") or ""
    names = sorted(name for name, source in found.sources.items() if said and source.zone != said)
    if not names:
        return None
    words = {"names": ", ".join(names), "zone": found.sources[names[0]].zone, "said": said}
    return _warning(
        "other_zone", _("The clock of %(names)s is known to be set to %(zone)s, not to %(said)s; that counts.") % words
    )


def _ignored(edition: Edition, found: Preview, reads: Sequence[Read]) -> dict[str, str] | None:
    return stay_out(found.ignored) if found.ignored else None


def of_taken(delivery: Delivery) -> list[dict[str, str]]:
    """What looks wrong of a delivery that is taken in: known rows stay out that came with a file which was taken out."""
    edition = delivery.channel.edition
    left_out = corrections.ignored_deliveries(edition).keys() - {delivery.pk}
    if not left_out:
        return []
    reads = parsing.parsed(delivery, delivery.channel).reads
    _new, ignored = _known(edition, {read.identity for read in reads}, _sources(edition, reads))
    found = {pk: count for pk, count in ignored.items() if pk in left_out}
    return [stay_out(found)] if found else []


def stay_out(ignored: Mapping[int, int]) -> dict[str, str]:
    """The warning that known rows will not count. `ignored`: delivery that was taken out -> rows that are known from it."""
    deliveries = Delivery.objects.filter(pk__in=ignored).order_by("pk")
    names = [str(name or pk) for pk, name in deliveries.values_list("pk", "options__name")]
    words = {"count": sum(ignored.values()), "files": ", ".join(names[:SHOWN_NAMES])}
    return _warning(
        "ignored",
        _("%(count)d known rows will not count: they came with %(files)s, which was taken out. Count that file again.")
        % words,
    )
