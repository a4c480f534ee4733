"""Who a line ridden elsewhere was, where no document says it: proposed by name and team, joined and parted by a person.

A line is joined to a rider of an edition of ours, or to another line of the league: somebody who rode elsewhere only. What
a document says is put right in the list, not here. Whoever joins or parts locks the league, so that two people come one after
the other; what came in between is refused with a sentence and undone by nobody.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from race.models import Edition, Entry, LogLine, User
from race.refused import Refused
from results.league.ridden import alone, key
from results.models import League, RoundResult

#: So many riders are proposed for a line.
MOST = 3
NAME_AND_TEAM, NAME, OTHER_TEAM = "name_and_team", "name", "name_other_team"


@dataclass(frozen=True, slots=True)
class Likely:
    """Who a line may have been: a rider of ours (`entry`, `bib`), or another line (`line`). `basis`: what is the same."""

    key: str
    basis: str
    name: str
    team: str
    group: str
    entry: int | None = None
    bib: int | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Loose:
    """A line of which nobody has said who it was, and who it may have been, the likeliest first."""

    line: RoundResult
    likely: tuple[Likely, ...]

    @property
    def sure(self) -> Likely | None:
        """The one rider of ours of the same name and team, where nobody else has that name and team."""
        same = [one for one in self.likely if one.basis == NAME_AND_TEAM]
        return same[0] if len(same) == 1 and same[0].entry is not None else None


def lines_of(league: League) -> list[RoundResult]:
    """All lines ridden elsewhere, by round, group and place. One query."""
    return list(
        RoundResult.objects.filter(round__league=league)
        .select_related("entry__rider", "round")
        .order_by("round__order", "group", F("place").asc(nulls_last=True), "name", "pk")
    )


def loose(league: League, lines: Sequence[RoundResult] | None = None) -> list[Loose]:
    """The lines nobody knows, with proposals. Two queries at any size; `lines`: all of the league, where fetched already."""
    lines = lines_of(league) if lines is None else lines
    targets = {line.member for line in lines if line.member}
    known: dict[str, list[Likely]] = {}
    for one in (*riders(league), *(_as_likely(line) for line in lines)):
        known.setdefault(folded(one.name), []).append(one)
    there: dict[tuple[int, str], set[str]] = {}
    for line in lines:
        there.setdefault((line.round_id, line.group), set()).add(key(line))
    return [
        Loose(line, _likely(line, known.get(folded(line.name), ()), there[line.round_id, line.group]))
        for line in lines
        if not (line.member or line.identity_hash or line.entry_id or alone(line) in targets)
    ]


def _likely(line: RoundResult, same_name: Iterable[Likely], there: set[str]) -> tuple[Likely, ...]:
    """Who of this name did not ride the group at the round under another line: each person once."""
    team, found = folded(line.team), dict[str, Likely]()
    for one in same_name:
        if one.key in there or one.key in found:
            continue
        other = folded(one.team)
        basis = NAME if not (team and other) else NAME_AND_TEAM if other == team else OTHER_TEAM
        found[one.key] = Likely(one.key, basis, one.name, one.team, one.group, one.entry, one.bib, one.line)
    order = sorted(
        found.values(), key=lambda one: (one.basis != NAME_AND_TEAM, one.group != line.group, one.entry is None)
    )
    return tuple(order[:MOST])


def riders(league: League) -> list[Likely]:
    """The riders of our editions in the league, those who ride; of more than one entry the newest counts. One query."""
    entries = Entry.objects.filter(category__league_rounds__round__league=league, state=Entry.State.CONFIRMED)
    rows = entries.order_by("-category__league_rounds__round__order", "pk").values_list(
        "pk", "bib", "identity_hash", "rider__name_zh", "rider__surname_latin", "rider__given_latin", "team__name_zh",
        "category__league_rounds__group",
    )  # fmt: skip
    found: dict[str, Likely] = {}
    for pk, bib, digest, zh, surname, given, team, group in rows:
        latin = f"{surname} {given}".strip()
        found.setdefault(digest, Likely(digest, NAME, zh or latin, team or "", group, pk, bib))
    return list(found.values())


def others(lines: Iterable[RoundResult]) -> list[Likely]:
    """The lines ridden elsewhere as whom another line may be joined to: each person once."""
    found: dict[str, Likely] = {}
    for line in lines:
        if not line.entry_id:
            found.setdefault(key(line), _as_likely(line))
    return list(found.values())


def _as_likely(line: RoundResult) -> Likely:
    return Likely(key(line), NAME, line.name, line.team, line.group, line=line.pk)


def folded(text: str) -> str:
    """A name or a team without what two spellings of it differ in: blanks, dots and case."""
    return "".join(letter for letter in text if letter.isalnum()).casefold()


def mark(line: RoundResult) -> str:
    """To whom a line is joined now, so that a page can say what it has seen; tells nothing of who that is."""
    return hashlib.sha256(f"{line.pk}:{line.member}".encode()).hexdigest()[:16] if line.member else ""


@transaction.atomic
def join(line: RoundResult, to: Entry | RoundResult, *, edition: Edition, by: User | None, reason: str) -> bool:
    """The line was ridden by the rider of this entry, or by who rode that other line; `edition`: in whose log it stands.

    What was joined to the line comes along. False: it was joined so already. Refused: `reason_missing`, `row_gone`,
    `known_by_document`, `joined_meanwhile`, `not_in_league`, `joined_twice`.
    """
    league, lines = _locked(line, reason)
    line = lines[line.pk]
    if isinstance(to, Entry):
        if not to.category.league_rounds.filter(round__league=league).exists():
            raise Refused("not_in_league", _("This rider is in no category of the league."))
        moved = _joined(lines.values(), line, to.identity_hash, to)
    else:
        if to.pk not in lines or to.pk == line.pk:
            raise Refused("not_in_league", _("This row is not in the league."))
        moved = _joined(lines.values(), line, key(lines[to.pk]), lines[to.pk].entry)
    RoundResult.objects.bulk_update(moved, ["entry", "member"])
    if moved:
        LogLine.objects.bulk_create([_said(edition, "league_joined", line, by, reason, to)])
    return bool(moved)


@transaction.atomic
def part(line: RoundResult, *, edition: Edition, by: User | None, reason: str, seen: str = "") -> bool:
    """The line was not ridden by whom it was joined to: it stands alone again. `seen`: its `mark` as the page showed it.

    False: it stood alone already. Refused: `reason_missing`, `row_gone`, `joined_meanwhile`.
    """
    _league, lines = _locked(line, reason)
    line = lines[line.pk]
    if not line.member:
        return False
    if seen and seen != mark(line):
        raise Refused("joined_meanwhile", _("This row was joined to somebody else meanwhile: look at it first."))
    said = _said(edition, "league_parted", line, by, reason, line.entry)
    RoundResult.objects.filter(pk=line.pk).update(entry=None, member="")
    LogLine.objects.bulk_create([said])
    return True


@transaction.atomic
def join_sure(
    league: League, seen: Mapping[int, int], *, edition: Edition, by: User | None, reason: str
) -> tuple[int, int]:
    """Join the lines (key -> entry) of which one rider alone has the name and the team, as a person has looked at them.

    A constant number of queries. (How many were joined, how many of those seen are otherwise meanwhile and stay as they are.)
    Refused: `reason_missing`.
    """
    if not reason.strip():
        raise Refused("reason_missing", _("The reason is missing."))
    league = League.objects.select_for_update().get(pk=league.pk)
    lines = lines_of(league)
    still = [
        (one.line, one.sure) for one in loose(league, lines) if one.sure and seen.get(one.line.pk) == one.sure.entry
    ]
    moved, said = [], []
    for line, rider in still:
        try:
            moved += _joined(lines, line, rider.key, None)
        except Refused:  # two rows of one group are the same rider's: a person has to look
            continue
        line.entry_id = rider.entry
        said.append(_said(edition, "league_joined", line, by, reason, None))
    RoundResult.objects.bulk_update(moved, ["entry", "member"])
    LogLine.objects.bulk_create(said)
    return len(said), len(seen) - len(said)


def _locked(line: RoundResult, reason: str) -> tuple[League, dict[int, RoundResult]]:
    """The league of a line, locked, and its lines as they are now."""
    if not reason.strip():
        raise Refused("reason_missing", _("The reason is missing."))
    league = League.objects.select_for_update(of=("self",)).filter(rounds=line.round_id).get()
    lines = {one.pk: one for one in lines_of(league)}
    if line.pk not in lines:
        raise Refused("row_gone", _("This row is no longer there: its list was brought in again."))
    return league, lines


def _joined(lines: Iterable[RoundResult], line: RoundResult, target: str, entry: Entry | None) -> list[RoundResult]:
    """Write into the lines that move; none where the line is joined so already."""
    if line.identity_hash:
        raise Refused("known_by_document", _("The list gives a document for this row: put the list right instead."))
    if key(line) == target:
        return []
    if line.member:
        raise Refused("joined_meanwhile", _("This row is joined to another rider already: part it first."))
    others = list(lines)
    moving = [one for one in others if one.pk == line.pk or one.member == alone(line)]
    places = {(one.round_id, one.group) for one in moving}
    taken = {(one.round_id, one.group) for one in others if key(one) == target}
    if places & taken:
        raise Refused("joined_twice", _("This rider has another line in this group of the round."))
    for one in moving:
        one.member, one.entry = target, entry
    return moving


def _said(
    edition: Edition, what: str, line: RoundResult, by: User | None, reason: str, to: Entry | RoundResult | None
) -> LogLine:
    """What stands in the log; never a name, which lives in the line alone."""
    entry = to.pk if isinstance(to, Entry) else line.entry_id
    details = {
        "line": line.pk, "to_line": to.pk if isinstance(to, RoundResult) else None, "league": line.round.league_id,
        "round": line.round.order, "reason": reason.strip()[:300],
    }  # fmt: skip
    return LogLine(edition=edition, what=what, by=by, entry_id=entry, details=details)
