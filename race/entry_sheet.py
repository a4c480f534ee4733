"""An entry list, judged at once: every cell of every row, in a fixed number of queries for any number of rows.

What is wrong is a value beside the row, never an exception: the sentence stands at its cell, and the rest of the list is as
good as it was. `race.teams` and `race.entry_import` enter the rows that are right.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import prefetch_related_objects
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from race import eligibility, entry_cells, identity, particulars, places, regions, regulations, sheet, words
from race.entry_cells import BadCell
from race.entry_columns import Row
from race.entry_rules import EntryRules
from race.models import Assignment, Category, Edition, Entry, Rider
from race.particulars import Person
from race.refused import Refused

PLACE, QUEUE = "place", "queue"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a cell. One that does not block is only told."""

    column: str
    code: str
    text: str
    blocks: bool = True


@dataclass
class JudgedRow:
    """A row with what it says and what is wrong with it. `person` is examined; None where it cannot be one.

    `seat` is what the row would get now: a place, a number in the queue, or nothing. `known` is the living entry of this
    person on that day, `rider` whoever bears the document already.
    """

    number: int
    cells: Mapping[str, str]
    person: Person | None = None
    category: Category | None = None
    digest: str = ""
    team: str = ""
    bib: int | None = None
    chips: tuple[str, ...] = ()
    paid: bool = False
    seat: str = ""
    known: Entry | None = None
    rider: Rider | None = None
    carried: frozenset[str] = frozenset()  # chips the known entry has already
    problems: list[Problem] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing stands against entering this row."""
        return not any(problem.blocks for problem in self.problems)

    def wrong(self, column: str, code: str, text: str, *, blocks: bool = True) -> None:
        """Note what is wrong with a cell; the first reason of a cell is enough."""
        if not any(problem.column == column and problem.blocks for problem in self.problems):
            self.problems.append(Problem(column, code, text, blocks))


@dataclass
class Ground:
    """What a list is judged against, read once."""

    edition: Edition
    rules: EntryRules
    categories: list[Category]
    spelt: dict[str, list[Category]]
    terms: dict[int, eligibility.CategoryTerms]
    names: dict[str, str]
    regions: dict[str, regions.Region]

    @classmethod
    def of(cls, edition: Edition) -> Ground:
        """The categories of the edition with their rules."""
        rules = EntryRules.of(edition.entry_rules)
        categories = list(
            Category.objects.filter(race__edition=edition)
            .select_related("race__edition")
            .order_by("race__day", "race__order", "code")
        )
        prefetch_related_objects([category for category in categories if category.quotas], "quota_counts")
        spelt: dict[str, list[Category]] = {}
        for category in categories:
            own = {category.code, category.name_zh, category.name_en, category.race.name_zh, category.race.name_en}
            for word in own - {""}:
                spelt.setdefault(spelling(word), []).append(category)
        quotas = [quota for category in categories for quota in category.quotas]
        return cls(
            edition, rules, categories, spelt,
            {category.pk: regulations.terms(category, rules) for category in categories},
            {category.code: category.name for category in categories}, regions.with_cities(quotas),
        )  # fmt: skip


def spelling(word: str) -> str:
    """A category's name as it is compared: 男子公路精英组 is also 公路精英, Men's Road Elite is also mens road elite."""
    bare = "".join(char for char in word.casefold() if char.isalnum())
    return bare.removesuffix("组").removesuffix("组别") or bare


def judge(rows: Sequence[Row], edition: Edition, *, office: bool = False) -> list[JudgedRow]:
    """Every row with what is wrong with it. `office`: bibs, chips and paid marks count, contacts may be missing, and who is
    entered already is not wrong."""
    ground = Ground.of(edition)
    judged = [_read(row, ground, office=office) for row in rows]
    people = _people({row.digest for row in judged if row.digest})
    entered = _entered(edition, judged, office=office)
    _meet(judged, people, entered, office=office)
    _judge_days(judged, ground, entered)
    if office:
        _judge_bibs(judged, edition, entered)
        _judge_chips(judged, edition)
    _seat(judged, office=office)
    return judged


def _read(row: Row, ground: Ground, *, office: bool) -> JudgedRow:
    """What the row says by itself."""
    judged = JudgedRow(row.number, row.cells, team=row.cells.get("team", "")[: particulars.LIMITS["team"]])
    judged.category = _category(judged, ground)
    judged.person = _person(judged, ground)
    if judged.person is not None:
        judged.digest = particulars.fingerprint(judged.person)
        if not office and not (judged.person.private["email"] or judged.person.private["phone"]):
            text = _("The rider's own phone or e-mail is needed: the private link goes there.")
            judged.wrong("phone", "no_contact", text)
    if office:
        judged.bib = _cell(judged, "bib", entry_cells.bib, None)
        judged.chips = _cell(judged, "chip", entry_cells.chips, ())
        judged.paid = _cell(judged, "paid", entry_cells.paid, False)
    return judged


def _cell(judged: JudgedRow, column: str, reader: Any, otherwise: Any) -> Any:
    """A cell, read; `otherwise` where it cannot be, with the reason noted."""
    try:
        return reader(judged.cells.get(column, ""))
    except BadCell as bad:
        judged.wrong(column, bad.code, bad.text)
        return otherwise


def _category(judged: JudgedRow, ground: Ground) -> Category | None:
    cell = judged.cells.get("category", "")
    found = ground.spelt.get(spelling(cell), []) if cell else []
    if len(found) == 1:
        return found[0]
    if not cell and len(ground.categories) == 1:
        return ground.categories[0]
    if not cell:
        judged.wrong("category", "category_missing", _("The category is missing."))
    elif found:
        judged.wrong("category", "category_ambiguous", _("Several categories are called so: write the code."))
    else:
        names = pgettext("list", ", ").join(category.name for category in ground.categories)
        there = _("There is no such category. There are: %(names)s.") % {"names": names}
        judged.wrong("category", "category_unknown", there)
    return None


def _person(judged: JudgedRow, ground: Ground) -> Person | None:
    """The examined person of a row; None where something is missing or wrong."""
    read, cells = _cell, judged.cells
    name_zh, surname, given = _name(judged)
    kind, number = "", ""
    if not cells.get("number"):
        judged.wrong("number", "number_missing", _("The document number is missing."))
    else:
        kind, number = read(judged, "number", lambda cell: entry_cells.document(cells.get("kind", ""), cell), ("", ""))
    nation = read(judged, "nation", entry_cells.nation, "CHN")
    country = read(judged, "country", lambda cell: entry_cells.nation(cell) if cell else nation, nation)
    region = read(judged, "region", lambda cell: entry_cells.region(cell, ground.regions), None)
    person = Person(
        kind, number, country if kind == "passport" else "", name_zh=name_zh, surname_latin=surname, given_latin=given,
        passport_name=f"{surname} {given}".strip() if kind == "passport" else "",
        sex=read(judged, "sex", entry_cells.sex, ""), birth_date=_birth_date(judged), nation=nation,
        region_code=region.code if region else "", region_zh=region.zh if region else "",
        region_en=region.en if region else "", uci_id=_uci_id(judged), private=_private(judged),
    )  # fmt: skip
    return _examined(judged, person) if number and (name_zh or surname) else None


def _name(judged: JudgedRow) -> tuple[str, str, str]:
    cells = judged.cells
    given = (cells.get("surname", ""), cells.get("given", ""))
    if not cells.get("name"):
        if all(given):
            return "", *given
        judged.wrong("name", "name_missing", _("The name is missing."))
        return "", "", ""
    if all(given):
        name_zh = cells["name"] if entry_cells.has_han(cells["name"]) else ""
        return name_zh, *given
    found: tuple[str, str, str] = _cell(judged, "name", entry_cells.name, ("", "", ""))
    return found


def _birth_date(judged: JudgedRow) -> date | None:
    cell = judged.cells.get("birth_date", "")
    if cell and (found := sheet.day(cell)) is None:
        judged.wrong("birth_date", "date_unreadable", _("Write the day as 1990-03-07."))
    return found if cell else None


def _uci_id(judged: JudgedRow) -> str:
    """The number as it is stored; one with a wrong check is only told, one that is none is left out."""
    cell = sheet.plain(judged.cells.get("uci_id", ""))
    examined = identity.examine_uci_id(cell)
    if cell and not examined.valid:
        judged.wrong("uci_id", "uci_id_doubtful", _("This does not look like a UCI ID."), blocks=False)
    return examined.stored


def _private(judged: JudgedRow) -> dict[str, str]:
    name = judged.cells.get("emergency_name", "")[: particulars.LIMITS["emergency_name"]]
    emergency = _cell(judged, "emergency_phone", lambda cell: entry_cells.phone(cell, "emergency_phone"), "")
    return {
        "email": _cell(judged, "email", entry_cells.email, ""), "phone": _cell(judged, "phone", entry_cells.phone, ""),
        "emergency_name": name, "emergency_phone": emergency,
    }  # fmt: skip


def _examined(judged: JudgedRow, person: Person) -> Person | None:
    """The person as the document says, or the reason at its cell."""
    known = identity.examine(person.identity_kind, person.identity_number, country=person.identity_country)
    if not known.valid:
        code = f"identity_{known.problem}"
        cut = known.problem == "check_digit" and known.number.endswith("000")
        text = _("The spreadsheet program cut this number. Format the column as text and type it again.")
        judged.wrong("number", code, text if cut else words.identity_problem(known.problem or ""))
        return None
    for column, given, told in (("birth_date", person.birth_date, known.born), ("sex", person.sex, known.sex)):
        if given and told and given != told:
            judged.wrong(column, "identity_mismatch", _("This is not what the document number says."))
            return None
        if not given and not told and not any(problem.column == column for problem in judged.problems):
            missing = _("The date of birth is missing.") if column == "birth_date" else _("The sex is missing.")
            judged.wrong(column, "incomplete", missing)
    if not judged.ok and any(problem.column in ("birth_date", "sex") for problem in judged.problems):
        return None
    try:
        return particulars.examined(person)
    except Refused as refused:
        judged.wrong("number", refused.code, refused.message)
        return None


def _people(digests: Iterable[str]) -> dict[str, list[Rider]]:
    """Riders by the hash of their document."""
    found: dict[str, list[Rider]] = {}
    living = Rider.objects.filter(identity_hash__in=sorted(digests), merged_into=None, erased_at=None)
    for rider in living.order_by("pk"):
        found.setdefault(rider.identity_hash, []).append(rider)
    return found


def _entered(edition: Edition, judged: Sequence[JudgedRow], *, office: bool) -> list[Entry]:
    """The living entries of the people of the list; for the office of everybody, since bibs may be anybody's."""
    living = Entry.objects.filter(edition=edition, state__in=Entry.ALIVE)
    if not office:
        living = living.filter(identity_hash__in=sorted({row.digest for row in judged if row.digest}))
    return list(living.select_related("rider", "team", "race", "category").order_by("pk"))


def _meet(
    judged: Sequence[JudgedRow], people: Mapping[str, list[Rider]], entered: Sequence[Entry], *, office: bool
) -> None:
    """Who bears the document already, and who is entered already."""
    by_day = {(entry.identity_hash, entry.day): entry for entry in entered}
    for row in judged:
        if row.person is None:
            continue
        riders = people.get(row.digest, [])
        row.rider = next((rider for rider in riders if particulars.same_name(rider, row.person)), None)
        if row.category is not None:
            row.known = by_day.get((row.digest, row.category.race.day))
        if row.known is None:
            continue
        if not office:
            row.wrong("number", "already_entered", _("This person is entered for that day already."))
        elif not particulars.same_name(row.known.rider, row.person):
            row.wrong("name", "name_differs", _("This number is entered under another name: the office decides."))
        elif row.known.category_id != getattr(row.category, "pk", None):
            text = _("Entered in %(category)s: change the category on the page of the entry.")
            row.wrong("category", "category_differs", text % {"category": row.known.category.name})


def _judge_days(judged: Sequence[JudgedRow], ground: Ground, entered: Sequence[Entry]) -> None:
    """Each row by the rules of its category, beside what the same person rides by other rows and other entries."""
    first: dict[tuple[str, Any], JudgedRow] = {}
    ridden: dict[str, dict[Any, Category]] = {}
    for entry in entered:
        ridden.setdefault(entry.identity_hash, {})[entry.day] = entry.category
    for row in judged:
        if row.person is None or row.category is None:
            continue
        day = row.category.race.day
        if (other := first.setdefault((row.digest, day), row)) is not row:
            text = _("The same person stands in row %(row)s for that day.") % {"row": other.number}
            row.wrong("number", "duplicate_row", text)
            continue
        others = [ground.terms[other.pk] for on, other in ridden.get(row.digest, {}).items() if on != day]
        for reason in eligibility.check(
            particulars.eligible(row.person), ground.terms[row.category.pk], others, one_a_day=ground.rules.one_a_day
        ):
            row.wrong("category", reason.code, words.reason(reason, ground.names))
        ridden.setdefault(row.digest, {})[day] = row.category


def _judge_bibs(judged: Sequence[JudgedRow], edition: Edition, entered: Sequence[Entry]) -> None:
    """A bib is one rider's; after the start list is published a rider has one."""
    owners = {entry.bib: entry for entry in entered if entry.bib is not None}
    given: dict[int, JudgedRow] = {}
    for row in judged:
        if row.category is None:
            continue
        if row.bib is None:
            if row.known is None and row.category.race.published_at and "bib" not in {p.column for p in row.problems}:
                row.wrong("bib", "bib_missing", _("The start list is published: a new rider needs a bib."))
            continue
        owner = owners.get(row.bib)
        if owner is not None and owner.identity_hash != row.digest:
            row.wrong(
                "bib", "bib_taken", _("Number %(bib)s is with %(rider)s.") % {"bib": row.bib, "rider": owner.rider}
            )
        elif owner is not None and (row.known is None or owner.pk != row.known.pk):
            row.wrong("bib", "bib_taken", _("Number %(bib)s is on another day of this rider.") % {"bib": row.bib})
        elif (other := given.setdefault(row.bib, row)) is not row:
            text = _("Number %(bib)s stands in row %(row)s too.") % {"bib": row.bib, "row": other.number}
            row.wrong("bib", "bib_twice", text)
        low, high = row.category.first_bib, row.category.last_bib
        if low is not None and high is not None and not low <= row.bib <= high:
            text = _("Outside the numbers of the category, %(first)s to %(last)s.") % {"first": low, "last": high}
            row.wrong("bib", "bib_out_of_range", text, blocks=False)


def _judge_chips(judged: Sequence[JudgedRow], edition: Edition) -> None:
    """A chip is with one rider; the same rider may carry it on both days."""
    codes = sorted({code for row in judged for code in row.chips})
    carried: dict[str, Assignment] = {}
    held = Assignment.objects.filter(transponder__edition=edition, transponder__code__in=codes)
    for assignment in held.select_related("transponder", "entry").order_by("pk"):
        carried[assignment.transponder.code] = assignment
    given: dict[str, JudgedRow] = {}
    for row in judged:
        for code in row.chips:
            holder = carried.get(code)
            if holder is not None and holder.entry.identity_hash != row.digest:
                values = {"chip": code, "bib": holder.entry.bib or "–"}
                row.wrong("chip", "chip_taken", _("Chip %(chip)s is with number %(bib)s.") % values)
            elif (other := given.setdefault(code, row)) is not row and other.digest != row.digest:
                text = _("Chip %(chip)s stands in row %(row)s too.") % {"chip": code, "row": other.number}
                row.wrong("chip", "chip_twice", text)


def _seat(judged: Sequence[JudgedRow], *, office: bool) -> None:
    """What each good row would get now, in the order of the list. Only taking the places says for sure."""
    taken: Counter[int] = Counter()
    of_region: Counter[tuple[int, str]] = Counter()
    for row in judged:
        category = row.category
        if category is None or row.person is None or not row.ok or row.known is not None:
            continue
        key = places.quota_key(category, row.person.region_code)
        counted = {count.key: count.taken for count in category.quota_counts.all()} if key else {}
        if key and counted.get(key, 0) + of_region[category.pk, key] >= places.quota_cap(category, key):
            text = _("The places for this region in %(category)s are taken.") % {"category": category.name}
            row.wrong("region" if row.cells.get("region") else "category", "region_full", text)
        elif taken[category.pk] < category.left:
            row.seat = PLACE
            taken[category.pk] += 1
            of_region[category.pk, key] += 1
        elif office:
            row.wrong("category", "full", _("%(category)s is full.") % {"category": category.name})
        else:
            row.seat = QUEUE
