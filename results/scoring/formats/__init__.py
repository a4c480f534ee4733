"""One module a format: the rulebook of the format at its head, and how it is scored."""

from collections.abc import Callable, Mapping

from ..race_facts import RaceFacts, Standings
from . import laps, road

FORMATS: Mapping[str, Callable[[RaceFacts], Standings]] = {"road": road.score, "laps": laps.score}
"""The formats a race can have. One more: a module here and a line in this table."""
