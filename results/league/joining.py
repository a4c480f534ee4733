"""Who a line ridden elsewhere was, where no document says it: proposed by name and team, joined by a person."""

from typing import NamedTuple

from django.db import transaction
from django.utils.translation import gettext as _

from race import log
from race.models import Edition, Entry, User
from race.refused import Refused
from results.league.ridden import alone, key
from results.models import League, RoundResult


class Proposal(NamedTuple):
    """A line nobody knows, and a rider of an edition of ours with the same name and team."""

    line: RoundResult
    entry: Entry


def proposals(league: League) -> list[Proposal]:
    """Same name and same team, and nobody else of that name and team. Two queries."""
    lines = [line for line in _lines(league) if key(line) == alone(line)]
    entries = Entry.objects.filter(category__league_rounds__round__league=league, state=Entry.State.CONFIRMED)
    known: dict[tuple[str, str], dict[str, Entry]] = {}
    for entry in entries.select_related("rider", "team").distinct():
        name = entry.rider.name_zh or entry.rider.latin
        known.setdefault((name, entry.team.name_zh if entry.team else ""), {})[entry.identity_hash] = entry
    found = []
    for line in lines:
        same = known.get((line.name, line.team), {})
        if len(same) == 1:
            found.append(Proposal(line, next(iter(same.values()))))
    return found


@transaction.atomic
def join(line: RoundResult, entry: Entry, *, edition: Edition, by: User | None) -> None:
    """The line was ridden by the rider of this entry. Refused: `not_in_league`, `joined_twice`."""
    line = RoundResult.objects.select_for_update(of=("self",)).select_related("round__league").get(pk=line.pk)
    if not entry.category.league_rounds.filter(round__league=line.round.league).exists():
        raise Refused("not_in_league", _("This rider is in no category of the league."))
    others = RoundResult.objects.filter(round=line.round, group=line.group).exclude(pk=line.pk).select_related("entry")
    if entry.identity_hash in {key(other) for other in others}:
        raise Refused("joined_twice", _("This rider has another line in this group of the round."))
    RoundResult.objects.filter(pk=line.pk).update(entry=entry, member=entry.identity_hash)
    log.note(edition, "league_joined", by=by, entry=entry, line=line.pk)


@transaction.atomic
def part(line: RoundResult, *, edition: Edition, by: User | None) -> None:
    """The line was not ridden by whom it was joined to: it stands alone again."""
    if RoundResult.objects.filter(pk=line.pk).exclude(member="").update(entry=None, member=""):
        log.note(edition, "league_parted", by=by, line=line.pk)


def _lines(league: League) -> list[RoundResult]:
    return list(RoundResult.objects.filter(round__league=league).select_related("entry", "round"))
