"""Reads as a timekeeper looks for them, and the corrections that were made: what the page of corrections shows."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q

from race import transponders
from race.models import Assignment, Edition, Entry
from timing import chip_findings, clocks, standing, typed
from timing.clocks import Clock, microseconds
from timing.models import Correction, Read, Source
from timing.passings import ChipHeld

Kind = Correction.Kind
#: A night in which the clocks change moves a wall clock by no more than this.
CHANGE_US = 2 * 3_600_000_000


@dataclass(frozen=True)
class Wanted:
    """What somebody looks for; what is empty narrows nothing. Times are UTC microseconds, both ends included."""

    bib: int | None = None
    chip: str = ""
    source: int | None = None
    from_us: int | None = None
    until_us: int | None = None

    @property
    def nothing(self) -> bool:
        """Whether nothing was asked for."""
        return self == Wanted()


@dataclass(frozen=True)
class Found:
    """A read in true time, who carried its chip then, and the correction that holds for it."""

    read: Read
    at_us: int
    bib: int | None
    correction: Correction | None


@dataclass(frozen=True)
class Made:
    """A correction with whether it still holds, and the time its read was stored with."""

    correction: Correction
    holds: bool
    undoable: bool
    read_us: int | None


def find(edition: Edition, wanted: Wanted, most: int = 100) -> list[Found]:
    """The first reads that are looked for, by true time. Six queries at any size."""
    if wanted.nothing:
        return []
    sources = {source.pk: source for source in Source.objects.filter(edition=edition).select_related("point__course")}
    clock = clocks.of(sources.values())
    places = Q(pk__in=[])
    for pk in [wanted.source] if wanted.source is not None else list(sources):
        if pk in sources:
            places |= Q(source=pk, **_window(clock[pk], wanted))
    reads = Read.objects.filter(places)
    if wanted.chip:
        reads = reads.filter(chip=transponders.normal(wanted.chip))
    if wanted.bib is not None:
        carried = Assignment.objects.filter(edition=edition, entry__bib=wanted.bib).values("transponder__code")
        reads = reads.filter(Q(chip__in=carried) | Q(chip=typed.chip_of(wanted.bib)))
    near = [
        (clock[read.source_id].true_us(read.local_us), read) for read in reads.order_by("local_us", "pk")[: most * 40]
    ]
    kept = sorted(
        ((at_us, read) for at_us, read in near if _between(at_us, wanted)), key=lambda pair: (pair[0], pair[1].pk)
    )[:most]
    for _at, read in kept:
        read.source = sources[read.source_id]
    return _with_corrections(edition, kept)


def _window(clock: Clock, wanted: Wanted) -> dict[str, int]:
    """Between which readings of a source's own clock the wanted times lie for sure."""
    said = [0, *(offset for _since, offset in clock.offsets)]
    slack = CHANGE_US + max(said) - min(said)
    ends = (("local_us__gte", wanted.from_us, -slack), ("local_us__lte", wanted.until_us, slack))
    return {name: 2 * us - clock.true_us(us) + more for name, us, more in ends if us is not None}


def _between(at_us: int, wanted: Wanted) -> bool:
    return (wanted.from_us is None or wanted.from_us <= at_us) and (wanted.until_us is None or at_us <= wanted.until_us)


def _with_corrections(edition: Edition, reads: list[tuple[int, Read]]) -> list[Found]:
    holds: dict[str, list[ChipHeld]] = {}
    codes = {read.chip for _at, read in reads}
    for chip, bib, during in Assignment.objects.filter(
        edition=edition, transponder__code__in=codes, entry__bib__isnull=False
    ).values_list("transponder__code", "entry__bib", "during"):
        ends = [microseconds(end) if end is not None else None for end in (during.lower, during.upper)]
        holds.setdefault(chip, []).append(ChipHeld(chip, bib or 0, *ends))
    told: dict[int, Correction] = {}
    rows = list(
        Correction.objects.filter(edition=edition)
        .order_by("revision", "pk")
        .only("pk", "undoes", "read", "kind", "at_us")
    )
    gone = standing.taken_back((row.pk, row.undoes_id) for row in rows)
    for row in rows:
        if row.pk not in gone and row.read_id is not None:
            told[row.read_id] = row
    return [
        Found(
            read,
            at_us,
            typed.bib_of(read.chip) or chip_findings.carrier(holds.get(read.chip, ()), at_us),
            told.get(read.pk),
        )
        for at_us, read in reads
    ]


def made(edition: Edition, most: int = 200) -> list[Made]:
    """The corrections, newest first, with whether each still holds. Three queries."""
    rows = Correction.objects.filter(edition=edition).order_by("revision", "pk")
    rows = rows.select_related(
        "by", "read__source", "entry__rider", "entry__race", "entry__category", "point__course", "undoes", "delivery"
    ).defer("delivery__body")
    everything = list(rows)
    gone = standing.taken_back((row.pk, row.undoes_id) for row in everything)
    undone = {row.undoes_id for row in everything}
    newest = everything[::-1][:most]
    clock = clocks.of({row.read.source for row in newest if row.read is not None})
    return [
        Made(
            row, row.pk not in gone, row.pk not in undone,
            clock[row.read.source_id].true_us(row.read.local_us) if row.read is not None else None,
        )
        for row in newest
    ]  # fmt: skip


def rider(edition: Edition, bib: int) -> Entry | None:
    """The confirmed entry with this number."""
    riders = Entry.objects.filter(edition=edition, state=Entry.State.CONFIRMED, bib=bib)
    return riders.select_related("race__course", "rider", "category", "edition").first()
