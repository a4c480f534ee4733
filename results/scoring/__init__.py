"""The rules of the sport: facts in, standings out. No database, no clock, no settings, no floats."""

from collections.abc import Callable, Mapping

from .formats import laps, road
from .race_facts import RaceFacts, Standings

FORMATS: Mapping[str, Callable[[RaceFacts], Standings]] = {"road": road.score, "laps": laps.score}
"""The formats a race can have. One more: a module in `formats/` and a line here."""


def score(facts: RaceFacts) -> Standings:
    """The standings of a race, from nothing but its facts.

    Odd data comes back as warnings and flags. KeyError: the rules name a format we do not know.
    """
    return FORMATS[facts.rules.format](facts)
