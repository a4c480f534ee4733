"""Who rode which round of a league, by the key that is the same person's in every round.

The key is a rider's identity hash (`race.vault.fingerprint`), or what a person joined by hand. It leaves this package
nowhere: pages and answers say name and team.

Rounds of ours are read from publications, as they were frozen, with the bibs as they were worn then; a race without one
gives nothing, or, for "if it stopped now", its current board. Riders without the right to a rank are left out altogether.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
import redis
from django.db.models import Max, OuterRef, Subquery

from race.models import Change, Entry, Race
from results import frozen, live, protests
from results.models import League, Publication, Round, RoundCategory, RoundResult
from results.scoring.differences import Line

Standing = Publication.Standing
#: Rode, and has no place.
WITHOUT_PLACE = frozenset({"LAP", "OTL", "NR", "DNF", "DSQ"})
IMPORTED, UPCOMING, LIVE = "imported", "upcoming", "live"


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody at a round. `waits`: an undecided protest is about the row, and its points wait."""

    key: str
    place: int | None
    zh: str
    latin: str
    team: tuple[str, str]
    race: int | None = None
    bib: int | None = None
    waits: bool = False


@dataclass(slots=True)
class Ridden:
    """A group at a round: how far its result has come, and who rode. `races`: the races of ours it rests on."""

    state: str = UPCOMING
    members: list[Member] = field(default_factory=list)
    races: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Ground:
    """A league with its rounds, oldest first, and what was ridden: (round, group) -> `Ridden`.

    `people` are the riders of our races: race -> bib -> key. `of_category`: (race, category code) -> (round, group).
    """

    league: League
    rounds: tuple[Round, ...]
    ridden: Mapping[tuple[int, str], Ridden]
    people: Mapping[int, Mapping[int, str]]
    of_category: Mapping[tuple[int, str], tuple[int, str]]


def gather(league: League, *, now: bool = False, races: Iterable[int] = ()) -> Ground:
    """All of a season in a constant number of queries. `now`: races that are not official count as their board stands.

    `races`: of these the riders are known even where no board counts yet.
    """
    rounds = tuple(league.rounds.select_related("edition", "league").order_by("order"))
    scoring = list(RoundCategory.objects.filter(round__in=rounds).select_related("category__race"))
    slugs = {one.category.race_id: one.category.race.slug for one in scoring}
    posted = _posted(slugs)
    boards = {race: (state, board) for race, (state, board, _at) in posted.items()}
    if now:
        open_races = {race: slug for race, slug in slugs.items() if posted.get(race, ("",))[0] not in HOLDS}
        boards |= {race: (LIVE, board) for race, board in _current(open_races).items()}
    since = {race: at for race, (_state, _board, at) in posted.items() if boards[race][0] != LIVE}
    people = _people({*boards, *races}, since)
    concerned = protests.concerned(one.category.race for one in scoring if one.category.race_id in boards)
    ridden: dict[tuple[int, str], Ridden] = {}
    of_category: dict[tuple[int, str], tuple[int, str]] = {}
    for one in scoring:
        race, at = one.category.race_id, (one.round_id, one.group)
        of_category[race, one.category.code] = at
        found = ridden.setdefault(at, Ridden())
        found.races.append(race)
        if race in boards:
            state, board = boards[race]
            found.state = state
            waiting = concerned.get(race, frozenset())
            found.members += members(race, board, one.category.code, people[race], waiting)
    for result in RoundResult.objects.filter(round__in=rounds).select_related("entry"):
        found = ridden.setdefault((result.round_id, result.group), Ridden())
        found.state = IMPORTED
        found.members.append(Member(key(result), result.place, result.name, result.name, (result.team, result.team)))
    return Ground(league, rounds, ridden, people, of_category)


HOLDS = (Standing.OFFICIAL, Standing.AMENDED)


def key(result: RoundResult) -> str:
    """Under which key a line ridden elsewhere adds up: what it was joined to, else its own identity, else itself alone."""
    return (
        result.member or (result.entry.identity_hash if result.entry else "") or result.identity_hash or alone(result)
    )


def alone(result: RoundResult) -> str:
    """The key of a line of which nobody has said who it is."""
    return f"line:{result.pk}"


def members(
    race: int, board: Mapping[str, Any], category: str, people: Mapping[int, str], waiting: frozenset[int]
) -> list[Member]:
    """The riders of a category of a board, as they score."""
    column = {name: at for at, name in enumerate(board["columns"])}
    found = []
    for row in board["rows"]:
        bib, rank, status = row[column["bib"]], row[column["rank"]], row[column["status"]]
        rider = board["riders"][str(bib)]
        if rider["category"] != category or bib not in people or not counts(rank, status):
            continue
        team = (rider["team"][0], rider["team"][1])
        found.append(Member(people[bib], rank, rider["zh"], rider["latin"], team, race, bib, bib in waiting))
    return found


def counts(rank: int | None, status: str) -> bool:
    """Whether a line is a ride in the league. A finisher without a place has no right to a rank."""
    return rank is not None or status in WITHOUT_PLACE


def _posted(slugs: Mapping[int, str]) -> dict[int, tuple[str, dict[str, Any], int]]:
    """The newest publication of each race: (standing, board, revision)."""
    newest = (
        Publication.objects.filter(race=OuterRef("race")).values("race").annotate(last=Max("version")).values("last")
    )
    rows = Publication.objects.filter(race__in=slugs, version=Subquery(newest))
    return {
        race: (standing, frozen.read(board), revision or 0)
        for race, standing, board, revision in rows.values_list("race", "standing", "board", "revision")
    }


def _current(slugs: Mapping[int, str]) -> dict[int, dict[str, Any]]:
    """The boards that spectators see, of races that have begun. None while Redis is away: what is published stands."""
    if not slugs:
        return {}
    try:
        pipe = live.store().pipeline(transaction=False)
        for slug in slugs.values():
            pipe.hget(f"board:{slug}", "json")
        found = pipe.execute()
    except redis.RedisError:
        return {}
    boards = {race: orjson.loads(body) for race, body in zip(slugs, found, strict=True) if body}
    return {race: board for race, board in boards.items() if board["phase"] != "upcoming"}


@dataclass(frozen=True, slots=True)
class Numbers:
    """Who wore which number: entries as (key, race, bib, identity hash), who rides last; numbers before each change."""

    entries: tuple[tuple[int, int, int | None, str], ...]
    edits: Mapping[int, list[tuple[int, int | None]]]

    def at(self, race: int, revision: int | None = None) -> dict[int, str]:
        """Bib -> identity hash in a race, as the numbers were worn at a revision; None: now."""
        found: dict[int, str] = {}
        for pk, of, bib, digest in self.entries:
            if of != race:
                continue
            for changed, before in self.edits.get(pk, ()):
                if revision is not None and changed > revision:  # newest first: what stays is how it was
                    bib = before
            if bib is not None:
                found[bib] = digest
        return found


def numbers(races: Iterable[int], oldest: int | None) -> Numbers:
    """The numbers of these races back to the revision `oldest`. Two queries."""
    wanted = list(races)
    edits: dict[int, list[tuple[int, int | None]]] = {}
    if oldest is not None:
        newer = Change.objects.filter(model="race.Entry", revision__gt=oldest, before__has_key="bib")
        newer = newer.filter(edition__in=Race.objects.filter(pk__in=wanted).values("edition")).order_by(
            "-revision", "-pk"
        )
        for entry, revision, before in newer.values_list("object_id", "revision", "before"):
            edits.setdefault(entry, []).append((revision or 0, before["bib"]))
    rows = Entry.objects.filter(race__in=wanted).values_list("pk", "race", "bib", "identity_hash", "state")
    # Whoever rides comes last, so that a number passed on is the new rider's.
    ordered = sorted(rows, key=lambda row: row[4] == Entry.State.CONFIRMED)
    return Numbers(tuple((pk, race, bib, digest) for pk, race, bib, digest, _state in ordered), edits)


def _people(races: Iterable[int], since: Mapping[int, int]) -> dict[int, dict[int, str]]:
    """Race -> bib -> identity hash; for a frozen board with the bibs as they were worn when it was frozen."""
    wanted = set(races)
    worn = numbers(wanted, min(since.values()) if since else None)
    return {race: worn.at(race, since.get(race)) for race in wanted}


def on_board(
    ground: Ground, race: int, board: Mapping[str, Any], people: Mapping[int, str], waiting: frozenset[int]
) -> Ground:
    """The same season with another board of one race."""
    changed = dict(ground.ridden)
    mine = {code: at for (of, code), at in ground.of_category.items() if of == race}
    for at in set(mine.values()):
        had = ground.ridden[at]
        changed[at] = Ridden(had.state, [member for member in had.members if member.race != race], had.races)
    for code, at in mine.items():
        changed[at].members.extend(members(race, board, code, people, waiting))
    return replace(ground, ridden=changed, people={**ground.people, race: people})


def replaced(ground: Ground, race: int, lines: Iterable[Line]) -> Ground:
    """The same season with other lines of one race. Who waits for a protest goes on waiting."""
    mine = {at for (of, _code), at in ground.of_category.items() if of == race}
    people = ground.people[race]
    known = {member.key: member for at in mine for member in ground.ridden[at].members if member.race == race}
    changed = dict(ground.ridden)
    for at in mine:
        had = ground.ridden[at]
        changed[at] = Ridden(had.state, [member for member in had.members if member.race != race], had.races)
    for line in lines:
        where = ground.of_category.get((race, line.category))
        if where is None or line.bib not in people or not counts(line.rank, line.status):
            continue
        key = people[line.bib]
        member = known.get(key) or Member(key, None, str(line.bib), str(line.bib), ("", ""), race, line.bib)
        changed[where].members.append(replace(member, place=line.rank))
    return replace(ground, ridden=changed)
