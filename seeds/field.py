"""A repeatable field: 1,200-odd riders of the five categories, made up from a seed.

Ages are those of the regulations on the race day, every mainland province sends at least one rider, some riders ride
both days, some carry two chips, and some chips of Saturday are with another rider on Sunday. Nobody in it is real:
every rider carries `is_synthetic`.
"""

from __future__ import annotations

import datetime
import random
from dataclasses import dataclass
from typing import Any

from seeds import clubs, names, regulations, residence
from seeds.clubs import Club
from seeds.names import Name

FOREIGN: tuple[tuple[str, str, int], ...] = (
    ("ME", "COL", 6),
    ("ME", "BLR", 5),
    ("WO", "BLR", 3),
    ("XO", "COL", 3),
    ("XO", "BLR", 2),
)
NATIONS = {"COL": ("哥伦比亚", "Colombia"), "BLR": ("白俄罗斯", "Belarus")}
# Who of Saturday also rides on Sunday, and where: elite with elite, mass with mass.
SECOND_RACE = {"XO": "ME", "XM": "MM"}
HAND_OVER_HOUR = 18  # Saturday, venue time: from then on a chip may be with another rider.


@dataclass(frozen=True)
class FieldRider:
    """A made-up person. `index` orders the field; `identity` is a synthetic resident or passport number."""

    index: int
    name: Name
    female: bool
    born: datetime.date
    nation: str
    province: residence.Province | None
    identity_kind: str
    identity: str
    phone: str
    club: Club | None
    is_synthetic: bool = True


@dataclass(frozen=True)
class FieldChip:
    """A chip on a rider's bicycle, and the day it is there: 0 until Saturday's hand-over, 1 from then on."""

    code: str
    day: int


@dataclass(frozen=True)
class FieldEntry:
    """A rider in a category under a bib, with one or two chips."""

    rider: FieldRider
    category: str
    bib: int
    chips: tuple[FieldChip, ...]


@dataclass(frozen=True)
class Field:
    """The whole field: who there is, and who rides what."""

    riders: tuple[FieldRider, ...]
    entries: tuple[FieldEntry, ...]


def age_on(born: datetime.date, day: datetime.date) -> int:
    """Return the civil age in whole years on a day."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def build(seed: int = 10) -> Field:
    """Build the field of this seed: equal seeds give equal fields, on every machine and Python version supported."""
    return _Builder(random.Random(f"field {seed}")).build()


class _Builder:
    """Draws riders race by race; holds what must be unique over the whole field."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.provinces = residence.provinces()
        self.riders: list[FieldRider] = []
        self.entries: list[FieldEntry] = []
        self.used_identities: set[str] = set()
        self.used_names: set[str] = set()
        self.chips: set[str] = set()
        self.free_chips: list[str] = []
        self.second_starts: dict[str, list[FieldRider]] = {}
        self.waiting_provinces = list(residence.WEIGHTS)

    def build(self) -> Field:
        races = regulations.tenth()["races"]
        for race in races:
            if race["day"] == 0:
                self._fill(race)
        self._choose_second_starts(races)
        for race in races:
            if race["day"] == 1:
                self._fill(race)
        return Field(tuple(self.riders), tuple(self.entries))

    def _fill(self, race: dict[str, Any]) -> None:
        places = race["capacity"] - self.rng.randint(0, 4)
        field = list(self.second_starts.get(race["code"], ()))
        for category, nation, count in FOREIGN:
            if category == race["code"]:
                field += [self._foreigner(race, nation) for _ in range(count)]
        while len(field) < places:
            field.append(self._chinese(race))
        self.rng.shuffle(field)
        self.entries += [self._enter(race, rider, race["first_bib"] + place) for place, rider in enumerate(field)]

    def _choose_second_starts(self, races: list[dict[str, Any]]) -> None:
        """Draw who starts again on Sunday, of an age for it; the chips of all others come back on Saturday evening."""
        for race in races:
            first, day = SECOND_RACE.get(race["code"]), regulations.race_day(race)
            able = [
                entry.rider
                for entry in self.entries
                if entry.category == first and race["min_age"] <= age_on(entry.rider.born, day) <= race["max_age"]
            ]
            if able:
                self.second_starts[race["code"]] = self.rng.sample(able, self.rng.randint(24, 34))
        again = {rider.index for riders in self.second_starts.values() for rider in riders}
        self.free_chips = [
            chip.code for entry in self.entries if entry.rider.index not in again for chip in entry.chips
        ]

    def _born(self, race: dict[str, Any]) -> datetime.date:
        """Draw a birth date: ages lean to the young end and never leave the category's limits on the race day."""
        day = regulations.race_day(race)
        span = race["max_age"] - race["min_age"]
        age = race["min_age"] + min(int(self.rng.betavariate(1.6, 2.4) * (span + 1)), span)
        newest = day.replace(year=day.year - age)
        oldest = day.replace(year=day.year - age - 1) + datetime.timedelta(days=1)
        return oldest + datetime.timedelta(days=self.rng.randint(0, (newest - oldest).days))

    def _name(self, draw: Any) -> Name:
        """Draw a name; namesakes exist, but no more than two draws in a row may give one."""
        for _ in range(3):
            name: Name = draw()
            if name.zh not in self.used_names:
                break
        self.used_names.add(name.zh)
        return name

    def _chinese(self, race: dict[str, Any]) -> FieldRider:
        if self.waiting_provinces:
            prefix = self.waiting_provinces.pop()
        else:
            prefix = self.rng.choices(list(residence.WEIGHTS), list(residence.WEIGHTS.values()))[0]
        female = race["sex"] == "F"
        name = self._name(lambda: names.of_province(self.rng, prefix, female))
        born, identity = self._resident(race, prefix, female)
        club = clubs.draw(self.rng, prefix)
        return self._add(name, female, born, "CHN", self.provinces[prefix], "resident", identity, club)

    def _resident(self, race: dict[str, Any], prefix: str, female: bool) -> tuple[datetime.date, str]:
        """Draw a birth date whose five synthetic numbers of the district are not all taken."""
        while True:
            born = self._born(race)
            for index in range(5):
                number = residence.resident_number(prefix, born, female, index)
                if number not in self.used_identities:
                    self.used_identities.add(number)
                    return born, number

    def _foreigner(self, race: dict[str, Any], nation: str) -> FieldRider:
        female = race["sex"] == "F"
        name = self._name(lambda: names.of_nation(self.rng, nation, female))
        passport = residence.passport_number(nation, len(self.riders) + 1)
        club = self.rng.choice(clubs.NATIONAL[nation])
        return self._add(name, female, self._born(race), nation, None, "passport", passport, club)

    def _add(
        self,
        name: Name,
        female: bool,
        born: datetime.date,
        nation: str,
        province: residence.Province | None,
        identity_kind: str,
        identity: str,
        club: Club | None,
    ) -> FieldRider:
        index = len(self.riders) + 1
        phone = residence.phone_number(nation, index)
        rider = FieldRider(index, name, female, born, nation, province, identity_kind, identity, phone, club)
        self.riders.append(rider)
        return rider

    def _enter(self, race: dict[str, Any], rider: FieldRider, bib: int) -> FieldEntry:
        """Give the rider a bib and one chip, or two for one rider in twelve; whoever rides twice keeps the chips."""
        earlier = next((entry for entry in self.entries if entry.rider is rider), None)
        if earlier is not None:
            codes = [chip.code for chip in earlier.chips]
        else:
            codes = [self._chip(race["day"]) for _ in range(2 if self.rng.random() < 1 / 12 else 1)]
        return FieldEntry(rider, race["code"], bib, tuple(FieldChip(code, race["day"]) for code in codes))

    def _chip(self, day: int) -> str:
        """Return a new chip, or on Sunday, for a third of the riders, one that came back on Saturday evening."""
        if day and self.free_chips and self.rng.random() < 0.33:
            return self.free_chips.pop(self.rng.randrange(len(self.free_chips)))
        while True:
            letters = "".join(self.rng.choice("HKLNRSTVXZ") for _ in range(2))
            code = f"{letters}{self.rng.randint(10000, 99999)}"
            if code not in self.chips:
                self.chips.add(code)
                return code
