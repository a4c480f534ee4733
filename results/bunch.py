"""The bunch board of a race: what every source saw at the finish, and the acts of the finish judge that follow from it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from race.models import Race, User
from race.refused import Refused
from results import result_rules, rulings, to_do
from results.models import Ruling
from results.scoring import bunch
from results.scoring.bunch import BunchBoard, Sight
from results.scoring.race_facts import RaceFacts, RulingFact
from results.to_do import Judged
from timing import typed
from timing.models import Read

ARTICLE = "UCI 1.2.100"
DIVIDES = "R-TIMING"
Order = list[list[int]]


@dataclass(frozen=True, slots=True)
class Finish:
    """The finish of a race as it stands; with `draft`, as it would be under an order nobody has signed.

    sources   source -> what it is called
    rulings   bib -> number of the newest ruling in force that places the rider
    base      the order over the line without the draft; `heats`: the dead heats in it
    """

    judged: Judged
    board: BunchBoard
    sources: dict[int, str]
    rulings: dict[int, int]
    draft: Order
    base: tuple[int, ...]
    heats: Order


def of(race: Race, draft: Order | None = None) -> Finish:
    """The finish of a race (fetched a moment ago, with its edition). One query more than the race itself."""
    found = to_do.judged(race)
    facts = found.known.facts
    sights, names = _sights(found, facts)
    doubt_us = result_rules.of(race.edition).doubt_ms * 1000
    stands = drawn = bunch.read(facts, sights, doubt_us)
    if draft:
        number = max((ruling.number for ruling in facts.rulings), default=0) + 1
        said = replace(facts, rulings=(*facts.rulings, RulingFact(number, "finish_order", None, {"order": draft})))
        drawn = bunch.read(said, sights, doubt_us)
    base = tuple(one.bib for one in stands.finishers)
    return Finish(found, drawn, names, _placed(facts), draft or [], base, _heats(stands))


_open: dict[int, tuple[int, int]] = {}


def unsettled(found: Judged) -> int:
    """How many doubtful pairs at the finish of a race no judge has settled. Counted once a revision, with one query."""
    counted = _open.get(found.race.pk)
    if counted is None or counted[0] != found.revision:
        sights, _names = _sights(found, found.known.facts)
        doubt_us = result_rules.of(found.race.edition).doubt_ms * 1000
        counted = _open[found.race.pk] = found.revision, len(bunch.read(found.known.facts, sights, doubt_us).open)
    return counted[1]


def _heats(board: BunchBoard) -> Order:
    heats: dict[int, list[int]] = {}
    for one in board.finishers:
        if one.heat:
            heats.setdefault(one.heat, []).append(one.bib)
    return list(heats.values())


def _sights(found: Judged, facts: RaceFacts) -> tuple[dict[int, Sight], dict[int, str]]:
    """The reads behind the finish in true time, and the names of their sources."""
    ground = found.known.ground
    ends = (row.crossings[-1] if row.crossings else None for row in found.standings.rows)
    wanted = bunch.finish_reads(facts, ends)
    rows = Read.objects.filter(pk__in=wanted).values_list("pk", "source_id", "local_us", "chip", "source__name")
    sights: dict[int, Sight] = {}
    names: dict[int, str] = {}
    for pk, source, local_us, chip, name in rows:
        if source not in ground.places:  # moved away from the course while we looked
            continue
        at_us = ground.moved.get(pk) or ground.clocks[source].true_us(local_us)
        sights[pk] = Sight(source, ground.places[source][1], at_us, typed.bib_of(chip) is not None)
        names[source] = name
    return sights, names


def _placed(facts: RaceFacts) -> dict[int, int]:
    placed: dict[int, int] = {}
    for ruling in facts.rulings:
        groups: Any = ruling.detail.get("order", ()) if ruling.kind == "finish_order" else ()
        placed |= {bib: ruling.number for group in groups for bib in group}
    return placed


def parse(text: str) -> Order:
    """`46,63=8` as an order; a dead heat is joined by `=`. Refused (`bad_detail`): anything else."""
    if not text.strip():
        return []
    groups = [group.split("=") for group in text.split(",")]
    if not all(bib.isascii() and bib.isdigit() and len(bib) < 10 for group in groups for bib in group):
        raise Refused("bad_detail", _("%(key)s is a list of groups of bibs, each bib once.") % {"key": "order"})
    return [[int(bib) for bib in group] for group in groups]


def spell(order: Sequence[Sequence[int]]) -> str:
    """The same, written."""
    return ",".join("=".join(str(bib) for bib in group) for group in order)


def confirm(race: Race, order: Order, *, basis: str, by: User | None, seen: int | None) -> Ruling:
    """One ruling on the order of some finishers; it overrides the chips and settles every doubt between them.

    `basis`: what it rests on, in words. Refused as `rulings.issue`, and where somebody is not home (`not_home`).
    """
    check(race, order)
    reason = _("%(basis)s: %(order)s") % {"basis": basis, "order": " – ".join("=".join(map(str, one)) for one in order)}
    detail = {"order": order}
    return rulings.issue(
        race, "finish_order", detail=detail, reason=reason[:300], by=by, article=ARTICLE, seen=seen
    )  # fmt: skip


def check(race: Race, order: Order) -> None:
    """Refused (`not_home`): an order says nothing of who has not come home, and the judge would not be told."""
    home = {finisher.bib for finisher in of(race).board.finishers}
    missing = [str(bib) for group in order for bib in group if bib not in home]
    if missing:
        raise Refused("not_home", _("Not home: %(bibs)s.") % {"bibs": ", ".join(missing[:20])})


def standing_opposite(race: Race, kind: str, bib: int) -> Ruling | None:
    """The ruling in force that a `split` or a `join` at a rider would undo: the other of the two, at the same rider."""
    other = "join" if kind == "split" else "split"
    known = to_do.judged(race).known.facts
    numbers = [ruling.number for ruling in known.rulings if ruling.kind == other and ruling.bib == bib]
    return Ruling.objects.filter(race=race, number=numbers[-1]).first() if numbers else None


def divide(race: Race, kind: str, bib: int, *, reason: str, by: User | None, seen: int | None) -> Ruling:
    """Begin a same-time group at a rider (`split`), or put his group to the one before it (`join`).

    Where the other of the two stands at this rider, it is revoked: the group is then as the gaps make it.
    Refused as `rulings.issue`; for a rider who is not home (`not_home`), and where it would change nothing (`as_it_is`).
    """
    if kind not in ("split", "join"):
        raise Refused("unknown_kind", _("There is no ruling of this kind: %(kind)s.") % {"kind": kind})
    check(race, [[bib]])
    if not possible(of(race).board, kind, bib):
        raise Refused("as_it_is", _("Number %(bib)s: the group is so already.") % {"bib": bib})
    standing = standing_opposite(race, kind, bib)
    if standing is not None:
        return rulings.revoke(standing, reason=reason, by=by, seen=seen)
    return rulings.issue(race, kind, bib=bib, reason=reason, by=by, article=DIVIDES, seen=seen)


def possible(board: BunchBoard, kind: str, bib: int) -> bool:
    """Whether a group can begin at a rider (it does not yet), or can be put to the one before (it begins here)."""
    first = {one.bibs[0] for one in board.bunches}
    if not board.shared or not board.bunches or bib == board.bunches[0].bibs[0]:
        return False
    return (bib in first) == (kind == "join")
