"""The rules of the sport: facts in, standings out. No database, no clock, no settings, no floats."""

from .formats import FORMATS
from .race_facts import RaceFacts, Standings


def score(facts: RaceFacts) -> Standings:
    """The standings of a race, from nothing but its facts.

    Odd data comes back as warnings and flags. KeyError: the rules name a format we do not know.
    """
    return FORMATS[facts.rules.format](facts)
