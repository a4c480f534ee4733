"""When a wave may have started: what decoders reported, and the first chip at the start. Proposals, never a start."""

from __future__ import annotations

from dataclasses import dataclass

from race.models import Assignment, Edition, Gun, TimingPoint, Wave
from timing import clocks
from timing.clocks import Clock, microseconds
from timing.models import Marker, Read, Source

MINUTE_US = 60_000_000
#: A signal this long before or after the programme is none of this wave's.
NEAR_US = 180 * MINUTE_US
#: So long before the programme somebody tried the signal.
TEST_US = 20 * MINUTE_US
#: A second signal of a source within this is the same shot heard twice.
DOUBLE_US = 2_000_000
#: The first chip over the start counts from so long before the programme on.
EARLY_US = 5 * MINUTE_US


@dataclass(frozen=True)
class Proposal:
    """An instant at which a wave may have started (UTC microseconds, true time), and who says so.

    `kind`: `marker` (a gun or trigger that a decoder reported) or `first_chip`. `doubt`: `test` (long before the
    programme), `double` (the same shot again), or nothing. `late_us`: how long after the programme.
    """

    kind: str
    at_us: int
    source: Source
    name: str
    doubt: str
    late_us: int


@dataclass(frozen=True)
class WaveStart:
    """A wave: its programme, its official start (the newest) and those before, and what is proposed, by time."""

    wave: Wave
    guns: list[Gun]
    proposals: list[Proposal]

    @property
    def official(self) -> Gun | None:
        """The start that counts."""
        return self.guns[0] if self.guns else None


def of(edition: Edition) -> list[WaveStart]:
    """Every wave of the edition with its guns and proposals, in the order of the programme. Eight queries at any size."""
    waves = list(
        Wave.objects.filter(race__edition=edition)
        .select_related("race__edition", "race__course")
        .order_by("planned_at", "pk")
    )
    guns: dict[int, list[Gun]] = {}
    for gun in Gun.objects.filter(edition=edition).select_related("by").order_by("-revision"):
        guns.setdefault(gun.wave_id, []).append(gun)
    sources = {one.pk: one for one in Source.objects.filter(edition=edition).select_related("point__course")}
    clock = clocks.of(sources.values())
    marked = [
        (clock[marker.source_id].true_us(marker.local_us), marker)
        for marker in Marker.objects.filter(source__edition=edition)
    ]
    marked.sort(key=lambda pair: (pair[0], pair[1].pk))
    first = _first_chips(edition, waves, sources, clock)
    found = []
    for wave in waves:
        planned = microseconds(wave.planned_at)
        near = [(at_us, marker) for at_us, marker in marked if abs(at_us - planned) <= NEAR_US]
        proposals = [
            Proposal(
                "marker",
                at_us,
                sources[marker.source_id],
                marker.name or marker.kind,
                _doubt(near, index, planned),
                at_us - planned,
            )
            for index, (at_us, marker) in enumerate(near)
        ]
        proposals += [
            Proposal("first_chip", at_us, source, chip, "", at_us - planned)
            for at_us, source, chip in first.get(wave.pk, [])
        ]
        found.append(WaveStart(wave, guns.get(wave.pk, []), sorted(proposals, key=lambda one: one.at_us)))
    return found


def _doubt(near: list[tuple[int, Marker]], index: int, planned: int) -> str:
    at_us, marker = near[index]
    if at_us < planned - TEST_US:
        return "test"
    before = (other for other_us, other in near[:index] if at_us - other_us <= DOUBLE_US)
    return "double" if any(other.source_id == marker.source_id for other in before) else ""


def _first_chips(
    edition: Edition, waves: list[Wave], sources: dict[int, Source], clock: dict[int, Clock]
) -> dict[int, list[tuple[int, Source, str]]]:
    """Wave -> the first chip of its riders at a start mat near the programme: (when, source, chip). Two queries at most."""
    mats = [one.pk for one in sources.values() if one.point is not None and one.point.kind == TimingPoint.Kind.START]
    carried: dict[str, set[int]] = {}
    for code, wave in Assignment.objects.filter(edition=edition).values_list(
        "transponder__code", "entry__category__wave"
    ):
        carried.setdefault(code, set()).add(wave)
    planned = {wave.pk: microseconds(wave.planned_at) for wave in waves}
    if not mats or not planned:
        return {}
    day = 86_400_000_000
    reads = Read.objects.filter(
        source__in=mats,
        local_us__gte=min(planned.values()) - day, local_us__lte=max(planned.values()) + day,
    ).values_list("source", "chip", "local_us")  # fmt: skip
    first: dict[int, tuple[int, Source, str]] = {}
    for source, chip, local_us in reads.iterator():
        at_us = clock[source].true_us(local_us)
        for wave in carried.get(chip, ()):
            if -EARLY_US <= at_us - planned[wave] <= NEAR_US and (wave not in first or at_us < first[wave][0]):
                first[wave] = (at_us, sources[source], chip)
    return {wave: [one] for wave, one in first.items()}
