"""From kept bytes to reads: every delivery of a channel that is not fully taken in, in parts, live before files.

One part is one transaction: reads, markers, rejects, the `Ingestion` that says so and the revision. A worker that dies
in the middle leaves nothing behind; the next one finds the same `Pending` row and does the same work.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import QuerySet

from race import revision
from race.models import Edition
from timing import carriers, named, parking, parsing, rejects, states, typed
from timing.decoders.model import Parsed, Read, Reject
from timing.decoders.wall_clock import local_text
from timing.models import Channel, Ingestion, Marker, Pending, Source

PART_READS = 20_000
PART_DELIVERIES = 200
LOCK_CHANNEL, LOCK_SOURCE = 71, 72
#: Chips and devices longer than these are no chips or devices of any make.
LONGEST_CHIP, LONGEST_DEVICE = 32, 60
EARLIEST_US, LATEST_US = 0, 4_102_444_800_000_000  # 1970 to 2100 on the device's own clock


@dataclass(slots=True)
class Part:
    """What one transaction takes in of one delivery."""

    pending: Pending
    first: int
    last: bool
    reads: Sequence[Read]
    parsed: Parsed
    rejects: list[Reject] = field(default_factory=list)
    number: int = 0  # primary key of its ingestion


def take_in(channel_id: int, *, wait: bool = True, only: int | None = None) -> int:
    """Take in what is pending of a channel, but what is parked. Returns how many parts that were; safe to run twice, or
    at the same time.

    `wait` False: leave at once if somebody is at it. He goes on until nothing is pending; what arrives in the moment in
    which he leaves is rung for by the sweep. `only`: this delivery, past all others, for somebody who waits for its
    counts and must not do the work of a large file before it. Between two parts of a file the live reads of other channels
    are let past: whoever is at a long file is one less for them.
    """
    parts = 0
    while True:
        _parse_ahead(channel_id, only)
        taken, file = _take_next(_waiting(channel_id, only), channel_id, wait)
        if not taken:
            parsing.let_go()
            return parts
        parts += taken
        if file and only is None:
            _let_live_past(channel_id)


def _let_live_past(channel_id: int) -> None:
    live = Pending.objects.filter(file=False, parked=Pending.Parked.NO).exclude(channel=channel_id)
    for other in sorted(set(live.values_list("channel_id", flat=True))):
        _take_next(_waiting(other).filter(file=False), other, wait=False)


def _parse_ahead(channel_id: int, only: int | None) -> None:
    """Parse a large file before the transaction that needs it: the database does not wait for half a minute of that."""
    first = _waiting(channel_id, only).select_related("channel__edition").first()
    if first is not None and parsing.is_large(first.delivery):
        parsing.parsed(first.delivery, first.channel)


def _waiting(channel_id: int, only: int | None = None) -> QuerySet[Pending]:
    ours = Pending.objects.filter(channel_id=channel_id, parked=Pending.Parked.NO)
    waiting = ours.select_related("delivery").defer("delivery__body").order_by("file", "delivery_id")
    return waiting if only is None else waiting.filter(pk=only)


@transaction.atomic
def _take_next(waiting: QuerySet[Pending], channel_id: int, wait: bool) -> tuple[int, bool]:
    """Take in the next part of what waits. How many deliveries it took from, and whether it was of a file."""
    with connection.cursor() as cursor:
        if wait:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK_CHANNEL, channel_id])
        else:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [LOCK_CHANNEL, channel_id])
            if not cursor.fetchone()[0]:
                return 0, False
    rows = list(waiting[:PART_DELIVERIES])
    if not rows:
        return 0, False
    channel = Channel.objects.select_related("edition").prefetch_related("sources").get(pk=channel_id)
    if _park(rows[0], channel):
        return 1, True
    parts = _cut(rows, channel)
    _store(channel, parts)
    return len(parts), rows[0].file


def _park(pending: Pending, channel: Channel) -> bool:
    """Put a file aside that looks like another race's, unless somebody has said that it counts."""
    if not pending.file or pending.done or pending.parked_why:
        return False
    reads = parsing.parsed(pending.delivery, channel).reads
    why = parking.why(channel.edition, reads)
    if why:
        Pending.objects.filter(pk=pending.pk).update(parked=Pending.Parked.ASKED, parked_why=why)
    return bool(why)


def _cut(rows: Sequence[Pending], channel: Channel) -> list[Part]:
    """As many deliveries as fit into one part; of the first one too large, as much as fits. Files go one by one."""
    parts: list[Part] = []
    room = PART_READS
    for pending in rows:
        if parts and (pending.file or room <= 0):
            break
        parsed = parsing.parsed(pending.delivery, channel)
        reads = parsed.reads[pending.done : pending.done + room]
        last = pending.done + len(reads) >= len(parsed.reads)
        parts.append(Part(pending, pending.done, last, reads, parsed))
        # What cannot be read costs as much: a machine gone mad says little else, and one part must not take minutes.
        room -= len(reads) + (0 if pending.done else len(parsed.rejects))
        if not last:
            break
    return parts


def _store(channel: Channel, parts: list[Part]) -> None:
    edition = channel.edition
    sources = named.sources_of(channel, [(part.pending, _names(part)) for part in parts])
    with connection.cursor() as cursor:
        for pk in sorted({source.pk for source in sources.values()}):
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK_SOURCE, pk])
    allowed = {source.pk for source in channel.sources.all()}
    _number(parts)
    new = _insert(_rows(parts, sources, allowed))
    chips = {chip for _ingestion, chip, _source in new}
    riding = carriers.carried(edition, chips)
    markers = _markers(parts, sources)
    ingestions = Ingestion.objects.bulk_create([_ingestion(edition, part, new, riding, markers) for part in parts])
    races = _affected(new, riding, sources.values())
    offsets = states.note(channel, {part.pending: part.parsed.states for part in parts if part.first == 0}, sources)
    revision.advance(edition, races.union(states.races(offsets)), [*ingestions, *offsets])
    _finish(parts)


def _number(parts: Sequence[Part]) -> None:
    """Give every part the key of its ingestion before that is written: its counts are known only after the reads are in,
    and a fact is written once. Foreign keys are checked at the commit."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('timing_ingestion', 'id')) FROM generate_series(1, %s)", [len(parts)]
        )
        for part, (number,) in zip(parts, cursor.fetchall(), strict=True):
            part.number = number


def _names(part: Part) -> set[str]:
    """The sources that a part speaks of."""
    names = {read.source for read in part.reads} | {one.source for one in part.parsed.states}
    return names | ({one.source for one in part.parsed.markers} if part.first == 0 else set())


Identity = tuple[int, int, str]  # local_us, source, chip: what makes a read the same read
Said = tuple[int, int | None, int | None, int | None, str]  # ingestion, and what else its row says
New = Counter[tuple[int, str, int]]  # how many reads of an ingestion, a chip and a source had not been there

COLUMNS = "local_us, source_id, chip, ingestion_id, seq, rssi, lap, device"
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\x00": ""})


def _rows(parts: Iterable[Part], sources: dict[str, Source], allowed: set[int]) -> dict[Identity, Said]:
    """The rows to insert, each identity once (the first to say it has it); what cannot be stored becomes a reject."""
    rows: dict[Identity, Said] = {}
    places: dict[tuple[str, str], int] = {}  # a chip at a source is judged once, and may be read ten thousand times
    for part in parts:
        by_record = _counts_records(part)
        for read in part.reads:
            name, chip, local_us, seq, device, _, _, lap, record, _, rssi, _ = read
            place = places.get((name, chip))
            if place is None or not EARLIEST_US <= local_us < LATEST_US:
                source = sources.get(name)
                reason = _wrong(read, source, allowed)
                if reason or source is None:
                    part.rejects.append(Reject(_as_line(read), reason or "bad_source"))
                    continue
                place = places[name, chip] = source.pk
            rows.setdefault(
                (local_us, place, chip), (part.number, record if by_record else seq, rssi, lap, device[:LONGEST_DEVICE])
            )
    # Sorted, so that two crews with the same file in another order never wait for each other in a circle.
    return dict(sorted(rows.items()))


def _counts_records(part: Part) -> bool:
    """Whether the number that the machine gave a read is that of its record. MYLAPS' messages have numbers as well, which begin
    anew and repeat."""
    return str(part.pending.delivery.options.get("make", "")).startswith("mylaps")


def _as_line(read: Read) -> bytes:
    """A read as a person writes it: source, chip, the device's own time."""
    try:
        local = local_text(read.local_us)
    except OverflowError:
        local = str(read.local_us)
    return f"{read.source},{read.chip},{local}".encode("utf-8", "backslashreplace")


def _lines(rows: dict[Identity, Said]) -> str:
    """The rows as COPY reads them. One text: handing them over value by value takes four times as long."""
    ends: dict[Said, str] = {}  # a whole message or file says much the same
    lines = []
    for (local_us, source, chip), said in rows.items():
        end = ends.get(said)
        if end is None:
            end = ends[said] = "\t".join(["\\N" if one is None else str(one).translate(_ESCAPES) for one in said])
        safe = chip if chip.isalnum() else chip.translate(_ESCAPES)
        lines.append(f"{local_us}\t{source}\t{safe}\t{end}\n")
    return "".join(lines)


def _wrong(read: Read, source: Source | None, allowed: set[int]) -> str:
    if source is None and not allowed:
        return "too_many_sources" if named.fits(read.source, named.LONGEST_NAME) else "bad_source"
    if allowed and (source is None or source.pk not in allowed):
        return "source_not_allowed"
    if not named.fits(read.chip, LONGEST_CHIP):
        return "bad_chip"
    if not EARLIEST_US <= read.local_us < LATEST_US:
        return "bad_time"
    return ""


def _insert(rows: dict[Identity, Said]) -> New:
    """Insert reads; those already known stay as they are. Returns what was new.

    Where their sources have nothing yet in that stretch of time, which is so of nearly every file, reads go straight
    in; no other writer can come between, as the sources are locked. Else through a table that drops what is known.
    """
    if not rows:
        return Counter()
    lines = _lines(rows)
    with connection.cursor() as cursor:
        if not _anything_known(cursor, list(rows)):
            _copy(cursor, "timing_read", lines)
            return Counter([(number, chip, source) for (_at, source, chip), (number, *_) in rows.items()])
        cursor.execute(
            "CREATE TEMP TABLE IF NOT EXISTS arriving (source_id bigint, chip text, local_us bigint, ingestion_id bigint,"
            " seq bigint, rssi int, lap int, device text) ON COMMIT DELETE ROWS"
        )
        _copy(cursor, "arriving", lines)
        cursor.execute(
            f"WITH new AS (INSERT INTO timing_read ({COLUMNS}) SELECT {COLUMNS} FROM arriving ON CONFLICT DO NOTHING"
            " RETURNING ingestion_id, chip, source_id)"
            " SELECT ingestion_id, chip, source_id, count(*) FROM new GROUP BY ingestion_id, chip, source_id"
        )
        return Counter({(number, chip, source): count for number, chip, source, count in cursor.fetchall()})


def _anything_known(cursor: CursorWrapper, ordered: Sequence[Identity]) -> bool:
    """Whether the sources have a read from the first to the last of these instants."""
    sources = sorted({source for _at, source, _chip in ordered})
    cursor.execute(
        "SELECT EXISTS (SELECT FROM timing_read WHERE local_us BETWEEN %s AND %s AND source_id = ANY(%s))",
        [ordered[0][0], ordered[-1][0], sources],
    )
    return bool(cursor.fetchone()[0])


def _copy(cursor: CursorWrapper, table: str, lines: str) -> None:
    with cursor.copy(f"COPY {table} ({COLUMNS}) FROM STDIN") as copy:
        copy.write(lines)


def _affected(new: New, carried: dict[str, set[tuple[int, int]]], sources: Iterable[Source]) -> set[int]:
    """The races whose board these reads can change: the chip rides in it and the source stands on its course."""
    points = {source.pk: source.point_id for source in sources}
    courses = dict(Source.objects.filter(pk__in=points).values_list("pk", "point__course_id"))
    pairs = {(chip, source) for _ingestion, chip, source in new}
    return {race for chip, source in pairs for race, course in carried.get(chip, ()) if course == courses.get(source)}


def _markers(parts: Iterable[Part], sources: dict[str, Source]) -> Counter[int]:
    """Keep the gun markers that are new; returns how many each ingestion brought."""
    fresh: dict[tuple[int, int, str, str], Marker] = {}
    for part in parts:
        for marker in part.parsed.markers if part.first == 0 else ():
            if marker.source in sources:
                row = Marker(
                    source=sources[marker.source],
                    ingestion_id=part.number,
                    kind=marker.kind[:40],
                    name=marker.name[:80],
                    local_us=marker.local_us,
                )
                fresh.setdefault((row.source_id, row.local_us, row.kind, row.name), row)
    if fresh:
        moments = {key[1] for key in fresh}
        known = Marker.objects.filter(source__in={key[0] for key in fresh}, local_us__in=moments)
        for key in known.values_list("source_id", "local_us", "kind", "name"):
            fresh.pop(key, None)
        Marker.objects.bulk_create(fresh.values())
    return Counter(row.ingestion_id for row in fresh.values())


def _ingestion(
    edition: Edition,
    part: Part,
    new: New,
    carried: dict[str, set[tuple[int, int]]],
    markers: Counter[int],
) -> Ingestion:
    """The fact that the part was taken in, with its counts. What the decoder rejected goes with the first part."""
    mine = [(chip, count) for (number, chip, _source), count in new.items() if number == part.number]
    stored = sum(count for _chip, count in mine)
    refused = len(part.rejects)
    if part.first == 0:
        part.rejects.extend(part.parsed.rejects)
    rejects.keep(part.number, part.rejects)
    return Ingestion(
        pk=part.number,
        edition=edition,
        delivery_id=part.pending.delivery_id,
        first=part.first,
        count=len(part.reads),
        last=part.last,
        new=stored,
        known=len(part.reads) - stored - refused,
        rejected=len(part.rejects),
        unknown=sum(count for chip, count in mine if chip not in carried and chip != typed.TAP),
        markers=markers[part.number],
    )


def _finish(parts: Iterable[Part]) -> None:
    done = [part.pending.pk for part in parts if part.last]
    Pending.objects.filter(pk__in=done).delete()
    for part in parts:
        if not part.last:
            Pending.objects.filter(pk=part.pending.pk).update(done=part.first + len(part.reads))


def totals(deliveries: Iterable[int]) -> dict[int, Counter[str]]:
    """Delivery -> counts new, known, rejected, unknown, markers, over all its parts, in one query."""
    counts: dict[int, Counter[str]] = {}
    names = ("new", "known", "rejected", "unknown", "markers")
    for row in Ingestion.objects.filter(delivery_id__in=list(deliveries)).values("delivery_id", *names):
        counts.setdefault(row["delivery_id"], Counter()).update({name: row[name] for name in names})
    return counts
