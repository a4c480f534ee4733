"""What an edition decides about its results: protests, doubt at the line, teams. Defaults where nothing is said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields

from race.models import Edition


@dataclass(frozen=True, slots=True)
class ResultRules:
    """`Edition.result_rules` with its defaults.

    protest_minutes      from publication (通用规程: 30)
    protest_deposit_fen  paid when a protest is filed, given back when it is upheld
    doubt_ms             two riders closer than this at the line are doubtful until a judge has looked
    team_count           riders of a team whose times are added (UCI 2.6.016: 3)
    team_prizes_fen      code of a category -> prizes of its team classification, from the first place on
    prize_tax_percent    withheld of riders' prizes (个人所得税法, occasional income: 20); 0 where the rider declares them
    """

    protest_minutes: int = 30
    protest_deposit_fen: int = 50_000
    doubt_ms: int = 50
    team_count: int = 3
    team_prizes_fen: Mapping[str, Sequence[int]] = field(default_factory=dict)
    prize_tax_percent: int = 20


def of(edition: Edition) -> ResultRules:
    """The rules of an edition; a key it does not know is left out."""
    known = {one.name for one in fields(ResultRules)}
    return ResultRules(**{key: value for key, value in dict(edition.result_rules).items() if key in known})
