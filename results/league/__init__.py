"""The league: standings over the rounds of a season, rounds ridden elsewhere, and what a late ruling moves."""

from results.league.season import Moved, difference, of_lines
from results.league.standings import of

__all__ = ["Moved", "difference", "of", "of_lines"]
