"""Lapped circuit: mountain bike (XCO, XCM on laps), cyclo-cross, criterium.

| article | rule | where | |
|---|---|---|---|
| UCI 1.2.106, L19 | own time to the second, no groups, where `bunch` is off | `groups.finish_times` | done |
| UCI part 5, L01-L05 | once the winner is in, everyone ends at the next crossing | `laps.end_with_winner` | done |
| 8.3, L03 | lapped: by laps, then in the order of that crossing | `ranking.by_laps` | done |
| UCI 4.2, L11 | pulled by the 80 % rule: by laps, then by the time of the pull | `laps.take_out` | done |
| UCI 4.2 | who reaches 80 % is proposed to the commissaire | `laps.reaches_80_percent` | rule done, proposal not |
| 8.5 | a missing lap is suspected and never invented | `laps.suspect` | done |
| 5.1 | criterium free laps, points race | | not done |
"""

from .. import laps, standings
from ..race_facts import RaceFacts, Standings


def score(facts: RaceFacts) -> Standings:
    """Standings of a race on laps: the winner's finish ends everybody's race where the rules say `lead_lap`."""
    return standings.settle(laps.ridden(facts))
