"""Mass-start road race.

| article | rule | where | |
|---|---|---|---|
| UCI 1.2.095 | riders leave on one gun a wave | `laps.gather` | done |
| UCI 1.2.107 | riders of a group share a time | `groups.finish_times` | done |
| UCI 2.3.039, FCI 5.1.8 | time limit, 8 % unless the regulations say otherwise | `status.outside` | done |
| 20 | lapped on a circuit: withdrawn by a ruling; placed only if the rules say so | `laps.take_out` | done |
| UCI 2.6.027 | incident in the last 3 km of a stage | `groups.credit` | done, by ruling |
| UCI 2.3.040 | designated 3-second stage | `groups.chain` | done, by `gap_us` |
| UCI 2.6.019 | bonus seconds | `general.rank` | done |
| UCI 2.6.015-017 | general, team and points classifications | `general`, `teams`, `points` | done |
"""

from .. import laps, standings
from ..race_facts import RaceFacts, Standings


def score(facts: RaceFacts) -> Standings:
    """Standings of a road race: laps, who was taken out, then order and group times."""
    return standings.settle(laps.ridden(facts))
