"""The only door from rows to facts: everything that is known of a race at a revision, as plain values.

"At revision N" leaves out every fact numbered above N and undoes every `Change` above N, newest first. What it returns is
all the scoring core is given, so the board at N is a pure function of the facts up to N.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Model, Q

from race.models import Assignment, Category, Change, Entry, Gun, Race, TimingPoint, Wave
from results.models import Protest, ProtestStep, Publication, Ruling
from results.scoring.race_facts import SECOND_US, EntryFact, Limit, RaceFacts, Rules, RulingFact, WaveFact, Window
from timing import passings, typed
from timing.clocks import Clock, microseconds
from timing.models import ClockOffset, Correction, Source
from timing.passings import ChipHeld, Passing, PointRule, ReadFact
from timing.standing import taken_back as _taken_back

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Posted:
    """The newest publication of a race; `at_us` is when it was posted, in event time."""

    pk: int
    version: int
    standing: str
    at_us: int | None
    revision: int
    communique: int | None
    code: str

    @property
    def holds(self) -> bool:
        """Whether it is what the public sees, whatever is known since: an official result changes by an amendment only."""
        return self.standing != Publication.Standing.PROVISIONAL


@dataclass(frozen=True, slots=True)
class Ground:
    """All that is known of a race at a revision but its reads: what has to be known to make sense of them.

    `chips` and `points` turn reads into passings, `clocks` and `places` turn a source's wall clock into true time at a
    point; `facts` has no passings but those a timekeeper added.
    """

    race: Race
    revision: int
    facts: RaceFacts
    entries: tuple[Row, ...]
    planned: datetime | None
    metres: dict[str, int]  # timing point -> metres into the lap, 0 for the line that ends it
    ruled_us: dict[int, int]  # bib -> when the newest ruling about the rider was issued, in event time
    chips: tuple[ChipHeld, ...]
    points: tuple[PointRule, ...]
    clocks: dict[int, Clock]
    places: dict[int, tuple[str, bool]]  # source -> its point, and whether it is the main one there
    ignored: frozenset[int]  # reads that do not count
    undone: frozenset[int]  # deliveries of which no read counts that they were the first to bring
    moved: dict[int, int]  # reads that count at another instant
    posted: Posted | None  # the newest publication
    disputed: tuple[int, ...]  # bibs that an open protest is about


@dataclass(frozen=True, slots=True)
class Known:
    """All that is known of a race at a revision: the facts to score, and what the rows are called."""

    ground: Ground
    facts: RaceFacts


class Past:
    """The edits above a revision, to be undone. At the newest revision there are none and it costs one query."""

    def __init__(self, race: Race, at: int | None) -> None:
        self.at = at
        self.undo: dict[tuple[str, int], Row] = {}
        if at is not None:
            changes = Change.objects.filter(edition=race.edition_id, revision__gt=at).order_by("-revision", "-pk")
            for change in changes:
                self.undo.setdefault((change.model, change.object_id), {}).update(change.before)

    def rows(self, model: type[Model], rows: Iterable[Mapping[str, Any]]) -> list[Row]:
        """Rows of a model (with their `pk`) as they were."""
        label = model._meta.label
        return [{**row, **self.undo.get((label, row["pk"]), {})} for row in rows]

    def upto(self) -> Q:
        """The facts that had been written."""
        return Q() if self.at is None else Q(revision__lte=self.at)


def gather(race: Race, at: int | None = None) -> Known:
    """What is known of a race: now, or at a revision. About fifteen queries at any size."""
    known_ground = ground(race, at)
    return known(known_ground, passings_of(known_ground, reads(known_ground, at)))


def ground(race: Race, at: int | None = None) -> Ground:
    """All that is known of a race but its reads."""
    if at is None:
        race = Race.objects.select_related("edition", "course").get(pk=race.pk)
    past = Past(race, at)
    settings = past.rows(Race, [{"pk": race.pk, "laps": race.laps, "rules": race.rules, "format": race.format}])[0]
    points = _points(race, past)
    entries = _entries(race, past)
    waves = list(Wave.objects.filter(race=race).order_by("planned_at"))
    rulings, ruled_us = _rulings(race, past)
    clocks, places = _sources(race, past, points)
    corrections = _standing(race, past)
    ignored, moved, undone = _corrected(corrections)
    facts = RaceFacts(
        waves=tuple(WaveFact(wave.code, gun) for wave, gun in _guns(waves, past)),
        entries=tuple(
            EntryFact(row["bib"], row["category"], row["wave"], row["signed_on"], row["team_zh"], row["ranked"])
            for row in entries
        ),
        passings=_added(corrections, race),
        rulings=tuple(ruling for ruling in rulings if ruling.kind != "close"),
        rules=rules(settings, points),
        closed=any(ruling.kind == "close" for ruling in rulings),
    )
    return Ground(
        race=race,
        revision=race.revision if at is None else at,
        facts=facts,
        entries=tuple(entries),
        planned=waves[0].planned_at if waves else None,
        metres=_metres(points),
        ruled_us=ruled_us,
        chips=tuple(_chips(race, past, {row["pk"]: row["bib"] for row in entries})),
        points=tuple(_point_rule(point) for point in points),
        clocks=clocks,
        places=places,
        ignored=ignored,
        undone=undone,
        moved=moved,
        posted=_posted(race, past),
        disputed=disputed(race, past),
    )


def passings_of(known_ground: Ground, read: Iterable[ReadFact]) -> tuple[Passing, ...]:
    """What the reads amount to: riders at points, once each."""
    return passings.derive(read, known_ground.chips, known_ground.points).passings


def known(known_ground: Ground, found: Iterable[Passing]) -> Known:
    """The ground with the passings on it."""
    facts = known_ground.facts
    return Known(known_ground, replace(facts, passings=(*found, *facts.passings)))


def _points(race: Race, past: Past) -> list[TimingPoint]:
    """The timing points of the race's course in course order, with the settings they had."""
    columns = ("pk", "code", "kind", "at_m", "dedup_ms", "backup_ms", "policy")
    rows = past.rows(TimingPoint, TimingPoint.objects.filter(course=race.course_id).values(*columns))
    return [TimingPoint(**row) for row in sorted(rows, key=lambda row: (row["at_m"], row["code"]))]


def _point_rule(point: TimingPoint) -> PointRule:
    return PointRule(point.code, point.dedup_ms * 1000, point.policy, point.backup_ms * 1000)


def _metres(points: list[TimingPoint]) -> dict[str, int]:
    return {point.code: 0 if point.kind == TimingPoint.Kind.FINISH else point.at_m for point in points}


def rules(settings: Row, points: list[TimingPoint]) -> Rules:
    """The race's special regulations as the scoring core reads them. Keys of `Race.rules` are those of `Rules`."""
    given: Row = dict(settings["rules"])
    given["limit"] = Limit(**given.get("limit", {}))
    given["windows"] = tuple(_window(said) for said in given.get("windows", ()))
    finish = [point.code for point in points if point.kind == TimingPoint.Kind.FINISH]
    between = [point.code for point in points if point.kind == TimingPoint.Kind.INTERMEDIATE]
    return Rules(
        format=settings["format"],
        laps=settings["laps"],
        finish=finish[0] if finish else "",
        points=(*between, *finish[:1]),
        **given,
    )


def _window(said: Row) -> Window:
    """A window as it is said: seconds from the gun of the wave, of every wave where none is named."""
    edges = (said.get("from_s"), said.get("until_s"))
    from_us, until_us = (None if edge is None else edge * SECOND_US for edge in edges)
    return Window(said["point"], said.get("wave", ""), from_us, until_us)


def entries(race: Race, at: int) -> list[Row]:
    """Who was on the start list at a revision, with the keys of `Entry` and of the rider's names."""
    return _entries(race, Past(race, at))


def _entries(race: Race, past: Past) -> list[Row]:
    columns = {
        "category_code": "category__code", "name_zh": "rider__name_zh", "surname": "rider__surname_latin",
        "given": "rider__given_latin", "nation": "rider__nation", "region_zh": "rider__region_zh",
        "region_en": "rider__region_en",
    }  # fmt: skip
    own = ("pk", "bib", "state", "signed_on", "ranked", "category_id", "team_id")
    # A withdrawn entry may have been confirmed at the revision asked for, so the state is filtered after the undoing.
    rows = past.rows(Entry, Entry.objects.filter(race=race).values(*own, *columns.values()))
    categories = {row.pk: row for row in Category.objects.filter(race=race).select_related("wave")}
    teams = dict(race.edition.teams.values_list("pk", "name_zh"))
    latin = dict(race.edition.teams.values_list("pk", "name_en"))
    kept = []
    for row in rows:
        if row["state"] != Entry.State.CONFIRMED or row["bib"] is None:
            continue
        category = categories[row["category_id"]]
        named = {name: row[column] for name, column in columns.items()}
        kept.append(
            {
                **{name: row[name] for name in own},
                **named,
                "category": category.code,
                "wave": category.wave.code,
                "team_zh": teams.get(row["team_id"], ""),
                "team_en": latin.get(row["team_id"], ""),
            }
        )
    return sorted(kept, key=lambda row: row["bib"])


def _guns(waves: list[Wave], past: Past) -> list[tuple[Wave, int | None]]:
    newest: dict[int, int] = {}
    for gun in Gun.objects.filter(past.upto(), wave__in=waves).order_by("revision"):
        newest[gun.wave_id] = microseconds(gun.at)
    return [(wave, newest.get(wave.pk)) for wave in waves]


def _end(value: Any) -> int | None:
    if value is None:
        return None
    return microseconds(datetime.fromisoformat(value) if isinstance(value, str) else value)


def _chips(race: Race, past: Past, bibs: dict[int, int]) -> list[ChipHeld]:
    rows = Assignment.objects.filter(past.upto(), entry__race=race).values(
        "pk", "entry_id", "transponder__code", "during"
    )
    held = []
    for row in past.rows(Assignment, rows):
        during = row["during"]
        lower, upper = during if isinstance(during, list) else (during.lower, during.upper)
        if row["entry_id"] in bibs:
            held.append(ChipHeld(row["transponder__code"], bibs[row["entry_id"]], _end(lower), _end(upper)))
    # Whoever types a bib at the roadside means its rider: it counts like a chip that the rider always wore.
    return [*held, *(ChipHeld(typed.chip_of(bib), bib) for bib in bibs.values())]


def _sources(race: Race, past: Past, points: list[TimingPoint]) -> tuple[dict[int, Clock], dict[int, tuple[str, bool]]]:
    """The clock and the place of every source at a point of the race's course."""
    codes = {point.pk: point.code for point in points}
    everywhere = Source.objects.filter(edition=race.edition_id).values("pk", "point_id", "zone", "role")
    sources = [row for row in past.rows(Source, everywhere) if row["point_id"] in codes]
    offsets: dict[int, list[tuple[int | None, int]]] = {}
    said = ClockOffset.objects.filter(past.upto(), source__in=[row["pk"] for row in sources]).order_by("revision", "pk")
    for offset in said:
        start = microseconds(offset.since) if offset.since else None
        offsets.setdefault(offset.source_id, []).append((start, offset.offset_us))
    return (
        {row["pk"]: Clock(row["zone"], offsets.get(row["pk"], [])) for row in sources},
        {row["pk"]: (codes[row["point_id"]], row["role"] == Source.Position.MAIN) for row in sources},
    )


def reads(known_ground: Ground, at: int | None = None, ingestions: Sequence[int] | None = None) -> list[ReadFact]:
    """The reads of the race's chips at the course's points, in true time, with corrections applied.

    `at`: only those taken in up to a revision. `ingestions`: only those of these ingestions.
    """
    chips = {held.chip for held in known_ground.chips}
    places, clocks, moved = known_ground.places, known_ground.clocks, known_ground.moved
    where = "r.source_id = ANY(%s)"
    wanted: list[Any] = [sorted(places)]
    if ingestions is None:
        where += " AND r.chip = ANY(%s)"
        wanted.append(sorted(chips))
    else:  # a few of many reads: found by their ingestion alone, and sorted out below
        where += " AND r.ingestion_id = ANY(%s)"
        wanted.append(list(ingestions))
    if known_ground.undone:
        where += " AND r.ingestion_id NOT IN (SELECT id FROM timing_ingestion WHERE delivery_id = ANY(%s))"
        wanted.append(sorted(known_ground.undone))
    if at is not None:
        where += " AND r.ingestion_id IN (SELECT id FROM timing_ingestion WHERE edition_id = %s AND revision <= %s)"
        wanted += [known_ground.race.edition_id, at]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT r.id, r.source_id, r.chip, r.local_us, r.rssi FROM timing_read r WHERE {where}", wanted)
        rows = cursor.fetchall()
    return [
        ReadFact(pk, *places[source], chip, moved.get(pk) or clocks[source].true_us(local_us), rssi)
        for pk, source, chip, local_us, rssi in rows
        if chip in chips and pk not in known_ground.ignored
    ]


def _standing(race: Race, past: Past) -> list[Correction]:
    """The corrections of the edition that had been made and not undone, in the order in which they were made."""
    made = list(
        Correction.objects.filter(past.upto(), edition=race.edition_id)
        .select_related("point", "entry")
        .order_by("revision", "pk")
    )
    gone = _taken_back((correction.pk, correction.undoes_id) for correction in made)
    return [correction for correction in made if correction.pk not in gone]


def _corrected(standing: Iterable[Correction]) -> tuple[frozenset[int], dict[int, int], frozenset[int]]:
    """The reads that do not count, those that count at another instant, and the deliveries that do not count."""
    ignored: set[int] = set()
    undone: set[int] = set()
    moved: dict[int, int] = {}
    for correction in standing:
        if correction.read_id and correction.kind == Correction.Kind.IGNORE:
            ignored.add(correction.read_id)
        elif correction.delivery_id and correction.kind == Correction.Kind.IGNORE:
            undone.add(correction.delivery_id)
        elif correction.read_id and correction.at_us is not None:
            moved[correction.read_id] = correction.at_us
    return frozenset(ignored), moved, frozenset(undone)


def _added(standing: Iterable[Correction], race: Race) -> tuple[Passing, ...]:
    """The passings that no decoder saw, but somebody did."""
    return tuple(
        Passing(correction.entry.bib, correction.point.code, correction.at_us)
        for correction in standing
        if correction.kind == Correction.Kind.ADD
        and correction.entry is not None
        and correction.entry.race_id == race.pk
        and correction.entry.bib is not None
        and correction.point is not None
        and correction.at_us is not None
    )


def _rulings(race: Race, past: Past) -> tuple[list[RulingFact], dict[int, int]]:
    """The rulings in force, and when the newest about each rider was issued."""
    standing = _in_force(Ruling.objects.filter(past.upto(), race=race).select_related("entry").order_by("number"))
    return _as_facts(standing), {ruling.entry.bib or 0: microseconds(ruling.at) for ruling in standing if ruling.entry}


def _posted(race: Race, past: Past) -> Posted | None:
    columns = ("pk", "version", "standing", "at", "revision", "communique__number", "communique__code")
    found = Publication.objects.filter(past.upto(), race=race).order_by("-version").values_list(*columns).first()
    if found is None:
        return None
    pk, version, standing, at, revision, number, code = found
    return Posted(pk, version, standing, microseconds(at) if at else None, revision or 0, number, code or "")


def disputed(race: Race, past: Past | None = None) -> tuple[int, ...]:
    """The bibs of protests that had been filed and not been settled; now, where no past is given."""
    past = past or Past(race, None)
    filed = dict(Protest.objects.filter(past.upto(), race=race).values_list("pk", "bibs"))
    if not filed:
        return ()
    steps = ProtestStep.objects.filter(past.upto(), protest__in=filed, kind__in=ProtestStep.SETTLES)
    for settled in steps.values_list("protest", flat=True):
        filed.pop(settled, None)
    return tuple(sorted({bib for bibs in filed.values() for bib in bibs}))


def _in_force(made: Iterable[Ruling], also_revoked: int | None = None) -> list[Ruling]:
    """Of rulings in their order those that hold. One whose revocation is revoked is in force again."""
    made = list(made)
    taken_back = [(ruling.pk, ruling.revokes_id) for ruling in made]
    gone = _taken_back(taken_back if also_revoked is None else [*taken_back, (0, also_revoked)])
    return [ruling for ruling in made if ruling.pk not in gone and ruling.revokes_id is None]


def _as_facts(standing: Iterable[Ruling]) -> list[RulingFact]:
    return [
        RulingFact(ruling.number, ruling.kind, ruling.entry.bib if ruling.entry else None, ruling.detail)
        for ruling in standing
    ]


def without(known_facts: Known, ruling: Ruling) -> RaceFacts:
    """The facts as they would be if this ruling were revoked too."""
    race, at = known_facts.ground.race, known_facts.ground.revision
    made = Ruling.objects.filter(race=race, revision__lte=at).select_related("entry").order_by("number")
    left = _as_facts(_in_force(made, also_revoked=ruling.pk))
    return replace(
        known_facts.facts,
        rulings=tuple(one for one in left if one.kind != "close"),
        closed=any(one.kind == "close" for one in left),
    )
