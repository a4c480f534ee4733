"""What a rider typed on the page of entering: read, checked, and told at the field what is wrong. Nothing is stored."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from race import eligibility, identity, names, nations, papers, particulars, regions, words
from race.entry_rules import DocumentTerms, EntryRules
from race.models import Edition
from race.refused import Refused
from race.registration import Contact, Person, Signature
from race.views.numbers import whole

#: Every field of the page, with the most characters it takes.
FIELDS: dict[str, int] = {
    "kind": 24, "identity_number": 40, "nation": 3, "birth_date": 10, "sex": 1, "name_zh": 60, "surname_latin": 60,
    "given_latin": 80, "region_code": 6, "uci_id": 30, "email": 254, "phone": 30, "emergency_name": 60,
    "emergency_phone": 30, "blood": 4, "medical": 500, "guardian_name": 60, "guardian_phone": 30, "insurer": 80,
    "policy": 60, "insured_until": 10, "team": 80, "pro_registered": 2, "pro_uci_until": 10, "pro_retired_on": 10,
    "signer": 80, "version": 6, "accept": 2, "key": 80,
}  # fmt: skip
PRIVATE = ("email", "phone", "emergency_name", "emergency_phone", "blood", "medical", "insurer", "policy", "insured_until",
           "guardian_name", "guardian_phone")  # fmt: skip
TELLING = frozenset({"resident", "residence_permit_hmt"})
"""Documents whose number tells birth date and sex."""
OF_PERMITS = {"H": "HKG", "M": "MAC", "81": "HKG", "82": "MAC", "83": "TPE"}
"""How the number of a permit begins, and for whom results print its holder."""
KINDS = ("resident", "passport", "permit_hm", "permit_tw", "residence_permit_hmt", "pr_card")
BLOOD = ("A", "B", "AB", "O")


@dataclass
class Filled:
    """A form as it came in: the text of every field, the categories ticked, and what is wrong by field."""

    texts: dict[str, str]
    chosen: frozenset[int]
    errors: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        return self.texts[name]

    @property
    def kind(self) -> str:
        """The kind of document."""
        return self["kind"] if self["kind"] in KINDS else KINDS[0]

    @property
    def found(self) -> identity.Examined:
        """What the document's number says."""
        return identity.examine(self.kind, self["identity_number"], country=self["nation"])

    @property
    def born(self) -> date | None:
        """The birth date: told by the number, or typed."""
        return (self.found.born if self.found.valid else None) or _day(self["birth_date"])

    @property
    def sex(self) -> str:
        """M, F or nothing: told by the number, or chosen."""
        told = self.found.sex if self.found.valid else None
        return told or (self["sex"] if self["sex"] in ("M", "F") and self.kind not in TELLING else "")

    @property
    def nation(self) -> str:
        """The IOC code of the nation."""
        if self.kind == "resident":
            return "CHN"
        if self.kind == "permit_tw":
            return "TPE"
        if self.kind in ("permit_hm", "residence_permit_hmt"):
            number = self.found.number
            return OF_PERMITS.get(number[:1]) or OF_PERMITS.get(number[:2], "HKG")
        return self["nation"]

    @property
    def latin(self) -> tuple[str, str]:
        """Surname and given name in Latin letters: as typed, else the pinyin of the Chinese name."""
        read_out = names.pinyin(self["name_zh"]) if self["name_zh"] else ("", "")
        return self["surname_latin"] or read_out[0], self["given_latin"] or read_out[1]

    @property
    def professional(self) -> dict[str, str | bool]:
        """What was declared, as a rider's row keeps it."""
        return {
            "registered": self["pro_registered"] == "on",
            "uci_team_until": _iso(self["pro_uci_until"]),
            "retired_on": _iso(self["pro_retired_on"]),
        }


def read(posted: MultiValueDict[str, str] | None) -> Filled:
    """The form as it was sent, blanks and excess cut; an empty one for None."""
    given = posted if posted is not None else MultiValueDict()
    texts = {name: str(given.get(name) or "").strip()[:longest] for name, longest in FIELDS.items()}
    texts["kind"] = texts["kind"] or ("passport" if (get_language() or "").startswith("en") else "resident")
    texts["nation"] = texts["nation"].upper()
    chosen = frozenset(pk for value in given.getlist("category") if (pk := whole(value)) is not None)
    return Filled(texts, chosen)


def minor(filled: Filled, edition: Edition, rules: EntryRules) -> bool:
    """Whether a guardian signs."""
    return filled.born is not None and eligibility.civil_age(filled.born, edition.starts_on) < rules.guardian_under


def documents(filled: Filled, edition: Edition, rules: EntryRules) -> list[DocumentTerms]:
    """The papers asked of such a rider."""
    foreign = filled.nation not in ("CHN", "")
    return papers.asked(rules, foreign=foreign, minor=minor(filled, edition, rules))


def insurance_asked(terms: list[DocumentTerms]) -> bool:
    """Whether the rider has to name an insurance."""
    return any(one.kind == "insurance" for one in terms)


def check(filled: Filled, edition: Edition, rules: EntryRules) -> None:
    """Write into `errors` what keeps the form from being sent: at each field the sentence that helps."""
    errors = filled.errors
    _check_identity(filled)
    _check_name(filled)
    if filled.nation == "CHN" and filled["region_code"][:2] not in {code[:2] for code in regions.regions()}:
        errors["region_code"] = _("Choose where you live.")
    _check_contact(filled)
    for name, text in (
        ("emergency_name", _("Whom shall we call?")),
        ("emergency_phone", _("Which number shall we call?")),
    ):
        if not filled[name]:
            errors[name] = text
    if not filled.chosen:
        errors["category"] = _("Choose at least one race.")
    if minor(filled, edition, rules):
        for name in ("guardian_name", "guardian_phone"):
            if not filled[name]:
                errors[name] = _("Under %(age)d, a guardian signs.") % {"age": rules.guardian_under}
    asked = documents(filled, edition, rules)
    if insurance_asked(asked):
        _check_insurance(filled, edition)
    if filled["accept"] != "on":
        errors["accept"] = _("Without this nobody can start.")
    if not filled["signer"]:
        errors["signer"] = _("Sign with your name.")


def _check_identity(filled: Filled) -> None:
    found, errors = filled.found, filled.errors
    if not filled["identity_number"]:
        errors["identity_number"] = _("The number is missing.")
    elif not found.valid and found.problem != "country_missing":
        errors["identity_number"] = words.identity_problem(found.problem or "")
    if filled.kind in ("passport", "pr_card") and nations.of_ioc(filled["nation"]) is None:
        errors["nation"] = _("Choose your nation.")
    if filled.kind not in TELLING:
        if filled.born is None:
            errors["birth_date"] = _("Year, month and day of birth.")
        elif found.valid and found.born and (typed := _day(filled["birth_date"])) and typed != found.born:
            errors["birth_date"] = _("The number of the document says another date.")
        if not filled.sex:
            errors["sex"] = _("Choose as on the document.")
    if filled.born and not date(1900, 1, 1) <= filled.born < timezone.localdate():
        errors["identity_number" if filled.kind in TELLING else "birth_date"] = _("This birth date cannot be.")


def _check_name(filled: Filled) -> None:
    if filled.kind == "passport" or (filled.kind == "pr_card" and not filled["name_zh"]):
        for name in ("surname_latin", "given_latin"):
            if not filled[name]:
                filled.errors[name] = _("As printed in the document.")
    elif not filled["name_zh"]:
        filled.errors["name_zh"] = _("The name is missing.")


def _check_contact(filled: Filled) -> None:
    if not (filled["email"] or filled["phone"]):
        filled.errors["phone"] = _("An e-mail address or a phone number is needed.")
    for name in ("email", "phone", "emergency_phone", "guardian_phone"):
        try:
            particulars.email(filled[name]) if name == "email" else particulars.phone(filled[name], name=name)
        except Refused as refused:
            filled.errors[name] = refused.message


def _check_insurance(filled: Filled, edition: Edition) -> None:
    for name in ("insurer", "policy"):
        if not filled[name]:
            filled.errors[name] = _("As on the policy.")
    until = _day(filled["insured_until"])
    if until is None or until < edition.ends_on:
        filled.errors["insured_until"] = _("The insurance has to cover every race day.")


def person(filled: Filled, asked: list[DocumentTerms], *, is_minor: bool) -> Person:
    """The rider as `race.registration` takes one."""
    surname, given = filled.latin
    region = regions.regions().get(f"{filled['region_code'][:2]}0000") if filled.nation == "CHN" else None
    left_out = set() if is_minor else {"guardian_name", "guardian_phone"}
    left_out |= set() if insurance_asked(asked) else {"insurer", "policy", "insured_until"}
    return Person(
        identity_kind=filled.kind,
        identity_number=filled["identity_number"],
        identity_country=filled["nation"] if filled.kind == "passport" else "",
        name_zh=names.tidy(filled["name_zh"]),
        surname_latin=surname,
        given_latin=given,
        passport_name=f"{surname} {given}".strip() if filled.kind == "passport" else "",
        sex=filled.sex,
        birth_date=filled.born,
        nation=filled.nation,
        region_code=filled["region_code"] if region else "",
        region_zh=region.zh if region else "",
        region_en=region.en if region else "",
        uci_id=filled["uci_id"],
        professional=filled.professional,
        private={name: filled[name] for name in PRIVATE if name not in left_out},
    )


def contact(filled: Filled) -> Contact:
    """Who pays: the rider, or the guardian of a minor writes from the same address."""
    name = filled["name_zh"] or " ".join(filled.latin)
    return Contact(name, email=filled["email"], phone=filled["phone"])


def signature(filled: Filled, *, is_minor: bool) -> Signature:
    """The waiver, signed."""
    version = int(filled["version"]) if filled["version"].isascii() and filled["version"].isdigit() else 0
    return Signature(filled["signer"], version, guardian=is_minor)


def blame(filled: Filled, refused: Refused) -> None:
    """Put what the action refused at the field it is about; "" for the head of the form."""
    at = {
        "identity_mismatch": "identity_number", "new_version": "accept", "key_reused": "", "region_full": "region_code",
        "already_entered": "category", "incomplete": "name_zh", "guardian_missing": "guardian_name", "unknown_nation": "nation",
    }  # fmt: skip
    place = "identity_number" if refused.code.startswith("identity_") else at.get(refused.code, "category")
    filled.errors[place] = refused.message


def told(filled: Filled, edition: Edition) -> dict[str, Any]:
    """What the page shows beside the fields while somebody types: never a number, only what it says."""
    found, uci = filled.found, identity.examine_uci_id(filled["uci_id"])
    born = filled.born
    surname, given = filled.latin
    typed = bool(filled["identity_number"])
    return {
        "valid": typed and found.valid,
        "problem": words.identity_problem(found.problem or "") if typed and not found.valid else "",
        "born": born.isoformat() if born else "",
        "age": eligibility.civil_age(born, edition.starts_on) if born else None,
        "sex": filled.sex,
        "sex_word": {"M": _("man"), "F": _("woman")}.get(filled.sex, ""),
        "latin": f"{surname.upper()} {given}".strip(),
        "uci_problem": _("The last two digits do not match. Check for a swapped digit, or leave it empty.")
        if filled["uci_id"] and not uci.valid
        else "",
    }


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _iso(text: str) -> str:
    day = _day(text)
    return day.isoformat() if day else ""
