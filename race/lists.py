"""Lists that leave the house: for the insurer, the police, the medics, the call-up, the start, labels and envelopes.

A list of personal data says on top what it is for, who made it and when, is made for the office and the organiser only, and
each time it is made stands in the log. The rows are plain text; `race.list_files` makes files of them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from race import clock, dossier, eligibility, log, names, papers, permissions, transponders, vault, waivers
from race.entry_rules import EntryRules
from race.models import Document, Edition, Entry, Race, Regulations, Role, User
from race.models.edition import in_language
from race.refused import Refused

ROLES = (Role.Name.OFFICE, Role.Name.ORGANISER)


@dataclass(frozen=True)
class Column:
    """A column: its key in the rows, its title, its width in letters; `box`: an empty box to tick."""

    key: str
    title: str
    width: int = 12
    align: str = "left"
    box: bool = False


@dataclass(frozen=True)
class Listing:
    """A list as it stands on paper. `purpose` is what personal data are for, `made` who made it and when.

    `grouped`: the key of the column by which the rows stand together, on paper under headings.
    """

    kind: str
    title: str
    subtitle: str
    columns: tuple[Column, ...]
    rows: list[dict[str, str]]
    made: str
    purpose: str = ""
    labels: list[dict[str, str]] = field(default_factory=list)
    grouped: str = ""


@dataclass(frozen=True)
class Kind:
    """A kind of list: its name, what it is for, whether it holds personal data, and whether it is of one race."""

    code: str
    name: str | Promise
    about: str | Promise
    personal: bool
    of_race: bool


KINDS = (
    Kind("insurer", gettext_lazy("List for the insurer"),
         gettext_lazy("To insure the riders of each day. For the insurer only."), True, False),
    Kind("police", gettext_lazy("List for the police"),
         gettext_lazy("To answer for safety on the road. For the police only."), True, False),
    Kind("medical", gettext_lazy("List for the medics"),
         gettext_lazy("To help in an emergency. For the medical team only; destroyed after the race."), True, False),
    Kind("call_up", gettext_lazy("Call-up list"), gettext_lazy("Riders in call-up order, with boxes to tick."), False, True),
    Kind("start_list", gettext_lazy("Start list on paper"), gettext_lazy("Riders by number."), False, True),
    Kind("labels", gettext_lazy("Bib labels"),
         gettext_lazy("For each rider's bag, with the code of the pass. For the packers only; spoilt sheets are destroyed."),
         True, False),
    Kind("envelopes", gettext_lazy("Team envelopes"), gettext_lazy("What goes into the envelope of each team."), False, False),
    Kind("missing", gettext_lazy("Papers missing"),
         gettext_lazy("Whose waiver, papers or emergency contact are missing. For the office and the desks only."),
         True, False),
)  # fmt: skip
BY_CODE = {kind.code: kind for kind in KINDS}


def make(edition: Edition, code: str, *, by: User | None, race: Race | None = None, form: str = "") -> Listing:
    """The list of this kind, of the whole edition or of one race. A fixed number of queries at any size.

    Refused: `unknown_list`, `race_missing`, and `list_not_allowed` for personal data to whoever is neither office nor
    organiser. A list of personal data is noted in the log with its `form` (xlsx, pdf).
    """
    kind = BY_CODE.get(code)
    if kind is None:
        raise Refused("unknown_list", _("There is no such list."))
    if kind.of_race and race is None:
        raise Refused("race_missing", _("Choose the race of this list."))
    if kind.personal and (by is None or not permissions.may(by, edition, *ROLES)):
        raise Refused("list_not_allowed", _("Lists of personal data are made by the office and the organiser only."))
    entries = _entries(edition, race)
    columns, rows, labels = MAKERS[code](edition, entries)
    if kind.personal:
        of = race.slug if race else ""
        log.note(edition, "list_made", by=by, list=code, rows=len(rows), race=of, form=form)
    whole = race.name if race else _("All races")
    return Listing(
        code, str(kind.name), f"{edition.short_name} · {whole} · {_count(len(rows))}", columns, rows,
        made=_made(edition, by), purpose=str(kind.about) if kind.personal else "", labels=labels,
    )  # fmt: skip


#: How a start list may be grouped, and by which of its columns.
GROUPED = {"category": "category", "team": "team", "province": "from"}


def grouped(listing: Listing, by: str) -> Listing:
    """The list with its rows together by a grouping of GROUPED, each group in the list's order; who has none comes last."""
    key = GROUPED[by]
    rows = sorted(listing.rows, key=lambda row: (not row[key], names.sort_key(row[key], "", ""), row[key]))
    return replace(listing, rows=rows, grouped=key)


Made = tuple[tuple[Column, ...], list[dict[str, str]], list[dict[str, str]]]


def insurer(edition: Edition, entries: list[Entry]) -> Made:
    """Names and documents in full: what a policy asks for."""
    columns = (
        Column("bib", _("Bib"), 8, "right"), Column("name", _("Name"), 18),
        Column("passport", _("Name as on the document"), 24),
        Column("kind", _("Identity document"), 16),
        Column("number", _("Document number"), 22), Column("born", _("Birth date"), 12),
        Column("sex", _("Sex"), 6), Column("category", _("Category"), 16), Column("day", _("Day"), 12),
    )  # fmt: skip
    rows = []
    for entry in entries:
        rider = entry.rider
        number = vault.unseal(rider.identity_sealed) if rider.identity_sealed else ""
        on_document = rider.passport_name or (rider.name_zh if rider.nation == "CHN" else rider.latin) or rider.latin
        rows.append(
            _who(entry)
            | {
                "passport": on_document,
                "kind": document_word(rider.identity_kind),
                "number": number,
                "sex": _sex(rider.sex),
            }
            | {"born": rider.birth_date.isoformat(), "day": entry.day.isoformat()}
        )
    return columns, rows, []


def police(edition: Edition, entries: list[Entry]) -> Made:
    """Who rides, and whom to call."""
    columns = (
        Column("bib", _("Bib"), 8, "right"), Column("name", _("Name"), 18), Column("from", pgettext("region", "From"), 12),
        Column("category", _("Category"), 16), Column("team", _("Team"), 20), Column("phone", _("Phone"), 16),
        Column("contact", _("Emergency contact"), 16), Column("contact_phone", _("Emergency phone"), 16),
    )  # fmt: skip
    rows = [_who(entry) | _contact(dossier.read(entry.rider)) for entry in entries]
    return columns, rows, []


def medical(edition: Edition, entries: list[Entry]) -> Made:
    """What a medic needs at the roadside."""
    columns = (
        Column("bib", _("Bib"), 8, "right"), Column("name", _("Name"), 18), Column("sex", _("Sex"), 6),
        Column("age", _("Age"), 6),
        Column("blood", _("Blood group"), 8), Column("medical", _("Medical notes"), 30),
        Column("contact", _("Emergency contact"), 16), Column("contact_phone", _("Emergency phone"), 16),
    )  # fmt: skip
    rows = []
    for entry in entries:
        private = dossier.read(entry.rider)
        told = {"blood": private["blood"], "medical": private["medical"], "sex": _sex(entry.rider.sex)}
        age = str(eligibility.civil_age(entry.rider.birth_date, entry.day))
        rows.append(_who(entry) | _contact(private) | told | {"age": age})
    return columns, rows, []


def call_up(edition: Edition, entries: list[Entry]) -> Made:
    """In call-up order, which is the order of the numbers: seeded riders have the lowest."""
    columns = (
        Column("order", pgettext("call-up", "No."), 6, "right"), Column("here", _("Here"), 6, "center", box=True),
        Column("bib", _("Bib"), 8, "right"), Column("name", _("Name"), 20), Column("latin", _other_writing(), 22),
        Column("team", _("Team"), 24), Column("from", pgettext("region", "From"), 12), Column("category", _("Category"), 16),
    )  # fmt: skip
    rows = [_who(entry) | {"order": str(place), "here": ""} for place, entry in enumerate(entries, 1)]
    return columns, rows, []


def start_list(edition: Edition, entries: list[Entry]) -> Made:
    """The public list, on paper."""
    columns = (
        Column("bib", _("Bib"), 8, "right"), Column("name", _("Name"), 20), Column("latin", _other_writing(), 22),
        Column("team", _("Team"), 24), Column("from", pgettext("region", "From"), 12), Column("category", _("Category"), 16),
    )  # fmt: skip
    return columns, [_who(entry) for entry in entries], []


def labels(edition: Edition, entries: list[Entry]) -> Made:
    """A label a rider: number, names, category, team, chips, and the pass as a code."""
    columns = (
        Column("bib", _("Bib"), 8, "right"), Column("name", _("Name"), 20), Column("latin", _other_writing(), 22),
        Column("category", _("Category"), 16), Column("team", _("Team"), 24), Column("chips", _("Chips"), 24),
        Column("qr", _("Code of the pass"), 14),
    )  # fmt: skip
    carried = transponders.carried(entries, clock.now(edition))
    rows = []
    for entry in entries:
        chips = " ".join(item.transponder.code for item in carried.get(entry.pk, []))
        rows.append(_who(entry) | {"qr": entry.pass_code or "", "chips": chips})
    cards = [row | {"mark": entry.category.mark} for row, entry in zip(rows, entries, strict=True)]
    return columns, rows, cards


def envelopes(edition: Edition, entries: list[Entry]) -> Made:
    """A row a team: how many riders and which numbers. Riders without a team have no envelope."""
    columns = (
        Column("team", _("Team"), 28), Column("riders", _("Riders"), 8, "right"), Column("bibs", _("Bibs"), 40),
        Column("names", _("Names"), 60), Column("given", _("Handed out"), 8, "center", box=True),
    )  # fmt: skip
    teams: dict[int, list[Entry]] = {}
    for entry in entries:
        if entry.team_id is not None:
            teams.setdefault(entry.team_id, []).append(entry)
    rows = []
    for members in sorted(teams.values(), key=lambda members: members[0].team.name if members[0].team else ""):
        team = members[0].team
        rows.append(
            {
                "team": team.name if team else "", "riders": str(len(members)),
                "bibs": " ".join(str(one.bib) if one.bib else "–" for one in members),
                "names": in_language("；", "; ").join(f"{one.bib or '–'} {_name(one)}" for one in members), "given": "",
            }
        )  # fmt: skip
    return columns, rows, []


def missing(edition: Edition, entries: list[Entry]) -> Made:
    """Riders who still owe something on paper, and what."""
    columns = (
        Column("bib", _("Bib"), 8, "right"), Column("name", _("Name"), 20), Column("category", _("Category"), 16),
        Column("team", _("Team"), 24), Column("missing", _("Missing"), 50),
    )  # fmt: skip
    rules = EntryRules.of(edition.entry_rules)
    riders = {entry.rider_id for entry in entries}
    sent = Document.objects.filter(edition=edition, rider__in=riders, state__in=("sent", "accepted"))
    have = set(sent.values_list("rider_id", "kind"))
    signed = _signed(edition, riders)
    rows = []
    for entry in entries:
        minor = eligibility.civil_age(entry.rider.birth_date, edition.starts_on) < rules.guardian_under
        asked = papers.asked(rules, foreign=entry.rider.nation != "CHN", minor=minor)
        lacking = [
            papers.label(terms.kind) for terms in asked if terms.required and (entry.rider_id, terms.kind) not in have
        ]
        if signed is not None and not waivers.enough(signed[entry.rider_id], minor=minor):
            lacking.append(_("Waiver"))
        private = dossier.read(entry.rider)
        if not (private["emergency_name"] and private["emergency_phone"]):
            lacking.append(_("Emergency contact"))
        if lacking:
            rows.append(_who(entry) | {"missing": in_language("、", ", ").join(lacking)})
    return columns, rows, []


MAKERS: dict[str, Callable[[Edition, list[Entry]], Made]] = {
    "insurer": insurer, "police": police, "medical": medical, "call_up": call_up, "start_list": start_list, "labels": labels,
    "envelopes": envelopes, "missing": missing,
}  # fmt: skip


def document_word(kind: str) -> str:
    """The name of a kind of document, in the language in force."""
    return {
        "resident": _("Resident ID"),
        "passport": _("Passport"),
        "permit": _("Travel permit"),
        "residence_permit_hmt": _("Residence permit for Hong Kong, Macau and Taiwan residents"),
        "permit_hm": _("Travel permit for Hong Kong and Macau residents"),
        "permit_tw": _("Travel permit for Taiwan residents"),
        "pr_card": _("Permanent residence card"),
    }.get(kind, kind)


def _entries(edition: Edition, race: Race | None) -> list[Entry]:
    """Confirmed entries in the order of the programme, each race by number. One query."""
    entries = Entry.objects.filter(edition=edition, state=Entry.State.CONFIRMED)
    if race is not None:
        entries = entries.filter(race=race)
    entries = entries.select_related("rider", "team", "category", "race")
    return list(entries.order_by("race__day", "race__order", "race__slug", "bib", "rider__sort_key", "pk"))


def _who(entry: Entry) -> dict[str, str]:
    rider = entry.rider
    region = in_language(rider.region_zh, rider.region_en) if rider.nation == "CHN" else rider.nation
    return {
        "bib": str(entry.bib) if entry.bib else "–", "name": _name(entry),
        "latin": in_language(rider.latin, rider.name_zh) if rider.name_zh else "",
        "team": entry.team.name if entry.team else "", "from": region, "category": entry.category.name,
    }  # fmt: skip


def _name(entry: Entry) -> str:
    return in_language(entry.rider.name_zh, entry.rider.latin) or str(entry.rider)


def _other_writing() -> str:
    """The heading over what `_name` does not say: Latin letters beside Han characters, and the other way round."""
    return in_language(_("Name in Latin letters"), _("Chinese name"))


def _contact(private: dict[str, str]) -> dict[str, str]:
    return {
        "phone": private["phone"], "contact": private["emergency_name"], "contact_phone": private["emergency_phone"],
    }  # fmt: skip


def _sex(sex: str) -> str:
    return pgettext("sex", "M") if sex == "M" else pgettext("sex", "F")


def _signed(edition: Edition, riders: Collection[int]) -> Mapping[int, set[bool]] | None:
    """Whose hands signed the waiver as it is now; None where the edition has none."""
    if not (edition.waiver_zh or edition.waiver_en) or not Regulations.objects.filter(edition=edition).exists():
        return None
    return waivers.hands(edition, riders)


def _count(rows: int) -> str:
    return _("%(count)d rows") % {"count": rows}


def _made(edition: Edition, by: User | None) -> str:
    """Who made the list and when, at the venue: the mark on every sheet."""
    at: datetime = timezone.now().astimezone(ZoneInfo(edition.zone))
    if by is None:
        return _("As of %(at)s") % {"at": f"{at:%Y-%m-%d %H:%M}"}
    who = by.get_full_name() or by.get_username()
    return _("Made by %(who)s, %(at)s") % {"who": who, "at": f"{at:%Y-%m-%d %H:%M}"}
