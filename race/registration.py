"""Entering: a rider asks for places, and gets them, a number on the waiting list, or the reason why not.

Facts begin when a start list is published; entering online before that moves no counter (design.md section 1).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from race import (
    changes,
    dossier,
    eligibility,
    links,
    log,
    messages,
    particulars,
    payments,
    places,
    regulations,
    revision,
    rows,
    transactions,
    vault,
    words,
)  # fmt: skip
from race.entry_rules import EntryRules
from race.models import Acceptance, Category, Edition, Entry, LogLine, PrivateLink, Registration, Rider, Team, User
from race.particulars import Contact as Contact
from race.particulars import Person as Person
from race.particulars import Signature as Signature
from race.particulars import eligible as eligible
from race.particulars import examined as examined
from race.particulars import fingerprint as fingerprint
from race.particulars import prepared as prepared
from race.particulars import same_name as same_name
from race.refused import Refused

State = Entry.State
#: The riders of a document, each as the one that is kept; nearly always there is none.
KNOWN = "SELECT DISTINCT coalesce(merged_into_id, id) FROM race_rider WHERE identity_hash = $1 AND erased_at IS NULL"


@dataclass(frozen=True)
class Form:
    """What is asked for in one go: a person, the categories (race and edition loaded), who pays, the waiver, the key."""

    edition: Edition
    person: Person
    categories: Sequence[Category]
    contact: Contact
    signature: Signature
    key: str
    language: str
    team: Team | None = None
    by: User | None = None

    @property
    def asked(self) -> str:
        """The keyed hash of what is asked for: the same key with another one is a mistake."""
        whole = {
            "person": vars(self.person), "categories": sorted(category.pk for category in self.categories),
            "contact": vars(self.contact), "team": self.team.pk if self.team else None,
        }  # fmt: skip
        return vault.keyed("request", orjson.dumps(whole, option=orjson.OPT_SORT_KEYS).decode())


@dataclass(frozen=True)
class Entered:
    """What became of a form: each entry with its position in line (0 for a place). `new`: not known from before."""

    registration: Registration
    link: PrivateLink
    seats: Sequence[tuple[Entry, int]]
    new: bool


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
    """`enter`, for whoever needs no more than the registration."""
    return enter(Form(edition, person, categories, contact, signature, key, language, team, by)).registration


def enter(form: Form) -> Entered:
    """Enter one rider for one or more categories: each place is held for payment, or the rider waits in line.

    The same `key` with the same request is the same registration, however often it is sent, also after the window closed.
    Refused with the rule's code: `entries_closed`, `key_reused`, what `race.particulars` and `race.eligibility` object to,
    `guardian_missing`, `new_version`, `already_entered`, `region_full`.
    """
    asked = form.asked
    try:
        return _entered(_checked(form), asked)
    except Refused:
        # Whoever was first with this key has the answer; what changed since does not matter any more.
        if (known := _known(form.edition, form.key, asked)) is not None:
            return known
        raise


def _checked(form: Form) -> Form:
    """The form, tidied and judged by all that needs no database."""
    key = particulars.text("key", form.key, required=True)
    refuse_closed(form.edition, by=form.by)
    person, contact = particulars.examined(form.person), particulars.reachable(form.contact)
    signature = signed(form.edition, person, form.categories, form.signature)
    refuse_ineligible(form.edition, person, form.categories)
    language = particulars.language(form.language)
    return replace(form, key=key, person=person, contact=contact, signature=signature, language=language)


@transactions.retried
def _entered(form: Form, asked: str) -> Entered:
    """Write all of it, the places last: their counters are locked from there to the commit only."""
    edition, signature = form.edition, form.signature
    version = regulations.accepted(edition, signature.version)
    places.lock_people([form.person.identity_number])
    rider, known = _rider(form.person, form.contact, by=form.by)
    booked = _booked(edition, form.contact, form.key, asked, form.language, form.team)
    entries = _entries(booked, rider, form.categories, form.team)
    rows.numbered([booked, *entries] if known else [booked, rider, *entries])
    accepted = Acceptance(
        rider=rider, registration=booked, regulations=version, waiver_sha256=version.waiver_sha256,
        signer=signature.signer, guardian=signature.guardian, language=form.language,
    )  # fmt: skip
    for entry in entries:
        entry.registration, entry.rider = booked, rider  # they have their numbers now
    link = links.unwritten(booked)
    line = LogLine(edition=edition, what="registered", by=form.by, registration=booked, rider=rider)
    mails = messages.unwritten(booked, "registered", rider=rider, link=link)
    with _told():
        rows.write([booked, *([] if known else [rider]), accepted, link, line, *mails, *entries])
    messages.ring(mails)
    return Entered(booked, link, _placed(edition, entries), new=True)


@contextmanager
def _told() -> Iterator[None]:
    """What the database keeps unique, said as a rule. The refusal ends the transaction: who goes on makes a savepoint."""
    try:
        with transaction.atomic(savepoint=False):
            yield
    except IntegrityError as problem:
        if "registration_once" in str(problem):
            raise Refused("key_reused", _("This form was sent before with other content.")) from problem
        if "one_entry_a_day" in str(problem):
            raise already_entered() from problem
        raise


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
    """A new registration, written. Refused (`key_reused`) where another request with this key was quicker.

    A refusal ends the transaction; whoever wants to go on in it makes a savepoint first.
    """
    booked = _booked(edition, contact, key, asked, language, team, kind)
    with _told():
        booked.save(force_insert=True)
    return booked


def _booked(
    edition: Edition, contact: Contact, key: str, asked: str, language: str, team: Team | None,
    kind: str = Registration.Kind.RIDER,
) -> Registration:  # fmt: skip
    return Registration(
        edition=edition, key=key, asked=asked, language=language, team=team, kind=kind,
        **dossier.contact_columns(contact.name, contact.email, contact.phone),
    )  # fmt: skip


def seat(registration: Registration, rider: Rider, categories: Sequence[Category], *, team: Team | None) -> list[Entry]:
    """`seated`, for whoever does not ask for the positions in line."""
    return [entry for entry, _position in seated(registration, rider, categories, team=team)]


def seated(
    registration: Registration, rider: Rider, categories: Sequence[Category], *, team: Team | None
) -> list[tuple[Entry, int]]:
    """Write the entries of one rider and take their places, categories ascending, last in the transaction.

    Returns each entry with its position in line, 0 for a place. A place that costs nothing is confirmed at once. A refusal
    ends the transaction, as in `begun`.
    """
    made = _entries(registration, rider, categories, team)
    with _told():
        Entry.objects.bulk_create(made)
    return _placed(registration.edition, made)


def _entries(
    registration: Registration, rider: Rider, categories: Sequence[Category], team: Team | None
) -> list[Entry]:
    """The entries as they are if there are places, categories ascending; not written yet."""
    until = hold_until(registration.edition)
    return [
        Entry(
            edition=registration.edition, race=category.race, category=category, rider=rider, team=team,
            registration=registration, day=category.race.day, state=State.HELD if category.fee_fen else State.CONFIRMED,
            held_until=until if category.fee_fen else None, fee_fen=category.fee_fen,
            quota_key=places.quota_key(category, rider.region_code), pass_code=links.pass_code(),
            identity_hash=rider.identity_hash, identity_key_version=rider.identity_key_version,
        )
        for category in sorted(categories, key=lambda category: category.pk)
    ]  # fmt: skip


def _placed(edition: Edition, made: Sequence[Entry]) -> list[tuple[Entry, int]]:
    """Take the places of written entries, last in the transaction; after the start list it is a fact."""
    seats = [(entry, places.take(entry)) for entry in made]
    if published := [entry.race for entry in made if entry.race.published_at]:
        revision.advance(edition, published)
    return seats


def already_entered() -> Refused:
    """What is said of a second entry of a person for one day."""
    return Refused("already_entered", _("This person is entered for that day already."))


def hold_until(edition: Edition) -> datetime:
    """Until when a place that is given now is held."""
    return timezone.now() + timedelta(minutes=EntryRules.of(edition.entry_rules).hold_minutes)


def refuse_ineligible(edition: Edition, person: Person, categories: Sequence[Category]) -> None:
    """Refused with the first reason why this (examined) person may not enter one of the categories beside the others."""
    if not categories:
        raise Refused("no_category", _("Choose a category."))
    rules = EntryRules.of(edition.entry_rules)
    terms = {category.pk: regulations.terms(category, rules) for category in categories}
    named = {category.code: category.name for category in categories}
    who = particulars.eligible(person)
    for category in categories:
        others = [terms[other.pk] for other in categories if other.pk != category.pk]
        for reason in eligibility.check(who, terms[category.pk], others, one_a_day=rules.one_a_day):
            raise Refused(reason.code, words.reason(reason, named))


def signed(edition: Edition, person: Person, categories: Sequence[Category], signature: Signature) -> Signature:
    """The signature, tidied. Refused (`guardian_missing`) where the rider is too young to sign alone and no guardian did."""
    under = EntryRules.of(edition.entry_rules).guardian_under
    who = particulars.eligible(person)
    minor = any(eligibility.needs_guardian(who, category.race.day, under) for category in categories)
    if minor and not (
        signature.guardian and person.private.get("guardian_name") and person.private.get("guardian_phone")
    ):
        told = _("A parent or guardian signs for riders under %(age)s, and gives name and phone.") % {"age": under}
        raise Refused("guardian_missing", told)
    return Signature(particulars.text("signer", signature.signer, required=True), signature.version, signature.guardian)


def refuse_closed(edition: Edition, *, by: User | None, now: datetime | None = None) -> None:
    """Refused outside the entry window, unless the office itself enters (`by`)."""
    now = now or timezone.now()
    if by is not None:
        return
    if edition.entry_opens_at is None or now < edition.entry_opens_at:
        raise Refused("entries_not_open", _("Entries are not open yet."))
    if edition.entry_closes_at is not None and now >= edition.entry_closes_at:
        raise Refused("entries_closed", _("Entries are closed."))


def written(person: Person, *, by: User | None) -> Rider:
    """The rider of this (examined) document, with what is new in the form; a new one where the names do not agree.

    Somebody who merely knows number and name cannot overwrite or read whose they are: a second name, or an address that is
    not the known rider's, becomes a second rider, and the office (`by`) sees the pair among the duplicates. Who was
    forgotten stays so: a new rider then.
    """
    rider, known = _rider(person, None, by=by)
    if not known:
        rider.save(force_insert=True)
    return rider


def _rider(person: Person, contact: Contact | None, *, by: User | None) -> tuple[Rider, bool]:
    """The rider, and whether it was known; a new one is not written yet."""
    digest = particulars.fingerprint(person)
    known = [number for (number,) in rows.ask(KNOWN, [digest])]
    for rider in Rider.objects.filter(pk__in=known, erased_at=None).order_by("pk") if known else ():
        if particulars.same_name(rider, person) and (by is not None or particulars.reached_at(rider, person, contact)):
            kept = {name: value for name, value in person.private.items() if value}
            columns = dossier.columns(dossier.read(rider) | kept)
            columns |= {"region_code": person.region_code} if person.region_code else {}
            Rider.objects.filter(pk=rider.pk).update(professional=person.professional, **columns)
            rider.professional, rider.region_code = person.professional, person.region_code or rider.region_code
            return rider, True
    return particulars.prepared(person, digest), False


@transactions.retried
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


@transactions.retried
def accept_offer(entry: Entry, *, by: User | None = None) -> Entry:
    """The rider takes an offered place: it is held for payment like any other (or confirmed, where it costs nothing)."""
    (entry,) = places.lock([entry])
    now = timezone.now()
    if entry.state in (State.HELD, State.CONFIRMED):
        return entry
    if entry.state != State.OFFERED or (entry.held_until and entry.held_until <= now and by is None):
        raise Refused("no_offer", _("There is no offer for this entry any more."))
    until = hold_until(entry.edition)
    columns: dict[str, Any] = {"state": State.HELD, "held_until": max(until, entry.held_until or until)}
    if entry.owed_fen <= 0:
        columns = {"state": State.CONFIRMED, "held_until": None}
    changes.write(entry.edition, [(entry, columns)], by=by)
    log.note(entry.edition, "offer_taken", by=by, entry=entry, registration=entry.registration)
    return entry


@transactions.retried
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


def _known(edition: Edition, key: str, asked: str) -> Entered | None:
    """What became of the form when it was first sent, as it stands now; None where it was not."""
    known = Registration.objects.filter(edition=edition, key=key.strip()[:80]).select_related("edition").first()
    if known is None:
        return None
    if known.asked != asked:
        raise Refused("key_reused", _("This form was sent before with other content."))
    entries = known.entries.select_related("category", "race").order_by("category")
    return Entered(known, links.make(known), [(entry, places.position(entry) or 0) for entry in entries], new=False)
