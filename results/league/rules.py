"""What a league decides, read from its row, and said in sentences.

`League.rules`: {"table": points by place, "best": how many rounds count (absent: all), "team": {"riders": K, "best": N}};
a group may have its own "table" and "best". Tie-breaks are those of `results.scoring.series`.
"""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from race.models.edition import in_language
from results.models import League

#: The place of the team league among the groups, in addresses and answers.
TEAMS = "teams"


@dataclass(frozen=True, slots=True)
class Rules:
    """How a group of a league is scored. `best` and `team_best`: how many rounds count, None for all."""

    table: tuple[int, ...]
    best: int | None
    team_riders: int
    team_best: int | None


def of(league: League, group: str = "") -> Rules:
    """The rules of a group; those of the whole league where none is named."""
    own: dict[str, Any] = next((one for one in league.groups if one["code"] == group), {})
    given: dict[str, Any] = league.rules
    team = given.get("team", {})
    return Rules(
        tuple(own.get("table", given.get("table", ()))),
        own.get("best", given.get("best")),
        team.get("riders", 3),
        team.get("best", given.get("best")),
    )


def codes(league: League) -> list[str]:
    """The codes of the groups, in their order."""
    return [one["code"] for one in league.groups]


def name(league: League, code: str, *, short: bool = False) -> str:
    """The name of a group in the language in force."""
    one = next((one for one in league.groups if one["code"] == code), None)
    if one is None:
        return _("Teams") if code == TEAMS else code
    zh, en = one["zh"], one.get("en", "")
    return in_language(one.get("short_zh", zh), one.get("short_en", en)) if short else in_language(zh, en)


def sentences(league: League, group: str) -> list[str]:
    """The rules of a group (or of the team league) as a rider reads them, in the language in force."""
    rules = of(league, "" if group == TEAMS else group)
    if group == TEAMS:
        said = [
            ngettext(
                "A team's points of a round are those of its best rider, over all groups.",
                "A team's points of a round are the sum of its %(n)s best riders, over all groups.",
                rules.team_riders,
            )
            % {"n": rules.team_riders}
        ]
        best = rules.team_best
    else:
        table = ", ".join(map(str, rules.table))
        said = [
            _("Points by place: %(table)s; below place %(last)s none.") % {"table": table, "last": len(rules.table)},
            _(
                "A lapped rider with a place scores; who retires, is disqualified or over the time limit rode for no points."
            ),
            _("Riders without the right to a rank take no points and hold nobody's place."),
        ]
        best = rules.best
    said.append(
        ngettext("Only the best round counts.", "The best %(n)s rounds count.", best) % {"n": best}
        if best
        else _("All rounds count.")
    )
    said.append(
        _("Equal points: more wins, then more second places, and so on; then the better place in the latest round.")
    )
    said.append(_("Points of a row under protest wait until the protest is decided."))
    return said
