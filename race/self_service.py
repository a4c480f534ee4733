"""What becomes of an entry after it was made: another category, another rider, out of the line.

A rider acts until the deadline of the regulations, the office (`by`) also after it. No place is given up before the new one
is taken, and no money is asked for twice.
"""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from race import (
    changes,
    links,
    log,
    messages,
    particulars,
    places,
    registration,
    regulations,
    revision,
    transactions,
    vault,
)  # fmt: skip
from race.entry_rules import EntryRules
from race.models import Acceptance, Category, Entry, LedgerLine, Payment, Refund, Rider, User
from race.particulars import Person, Signature
from race.payments import books, refunds
from race.refused import Refused

State = Entry.State
#: A document number is needed to ask the rules, and nobody has one of those who are entered already.
NO_NUMBER = ""


@transactions.retried
def leave(entry: Entry, *, by: User | None = None) -> None:
    """Give up a number on the waiting list, or an offer, at any time; the next one in line gets it.

    Refused (`not_waiting`) where the entry has a place.
    """
    (entry,) = places.lock([entry])
    if entry.state not in Entry.ALIVE:
        return
    if entry.state not in (State.WAITING, State.OFFERED):
        raise Refused("not_waiting", _("This entry is not on the waiting list."))
    places.leave(entry, State.WITHDRAWN, by=by)
    log.note(entry.edition, "left_line", by=by, entry=entry, registration=entry.registration)


@transactions.retried
def move(entry: Entry, category: Category, *, by: User | None = None) -> Entry:
    """Put an entry into another category: a free place there is taken, then the old one goes to whoever waits for it.

    What the new place costs more is owed, what it costs less goes back. Refused: `too_late`, what `race.eligibility`
    objects to, `already_entered`, `full` (the old place is kept), `region_full`, `not_now` for an entry that ended or has
    an offer, `bib_given` once it has a bib (the office takes it back first).
    """
    places.lock_people([vault.unseal(entry.rider.identity_sealed)] if entry.rider.identity_sealed else [])
    list(Category.objects.select_for_update(no_key=True).filter(pk__in=(entry.category_id, category.pk)).order_by("pk"))
    (entry,) = places.lock([entry])
    category = Category.objects.select_related("race__edition").get(pk=category.pk)
    if entry.category_id == category.pk:
        return entry
    _refuse_move(entry, category, by=by)
    old, waited, quota = entry.category, entry.state == State.WAITING, entry.quota_key
    _into(entry, category, by=by)
    places.take(entry, queue=False)
    if waited:
        places.leave_line(old.pk)
    else:
        places.release(old.pk, quota)
    refunds.refund_surplus(entry, by=by)
    about = entry.registration
    log.note(entry.edition, "moved", by=by, entry=entry, registration=about, was=old.code, now=category.code)
    return entry


def _refuse_move(entry: Entry, category: Category, *, by: User | None) -> None:
    registration.refuse_late(entry, by=by)
    if category.race.edition_id != entry.edition_id:
        raise Refused("no_category", _("Choose a category."))
    if entry.state not in (State.HELD, State.CONFIRMED, State.WAITING):
        raise Refused("not_now", _("This entry cannot be changed now."))
    if entry.bib is not None:
        raise Refused("bib_given", _("The bib is given out. The office can still help."))
    others = Category.objects.filter(entries__rider=entry.rider_id, entries__state__in=Entry.ALIVE)
    others = others.filter(race__edition=entry.edition_id).exclude(entries=entry).select_related("race__edition")
    registration.refuse_ineligible(entry.edition, person_of(entry.rider), [category, *others.distinct()])


def _into(entry: Entry, category: Category, *, by: User | None) -> None:
    """Write the entry as one of the new category. Its old race and its new one both show the change."""
    until = registration.hold_until(entry.edition)
    columns: dict[str, Any] = {
        "category_id": category.pk, "race_id": category.race_id, "day": category.race.day, "fee_fen": category.fee_fen,
        "quota_key": places.quota_key(category, entry.rider.region_code),
    }  # fmt: skip
    if entry.state == State.WAITING:
        held = category.fee_fen > entry.paid_fen
        columns |= {"state": State.HELD if held else State.CONFIRMED, "held_until": until if held else None}
        columns |= {"queue_number": None}
    published = category.race.published_at
    try:
        with transaction.atomic(savepoint=False):
            changes.write(entry.edition, [(entry, columns)], by=by, reason="moved")
    except IntegrityError as problem:
        if "one_entry_a_day" not in str(problem):
            raise
        raise registration.already_entered() from problem
    entry.category, entry.race = category, category.race
    if published:
        revision.advance(entry.edition, [category.race])


@transactions.retried
def substitute(entry: Entry, person: Person, *, by: User | None = None, signature: Signature | None = None) -> Entry:
    """A team sends another rider in place of one who cannot ride; the same place, the same money. Returns the new entry.

    Refused: `too_late` after `substitute_days_before` (`by` the office may), `not_a_team`, and as `_handed_on`.
    """
    edition = entry.edition
    if entry.team_id is None:
        raise Refused("not_a_team", _("Only teams may send another rider."))
    last = regulations.days_before(edition, EntryRules.of(edition.entry_rules).substitute_days_before)
    if by is None and timezone.now() > last:
        raise Refused("too_late", _("Changes are closed. The office can still help."))
    return _handed_on(entry, person, what="substituted", signature=signature, by=by)


@transactions.retried
def transfer(entry: Entry, person: Person, *, signature: Signature, by: User | None = None) -> Entry:
    """Give a place to another person, where the regulations allow it. Returns the new entry.

    Refused: `no_transfers`, `too_late`, and as `_handed_on`.
    """
    if not EntryRules.of(entry.edition.entry_rules).transfers_allowed and by is None:
        raise Refused("no_transfers", _("Places cannot be given to another person."))
    return _handed_on(entry, person, what="transferred", signature=signature, by=by)


def _handed_on(entry: Entry, person: Person, *, what: str, signature: Signature | None, by: User | None) -> Entry:
    """Another person in the same place: the old entry ends without passing it on, the money goes along.

    Refused: what `race.particulars` and `race.eligibility` object to, `not_confirmed`, `already_entered`. A second click
    with the same person finds what the first one made.
    """
    person = particulars.examined(person)
    digest = particulars.fingerprint(person)
    places.lock_people([person.identity_number])
    (entry,) = places.lock([entry])
    if (done := entry.substituted_by.filter(identity_hash=digest).order_by("-pk").first()) is not None:
        return done
    if what == "transferred":
        registration.refuse_late(entry, by=by)
    if entry.state != State.CONFIRMED:
        raise Refused("not_confirmed", _("Only a confirmed place can go to another rider."))
    _refuse_other(entry, person, digest)
    version = None
    if signature is not None:
        signature = registration.signed(entry.edition, person, [entry.category], signature)
        version = regulations.accepted(entry.edition, signature.version)
    rider = registration.written(person, by=by)
    if signature is not None and version is not None and entry.registration is not None:
        Acceptance.objects.create(
            rider=rider, registration=entry.registration, regulations=version, waiver_sha256=version.waiver_sha256,
            signer=signature.signer, guardian=signature.guardian, language=entry.registration.language,
        )  # fmt: skip
    made = _in_place_of(entry, rider, by=by)
    _money_along(entry, made, by=by)
    log.note(entry.edition, what, by=by, entry=made, registration=entry.registration, rider=rider)
    if entry.registration is not None:
        messages.about(entry.registration, "registered", rider=rider)
    return made


def _refuse_other(entry: Entry, person: Person, digest: str) -> None:
    same = Entry.objects.filter(edition=entry.edition_id, identity_hash=digest, state__in=Entry.ALIVE)
    others = [one.category for one in same.select_related("category__race__edition")]
    if any(one.race.day == entry.day for one in others):
        raise registration.already_entered()
    registration.refuse_ineligible(entry.edition, person, [entry.category, *others])


def _in_place_of(entry: Entry, rider: Rider, *, by: User | None) -> Entry:
    """The new rider's entry, on the counter of the old one. The bib goes along, the pass does not.

    A region's quota counts the one who rides.
    """
    columns = {"state": State.WITHDRAWN, "bib": None, "pass_code": None, "held_until": None}
    bib, quota = entry.bib, places.quota_key(entry.category, rider.region_code)
    changes.write(entry.edition, [(entry, columns)], by=by, reason="another rider")
    made = Entry(
        edition=entry.edition, race=entry.race, category=entry.category, rider=rider, team=entry.team,
        registration=entry.registration, day=entry.day, state=State.CONFIRMED, fee_fen=entry.fee_fen, quota_key=quota,
        bib=bib, pass_code=links.pass_code(), substitutes=entry, ranked=entry.ranked, identity_hash=rider.identity_hash,
        identity_key_version=rider.identity_key_version,
    )  # fmt: skip
    made.save(force_insert=True)
    places.recount_quota(entry, made)
    if entry.race.published_at:
        revision.advance(entry.edition, [entry.race])
    return made


def _money_along(old: Entry, new: Entry, *, by: User | None) -> None:
    """What was paid for the old entry counts for the new one: for each payment a line out and a line in, together nothing."""
    fees = LedgerLine.objects.filter(entry=old, kind__in=books.OF_THE_FEE).order_by()
    sums = list(fees.values_list("payment", "method", "kind").annotate(Sum("amount_fen")))
    payments = Payment.objects.in_bulk([payment for payment, *_rest in sums if payment])
    for payment, method, kind, total in sums:
        for entry, fen in ((old, -total), (new, total)):
            if fen:
                books.book(
                    entry.edition,
                    kind,
                    method,
                    fen,
                    entry=entry,
                    payment=payments.get(payment),
                    note="another rider",
                    by=by,
                )
    Refund.objects.filter(entry=old).exclude(state=Refund.State.DONE).update(entry=new)


def person_of(rider: Rider) -> Person:
    """A rider we know, as the rules look at a person; without the document's number."""
    return Person(
        rider.identity_kind, NO_NUMBER, rider.identity_country, name_zh=rider.name_zh, surname_latin=rider.surname_latin,
        given_latin=rider.given_latin, sex=rider.sex, birth_date=rider.birth_date, nation=rider.nation,
        region_code=rider.region_code, professional=rider.professional,
    )  # fmt: skip
