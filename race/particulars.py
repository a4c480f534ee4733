"""What a form says of a person: tidied, and judged before anything is written.

No text of a form reaches the database that could break it: each has its limit, none has control characters, and what
looks like a tag is a name like any other, for templates escape it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import cast

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import timezone
from django.utils.translation import gettext as _

from race import dossier, eligibility, identity, names, nations, phones, regulations, vault, words
from race.models import Registration, Rider
from race.refused import Refused

#: The longest text of each field, in characters.
LIMITS: Mapping[str, int] = {
    "name_zh": 60, "surname_latin": 60, "given_latin": 80, "passport_name": 120, "identity_number": 40, "identity_kind": 20,
    "identity_country": 3, "sex": 1, "nation": 3, "region_code": 6, "region_zh": 20, "region_en": 40, "uci_id": 20,
    "name": 80, "email": 254, "phone": 40, "signer": 80, "team": 80, "emergency_name": 80, "emergency_phone": 40,
    "blood": 10, "medical": 1000, "insurer": 120, "policy": 80, "insured_until": 10, "guardian_name": 80,
    "guardian_phone": 40, "key": 80,
}  # fmt: skip
LONG_TEXTS = {"medical"}
#: Of the letters that nobody sees, those that some scripts need. Others turn a line around, or make one name look like another.
JOINERS = "\u200c\u200d"


@dataclass(frozen=True)
class Contact:
    """Who pays and is written to; one of e-mail and phone at least."""

    name: str
    email: str = ""
    phone: str = ""


@dataclass(frozen=True)
class Person:
    """A rider as a form or a row of a sheet gives it. `birth_date` and `sex` come from a resident number where there is one.

    `private` holds the fields of `race.dossier`; `professional` those of `eligibility.Professional` (ISO dates).
    """

    identity_kind: str
    identity_number: str
    identity_country: str = ""
    name_zh: str = ""
    surname_latin: str = ""
    given_latin: str = ""
    passport_name: str = ""
    sex: str = ""
    birth_date: date | None = None
    nation: str = "CHN"
    region_code: str = ""
    region_zh: str = ""
    region_en: str = ""
    uci_id: str = ""
    professional: dict[str, str | bool] = field(default_factory=dict)
    private: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Signature:
    """The waiver, signed: the name as typed, the version of the regulations it was shown with."""

    signer: str
    version: int
    guardian: bool = False


def text(name: str, value: str, *, required: bool = False) -> str:
    """A field's text, without blanks at its ends and without letters that nobody sees. Refused where it is too long
    (`too_long`), has control characters (`bad_characters`), or is missing (`incomplete`)."""
    tidy = (value if value.isprintable() else _seen(value)).strip()
    if len(tidy) > LIMITS[name]:
        told = {"field": words.field(name), "limit": LIMITS[name]}
        raise Refused("too_long", _("%(field)s: at most %(limit)s characters.") % told)
    if not tidy.isprintable() and _unshown(tidy, "\n\r\t" if name in LONG_TEXTS else ""):
        raise Refused(
            "bad_characters", _("%(field)s has characters that cannot be shown.") % {"field": words.field(name)}
        )
    if required and not tidy:
        raise Refused("incomplete", _("%(field)s is missing.") % {"field": words.field(name)})
    return tidy


def _seen(value: str) -> str:
    return "".join(char for char in value if unicodedata.category(char) != "Cf" or char in JOINERS)


def _unshown(tidy: str, allowed: str) -> bool:
    return any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") and char not in allowed for char in tidy)


def phone(value: str, *, name: str = "phone") -> str:
    """A phone number as it is dialled from anywhere, `+8613800000000`; empty for none. Refused (`bad_phone`).

    A number without a country is one of China.
    """
    given = text(name, value)
    if given and not (number := phones.dialled(given)):
        raise Refused("bad_phone", _("%(field)s: this is not a phone number.") % {"field": words.field(name)})
    return number if given else ""


def email(value: str) -> str:
    """An e-mail address; empty for none. Refused (`bad_email`)."""
    given = text("email", value)
    try:
        if given:
            validate_email(given)
    except ValidationError as problem:
        raise Refused("bad_email", _("This is not an e-mail address.")) from problem
    return given


def reachable(contact: Contact) -> Contact:
    """Who pays, tidied. Refused (`no_contact`) where there is neither an e-mail address nor a phone number."""
    tidy = Contact(text("name", contact.name, required=True), email(contact.email), phone(contact.phone))
    if not (tidy.email or tidy.phone):
        raise Refused("no_contact", _("An e-mail address or a phone number is missing."))
    return tidy


def private(values: Mapping[str, str]) -> dict[str, str]:
    """The fields of the dossier, tidied. Refused (`unknown_field`) for one that it does not have."""
    if unknown := set(values) - set(dossier.FIELDS):
        raise Refused("unknown_field", _("There is no field %(field)s.") % {"field": ", ".join(sorted(unknown))[:80]})
    tidy = {name: text(name, value) for name, value in values.items()}
    tidy |= {name: phone(value, name=name) for name, value in tidy.items() if name.endswith("phone")}
    if tidy.get("email"):
        tidy["email"] = email(tidy["email"])
    if tidy.get("insured_until"):
        day("insured_until", tidy["insured_until"])
    return tidy


def day(name: str, value: str) -> date:
    """A calendar day in ISO form. Refused (`bad_date`)."""
    try:
        return date.fromisoformat(value)
    except ValueError as problem:
        raise Refused("bad_date", _("%(field)s: there is no such day.") % {"field": words.field(name)}) from problem


def examined(person: Person) -> Person:
    """The person with every text tidied, the number in its normal form, and sex and birth date as the document says.

    Refused (`identity_...`) for a number that is none, and where form and document disagree; and for what a field may not
    hold (`text`, `private`). What is examined may be examined again.
    """
    person = _tidied(person)
    found = identity.examine(person.identity_kind, person.identity_number, country=person.identity_country)
    if not found.valid or found.kind not in Rider.IdentityKind.values:
        raise Refused(f"identity_{found.problem or 'unknown_kind'}", words.identity_problem(found.problem or ""))
    for given, told in ((person.birth_date, found.born), (person.sex, found.sex)):
        if given and told and given != told:
            raise Refused("identity_mismatch", _("Birth date or sex is not what the document number says."))
    birth_date, sex = found.born or person.birth_date, found.sex or person.sex
    if birth_date is None or sex not in ("M", "F"):
        raise Refused("incomplete", _("Birth date and sex are missing."))
    if birth_date > timezone.localdate() or birth_date.year < identity.OLDEST_YEAR:
        raise Refused("bad_date", _("%(field)s: there is no such day.") % {"field": words.field("birth_date")})
    if not (person.name_zh or (person.surname_latin and person.given_latin)):
        raise Refused("incomplete", _("The name is missing."))
    latin = (person.surname_latin, person.given_latin)
    if person.name_zh and not all(latin):
        latin = names.pinyin(person.name_zh)
        latin = latin[0][: LIMITS["surname_latin"]], latin[1][: LIMITS["given_latin"]]
    return replace(
        person,
        identity_number=found.number,
        birth_date=birth_date,
        sex=sex,
        surname_latin=latin[0],
        given_latin=latin[1],
    )


def _tidied(person: Person) -> Person:
    texts = {name: text(name, value) for name, value in vars(person).items() if isinstance(value, str)}
    texts |= {name: texts[name].upper() for name in ("nation", "identity_country", "sex")}
    if texts["name_zh"]:
        texts["name_zh"] = names.tidy(texts["name_zh"])
    if not nations.of_ioc(texts["nation"]):
        raise Refused("unknown_nation", _("This nation is not known."))
    if texts["region_code"] and not (texts["region_code"].isascii() and texts["region_code"].isdigit()):
        raise Refused("unknown_region", _("This region is not known."))
    declared = {name: value for name, value in person.professional.items() if value}
    if declared.keys() - {"registered", "uci_team_until", "retired_on"}:
        raise Refused("unknown_field", _("There is no field %(field)s.") % {"field": "professional"})
    for name in ("uci_team_until", "retired_on"):
        if name in declared:
            declared[name] = day(name, str(declared[name])).isoformat()
    return replace(person, **texts, professional=declared, private=private(person.private))  # type: ignore[arg-type]


def eligible(person: Person) -> eligibility.Person:
    """What the pure rules look at."""
    assert person.birth_date is not None
    return eligibility.Person(
        sex=cast(eligibility.Sex, person.sex), born=person.birth_date, nation=person.nation, region_code=person.region_code,
        professional=regulations.professional(person.professional),
    )  # fmt: skip


def fingerprint(person: Person) -> str:
    """The keyed hash of the person's document."""
    return vault.fingerprint(vault.document_kind(person.identity_kind, person.identity_country), person.identity_number)


def prepared(person: Person, digest: str) -> Rider:
    """A rider of this (examined) person, not written yet."""
    assert person.birth_date is not None
    latin = (person.surname_latin, person.given_latin)
    return Rider(
        name_zh=person.name_zh, surname_latin=latin[0], given_latin=latin[1], passport_name=person.passport_name,
        sort_key=names.sort_key(person.name_zh, *latin), search_key=names.search_keys(person.name_zh, *latin),
        sex=person.sex, birth_date=person.birth_date, nation=person.nation, region_code=person.region_code,
        region_zh=person.region_zh, region_en=person.region_en, uci_id=identity.examine_uci_id(person.uci_id).stored,
        professional=person.professional, identity_kind=person.identity_kind, identity_country=person.identity_country,
        identity_sealed=vault.seal(person.identity_number), identity_hash=digest,
        identity_key_version=vault.KEY_VERSION, **dossier.columns(person.private),
    )  # fmt: skip


def same_name(rider: Rider, person: Person) -> bool:
    """Whether the names agree in the script they share."""
    if rider.name_zh and person.name_zh:
        return rider.name_zh == person.name_zh
    return rider.sort_key == names.sort_key(person.name_zh, person.surname_latin, person.given_latin)


def reached_at(rider: Rider, person: Person, contact: Contact | None) -> bool:
    """Whether a form names an address at which a known rider is reached, or nothing private of the rider is kept.

    Whoever joins a known rider reads what is kept of them: number and name, which many people know, are not enough.
    """
    given = {person.private.get("email", ""), person.private.get("phone", "")}
    given |= {contact.email, contact.phone} if contact else set()
    hashes = {dossier.contact_hash(address) for address in given if address}
    return bool(hashes & {rider.email_hash, rider.phone_hash}) or not any(dossier.read(rider).values())


def language(value: str) -> str:
    """The language somebody is written to in: one of ours."""
    default: str = Registration._meta.get_field("language").default
    return value if value in ("zh-hans", "en") else default
