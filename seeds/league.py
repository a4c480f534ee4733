"""The city league of 2024 with the 10th edition as its third round. The other rounds and the table are made up.

Who rode the made-up rounds are riders of the field, mostly of the province: most of them known by their document, a few by
name and team only, as lists from elsewhere are.
"""

from __future__ import annotations

import datetime
import json
import random
from pathlib import Path
from typing import Any

from race.models import Category, Edition, Entry
from results.models import League, Round, RoundCategory, RoundResult

HERE = Path(__file__).parent
PROVINCE = "41"
#: Of so many riders of a list one is known by name and team only, and one retired.
BY_NAME_ONLY, RETIRED = 10, 15


def plant(edition: Edition, field_seed: int = 10) -> League:
    """Write the league, its rounds and who rode them."""
    document: dict[str, Any] = json.loads((HERE / "league_2024.json").read_text("utf-8"))
    league = League.objects.create(
        **{name: document[name] for name in ("slug", "name_zh", "name_en", "season", "rules", "groups")}
    )
    categories = list(Category.objects.filter(race__edition=edition))
    riders = _locals(edition)
    results: list[RoundResult] = []
    for said in document["rounds"]:
        held_on = datetime.date.fromisoformat(said["held_on"])
        names = {name: said[name] for name in ("order", "name_zh", "name_en")}
        ours = edition if said.get("ours") else None
        made = Round.objects.create(league=league, held_on=held_on, edition=ours, **names)
        if ours:
            RoundCategory.objects.bulk_create(
                RoundCategory(round=made, category=category, group=category.code) for category in categories
            )
        else:
            rng = random.Random(f"league {field_seed} {made.order}")
            results += [one for group in riders for one in _ridden(made, group, riders[group], said["riders"], rng)]
    RoundResult.objects.bulk_create(results)
    return league


def _locals(edition: Edition) -> dict[str, list[Entry]]:
    """Category -> its riders, those of the province first."""
    entries = edition.entries.select_related("rider", "team", "category").order_by("bib")
    found: dict[str, list[Entry]] = {}
    for entry in sorted(entries, key=lambda entry: not entry.rider.region_code.startswith(PROVINCE)):
        found.setdefault(entry.category.code, []).append(entry)
    return found


def _ridden(made: Round, group: str, riders: list[Entry], many: int, rng: random.Random) -> list[RoundResult]:
    """A made-up round of a group: so many of its first riders, in any order."""
    pool = riders[: many * 3 // 2]
    there = rng.sample(pool, min(many, len(pool)))
    return [_result(made, group, place, entry) for place, entry in enumerate(there, start=1)]


def _result(made: Round, group: str, place: int, entry: Entry) -> RoundResult:
    rider, team = entry.rider, entry.team
    return RoundResult(
        round=made,
        group=group,
        place=None if place % RETIRED == 0 else place - place // RETIRED,
        name=rider.name_zh or rider.latin,
        team=team.name_zh if team else "",
        identity_hash="" if place % BY_NAME_ONLY == 0 else entry.identity_hash,
    )
