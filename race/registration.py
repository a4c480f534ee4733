"""Entering: a rider asks for places, and gets them, a number on the waiting list, or the reason why not.

Facts begin when a start list is published; entering online before that moves no counter (design.md section 1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import cast

import orjson
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from race import (
    changes,
    dossier,
    eligibility,
    identity,
    links,
    log,
    messages,
    names,
    payments,
    places,
    regulations,
    vault,
    words,
)  # fmt: skip
from race.entry_rules import EntryRules
from race.models import Acceptance, Category, Edition, Entry, Registration, Rider, Team, User
from race.refused import Refused

State = Entry.State


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


@transaction.atomic
def register(
    edition: Edition,
    person: Person,
    categories: Sequence[Category],
    *,
    contact: Contact,
    signature: Signature,
    key: str,
    language: str,
    team: Team | None = None,
    by: User | None = None,
) -> Registration:
    """Enter one rider for one or more categories: each place is held for payment, or the rider waits in line.

    The same `key` with the same request is the same registration, however often it is sent. Refused with the rule's code:
    `entries_closed`, `key_reused`, what `race.identity` and `race.eligibility` object to, `already_entered`, `region_full`.
    """
    asked = _asked(person, categories, contact, team)
    if (known := _known(edition, key, asked)) is not None:
        return known
    refuse_closed(edition, by=by)
    _lock_identity(person)
    if (known := _known(edition, key, asked)) is not None:
        return known
    checked = examined(person)
    refuse_ineligible(edition, checked, categories)
    version = regulations.accepted(edition, signature.version)
    registration = begun(edition, contact, key=key, asked=asked, language=language, team=team)
    rider = written(checked)
    Acceptance.objects.create(
        rider=rider, registration=registration, regulations=version, waiver_sha256=version.waiver_sha256,
        signer=signature.signer, guardian=signature.guardian, language=language,
    )  # fmt: skip
    links.prepared(registration)
    log.note(edition, "registered", by=by, registration=registration, rider=rider)
    seat(registration, rider, categories, team=team)
    messages.about(registration, "registered", rider=rider)
    return registration


def begun(
    edition: Edition,
    contact: Contact,
    *,
    key: str,
    asked: str,
    language: str,
    team: Team | None = None,
    kind: str = Registration.Kind.RIDER,
) -> Registration:
    """A new registration, written. Refused (`key_reused`) where another request with this key was quicker."""
    try:
        with transaction.atomic():
            return Registration.objects.create(
                edition=edition, key=key, asked=asked, language=language, team=team, kind=kind,
                **dossier.contact_columns(contact.name, contact.email, contact.phone),
            )  # fmt: skip
    except IntegrityError as problem:
        raise Refused("key_reused", _("This form was sent before with other content.")) from problem


def seat(registration: Registration, rider: Rider, categories: Sequence[Category], *, team: Team | None) -> list[Entry]:
    """Write the entries of one rider and take their places, categories ascending, last in the transaction."""
    edition = registration.edition
    until = timezone.now() + timedelta(minutes=EntryRules.of(edition.entry_rules).hold_minutes)
    made = [
        Entry(
            edition=edition, race=category.race, category=category, rider=rider, team=team, registration=registration,
            day=category.race.day, state=State.HELD, held_until=until, fee_fen=category.fee_fen,
            quota_key=places.quota_key(category, rider.region_code), pass_code=links.pass_code(),
            identity_hash=rider.identity_hash, identity_key_version=rider.identity_key_version,
        )
        for category in sorted(categories, key=lambda category: category.pk)
    ]  # fmt: skip
    try:
        with transaction.atomic():
            Entry.objects.bulk_create(made)
    except IntegrityError as problem:
        if "one_entry_a_day" not in str(problem):
            raise
        raise Refused("already_entered", _("This person is entered for that day already.")) from problem
    for entry in made:
        places.take(entry)
    return made


def examined(person: Person) -> Person:
    """The person with the number in its normal form, and sex and birth date as the document says.

    Refused (`identity_...`) for a number that is none, and where form and document disagree.
    """
    found = identity.examine(person.identity_kind, person.identity_number, country=person.identity_country)
    if not found.valid:
        raise Refused(f"identity_{found.problem}", words.identity_problem(found.problem or ""))
    for given, told in ((person.birth_date, found.born), (person.sex, found.sex)):
        if given and told and given != told:
            raise Refused("identity_mismatch", _("Birth date or sex is not what the document number says."))
    birth_date, sex = found.born or person.birth_date, found.sex or person.sex
    if birth_date is None or sex not in ("M", "F"):
        raise Refused("incomplete", _("Birth date and sex are missing."))
    if not (person.name_zh or (person.surname_latin and person.given_latin)):
        raise Refused("incomplete", _("The name is missing."))
    latin = (person.surname_latin, person.given_latin)
    if person.name_zh and not all(latin):
        latin = names.pinyin(person.name_zh)
    changed = {"identity_number": found.number, "birth_date": birth_date, "sex": sex}
    return Person(**(vars(person) | changed | {"surname_latin": latin[0], "given_latin": latin[1]}))


def refuse_ineligible(edition: Edition, person: Person, categories: Sequence[Category]) -> None:
    """Refused with the first reason why this (examined) person may not enter one of the categories beside the others."""
    rules = EntryRules.of(edition.entry_rules)
    terms = {category.pk: regulations.terms(category, rules) for category in categories}
    named = {category.code: category.name for category in categories}
    for category in categories:
        others = [terms[other.pk] for other in categories if other.pk != category.pk]
        for reason in eligibility.check(eligible(person), terms[category.pk], others, one_a_day=rules.one_a_day):
            raise Refused(reason.code, words.reason(reason, named))


def eligible(person: Person) -> eligibility.Person:
    """What the pure rules look at."""
    assert person.birth_date is not None
    return eligibility.Person(
        sex=cast(eligibility.Sex, person.sex), born=person.birth_date, nation=person.nation, region_code=person.region_code,
        professional=regulations.professional(person.professional),
    )  # fmt: skip


def refuse_closed(edition: Edition, *, by: User | None, now: datetime | None = None) -> None:
    """Refused outside the entry window, unless the office itself enters (`by`)."""
    now = now or timezone.now()
    if by is not None:
        return
    if edition.entry_opens_at is None or now < edition.entry_opens_at:
        raise Refused("entries_not_open", _("Entries are not open yet."))
    if edition.entry_closes_at is not None and now >= edition.entry_closes_at:
        raise Refused("entries_closed", _("Entries are closed."))


def fingerprint(person: Person) -> str:
    """The keyed hash of the person's document."""
    return vault.fingerprint(vault.document_kind(person.identity_kind, person.identity_country), person.identity_number)


def written(person: Person) -> Rider:
    """The rider of this (examined) document, with what is new in the form; a new one where the names do not agree.

    Somebody who merely knows a number cannot overwrite whose it is: the second name becomes a second rider, and the office
    sees the pair among the duplicates.
    """
    digest = fingerprint(person)
    for rider in Rider.objects.filter(identity_hash=digest, merged_into=None, erased_at=None).order_by("pk"):
        if same_name(rider, person):
            kept = {name: value for name, value in person.private.items() if value}
            columns = dossier.columns(dossier.read(rider) | kept)
            columns |= {"region_code": person.region_code} if person.region_code else {}
            Rider.objects.filter(pk=rider.pk).update(professional=person.professional, **columns)
            return rider
    rider = prepared(person, digest)
    rider.save(force_insert=True)
    return rider


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


@transaction.atomic
def withdraw(entry: Entry, *, by: User | None, reason: str = "") -> None:
    """The rider gives up the place (or the number in line); the first one waiting gets it. What was paid goes back by the
    steps of the regulations.

    Refused once the race has started (that is a DNF), and after the deadline unless the office does it.
    """
    (entry,) = places.lock([entry])
    if entry.state not in Entry.ALIVE:
        return
    refuse_late(entry, by=by)
    payments.refund_entry(entry, reason="withdrawn", by=by)
    places.leave(entry, State.WITHDRAWN, by=by, reason=reason)
    log.note(entry.edition, "withdrawn", by=by, entry=entry, registration=entry.registration)
    messages.tell(entry, "withdrawn")


@transaction.atomic
def accept_offer(entry: Entry, *, by: User | None = None) -> Entry:
    """The rider takes an offered place: it is held for payment like any other (or confirmed, where it costs nothing)."""
    (entry,) = places.lock([entry])
    if entry.state != State.OFFERED:
        raise Refused("no_offer", _("There is no offer for this entry any more."))
    until = timezone.now() + timedelta(minutes=EntryRules.of(entry.edition.entry_rules).hold_minutes)
    held_until = max(until, entry.held_until or until)
    changes.write(entry.edition, [(entry, {"state": State.HELD, "held_until": held_until})], by=by)
    log.note(entry.edition, "offer_taken", by=by, entry=entry, registration=entry.registration)
    return entry


@transaction.atomic
def expire(edition: Edition, *, now: datetime | None = None, limit: int = 200) -> int:
    """End every hold and offer whose time is over, and pass their places on. Returns how many ended; safe to run twice."""
    now = now or timezone.now()
    over = Entry.objects.filter(edition=edition, state__in=(State.HELD, State.OFFERED), held_until__lt=now)
    ended = 0
    for entry in places.lock(over.order_by("held_until")[:limit]):
        if entry.state in (State.HELD, State.OFFERED) and entry.held_until and entry.held_until < now:
            offered = entry.state == State.OFFERED
            places.leave(entry, State.EXPIRED, by=None)
            messages.tell(entry, "offer_over" if offered else "hold_over")
            ended += 1
    return ended


def refuse_late(entry: Entry, *, by: User | None) -> None:
    """Refused after the deadline for changes, unless the office acts; and for everybody once the race has begun."""
    if entry.race.published_at and entry.race.waves.filter(guns__isnull=False).exists():
        raise Refused("race_started", _("The race has started: this is a DNF, not a withdrawal."))
    if by is None and timezone.now() > change_deadline(entry.edition):
        raise Refused("too_late", _("Changes are closed. The office can still help."))


def change_deadline(edition: Edition) -> datetime:
    """The last instant at which riders may change or withdraw by themselves: the end of that day at the venue."""
    return regulations.days_before(edition, EntryRules.of(edition.entry_rules).change_days_before)


def _asked(person: Person, categories: Sequence[Category], contact: Contact, team: Team | None) -> str:
    whole = {
        "person": asdict(person), "categories": sorted(category.pk for category in categories),
        "contact": asdict(contact), "team": team.pk if team else None,
    }  # fmt: skip
    return vault.keyed("request", orjson.dumps(whole, option=orjson.OPT_SORT_KEYS).decode())


def _known(edition: Edition, key: str, asked: str) -> Registration | None:
    known = Registration.objects.filter(edition=edition, key=key).first()
    if known is not None and known.asked != asked:
        raise Refused("key_reused", _("This form was sent before with other content."))
    return known


def _lock_identity(person: Person) -> None:
    """Two requests of one person wait for each other: two tabs find one rider and one registration."""
    number = int(vault.keyed("lock", vault.normal(person.identity_number))[:15], 16)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])
