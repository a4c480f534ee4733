"""What the office changes about an entry, with a reason that stays: rider, team, category, place, money.

Facts begin when the start list is published: from then on every change here is one (`race.changes.write`).
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from django.db import IntegrityError, transaction
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
    particulars,
    payments,
    places,
    regions,
    registration,
    regulations,
    transactions,
    vault,
    words,
)  # fmt: skip
from race.entry_rules import EntryRules
from race.models import Category, Edition, Entry, Message, Refund, Rider, Team, User
from race.payments import refunds
from race.refused import Refused

State = Entry.State
#: What may be edited of a rider; the document itself may not, a wrong one is another rider (merge them).
NAMES = ("name_zh", "surname_latin", "given_latin")
EDITABLE = (*NAMES, "sex", "birth_date", "region_code")
#: Of the dossier; empty is a value here.
CONTACT = ("email", "phone", "emergency_name", "emergency_phone")


@transaction.atomic
def edit_rider(
    entry: Entry, wanted: Mapping[str, Any], *, by: User, reason: str, anyway: bool = False,
    was: Mapping[str, Any] = MappingProxyType({}),
) -> tuple[str, ...]:  # fmt: skip
    """Correct a rider's names, sex, birth date, region, address or emergency contact. Returns the columns that changed.

    `wanted` holds columns of EDITABLE and fields of CONTACT; what is not named stays, and so does what is as it `was` when
    the form was shown. The log names columns, never values. Refused: `reason_missing`, `incomplete`, `identity_mismatch`
    where the document says otherwise, `edited_meanwhile`, what `race.particulars` objects to in a field, and what the rules
    object to in the entry's category unless `anyway`.
    """
    _need_reason(reason)
    wanted = _tidied({name: value for name, value in wanted.items() if name not in was or was[name] != value})
    rider = Rider.objects.select_for_update().get(pk=entry.rider_id)
    _refuse_overwriting(rider, wanted, was)
    columns = {name: value for name, value in wanted.items() if name in EDITABLE and value != getattr(rider, name)}
    contact = dossier.read(rider)
    private = {name: value for name, value in wanted.items() if name in CONTACT and value != contact[name]}
    changed = tuple(sorted({*columns, *private}))
    if not changed:
        return ()
    if private:
        columns |= dossier.columns(contact | private)
    columns |= _that_follow(rider, columns)
    for name, value in columns.items():
        setattr(rider, name, value)
    if not (rider.name_zh or (rider.surname_latin and rider.given_latin)):
        raise Refused("incomplete", _("The name is missing."))
    if {"sex", "birth_date"} & columns.keys():
        _refuse_other_document(rider)
        _refuse_ineligible(rider, entry.category, anyway=anyway)
    Rider.objects.filter(pk=rider.pk).update(**columns)
    log.note(
        entry.edition, "rider_edited", by=by, entry=entry, rider=rider, columns=list(changed), reason=reason.strip()[:200]
    )  # fmt: skip
    return changed


def _tidied(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What is wanted, as forms of riders are tidied too."""
    tidy = {name: particulars.text(name, " ".join(wanted[name].split())) for name in NAMES if name in wanted}
    return {**wanted, **tidy, **particulars.private({name: wanted[name] for name in CONTACT if name in wanted})}


def _refuse_overwriting(rider: Rider, wanted: Mapping[str, Any], was: Mapping[str, Any]) -> None:
    """Refused where somebody else changed the very field after the form was shown."""
    seen = {name: was[name] for name in wanted if name in EDITABLE and name in was}
    if any(getattr(rider, name) not in (before, wanted[name]) for name, before in seen.items()):
        raise Refused("edited_meanwhile", _("Somebody else has changed this rider meanwhile. Look at it again."))


def _that_follow(rider: Rider, columns: Mapping[str, Any]) -> dict[str, Any]:
    """The keys that follow the names, and the names that follow the region."""
    more: dict[str, Any] = {}
    if set(NAMES) & columns.keys():
        zh, surname, given = (columns.get(name, getattr(rider, name)) for name in NAMES)
        more = {
            "sort_key": names.sort_key(zh, surname, given),
            "search_key": names.search_keys(zh, surname, given),
        }
    if "region_code" in columns:
        region = regions.regions().get(f"{columns['region_code'][:2]}0000")
        more |= {"region_zh": region.zh if region else "", "region_en": region.en if region else ""}
    return more


def _refuse_other_document(rider: Rider) -> None:
    if not rider.identity_sealed or rider.synthetic:
        return
    number = vault.unseal(rider.identity_sealed)
    found = identity.examine(rider.identity_kind, number, country=rider.identity_country)
    for told, given in ((found.born, rider.birth_date), (found.sex, rider.sex)):
        if found.valid and told and told != given:
            raise Refused("identity_mismatch", _("Birth date or sex is not what the document number says."))


def _refuse_ineligible(rider: Rider, category: Category, *, anyway: bool) -> None:
    """The first reason of the rules against this rider in this category, unless the office decides otherwise."""
    if anyway:
        return
    rules = EntryRules.of(category.race.edition.entry_rules)
    person = eligibility.Person(
        sex="F" if rider.sex == Rider.Sex.FEMALE else "M", born=rider.birth_date, nation=rider.nation,
        region_code=rider.region_code, professional=regulations.professional(rider.professional),
    )  # fmt: skip
    for reason in eligibility.check(person, regulations.terms(category, rules), ()):
        raise Refused(reason.code, words.reason(reason, {}))


@transaction.atomic
def set_team(entry: Entry, name: str, *, by: User, reason: str) -> Team | None:
    """The rider rides for this team (made where it is new), or for none."""
    _need_reason(reason)
    (entry,) = places.lock([entry])
    name = " ".join(particulars.text("team", name).split())
    team = Team.objects.get_or_create(edition=entry.edition, name_zh=name)[0] if name else None
    if entry.team_id == (team.pk if team else None):
        return team
    changes.write(entry.edition, [(entry, {"team_id": team.pk if team else None})], by=by, reason=reason)
    log.note(entry.edition, "team_changed", by=by, entry=entry, reason=reason.strip()[:200])
    return team


@transactions.retried
def move(entry: Entry, category: Category, *, by: User, reason: str, anyway: bool = False) -> Entry:
    """The entry changes to another category, whose fee it costs then: what that is less goes back. Its old place goes to the
    first one waiting.

    Refused: `reason_missing`, `not_alive`, `full` (also while others wait there), `region_full`, `already_entered` for that
    day, and what the rules object to unless `anyway`. A bib outside the new category's range is let go of.
    """
    _need_reason(reason)
    pair = sorted({entry.category_id, category.pk})
    list(Category.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=pair).order_by("pk"))
    (entry,) = places.lock([entry])
    target = Category.objects.select_related("race__edition").get(pk=category.pk)
    if target.race.edition_id != entry.edition_id or entry.state not in Entry.ALIVE:
        raise Refused("not_alive", _("This entry has no place and does not wait for one."))
    if target.pk == entry.category_id:
        return entry
    _refuse_ineligible(entry.rider, target, anyway=anyway)
    old, waited, quota = entry.category_id, entry.state == State.WAITING, entry.quota_key
    probe = copy(entry)
    probe.category, probe.quota_key = target, places.quota_key(target, entry.rider.region_code)
    places.take(probe, queue=False)
    columns = {
        "category_id": target.pk, "race_id": target.race_id, "day": target.race.day, "fee_fen": target.fee_fen,
        "quota_key": probe.quota_key, "bib": _bib_kept(entry, target), "queue_number": None,
        "state": State.CONFIRMED if waited else entry.state,
    }  # fmt: skip
    _written(entry, columns, by=by, reason=reason)
    places.leave_line(old) if waited else places.release(old, quota)
    refunds.refund_surplus(entry, by=by)
    log.note(
        entry.edition, "moved", by=by, entry=entry, registration=entry.registration, before=old, after=target.pk,
        reason=reason.strip()[:200],
    )  # fmt: skip
    return entry


def _bib_kept(entry: Entry, target: Category) -> int | None:
    """The bib where it fits into the range of the category, or no range is set."""
    if entry.bib is None or target.first_bib is None:
        return entry.bib
    return entry.bib if target.first_bib <= entry.bib <= (target.last_bib or entry.bib) else None


def _written(entry: Entry, columns: Mapping[str, Any], *, by: User, reason: str) -> None:
    try:
        with transaction.atomic():
            changes.write(entry.edition, [(entry, columns)], by=by, reason=reason)
    except IntegrityError as problem:
        if "one_entry_a_day" not in str(problem):
            raise
        raise Refused("already_entered", _("This person is entered for that day already.")) from problem


@transactions.retried
def reinstate(entry: Entry, *, by: User, reason: str) -> Entry:
    """A withdrawn or expired entry has its place back, where one is free and nobody waits; it is confirmed, paid or not.

    Refused: `reason_missing`, `is_alive`, `full`, `region_full`, `already_entered`.
    """
    _need_reason(reason)
    if entry.rider.identity_sealed:
        places.lock_people([vault.unseal(entry.rider.identity_sealed)])
    (entry,) = places.lock([entry])
    if entry.state in Entry.ALIVE:
        raise Refused("is_alive", _("This entry is not withdrawn."))
    places.take(entry, queue=False)
    columns = {"state": State.CONFIRMED, "held_until": None, "pass_code": links.pass_code()}
    _written(entry, columns, by=by, reason=reason)
    log.note(
        entry.edition, "reinstated", by=by, entry=entry, registration=entry.registration, reason=reason.strip()[:200]
    )  # fmt: skip
    return entry


@transaction.atomic
def withdraw(entry: Entry, *, by: User, reason: str) -> None:
    """The office withdraws an entry, with a reason; what is due goes back by the steps of the regulations."""
    _need_reason(reason)
    registration.withdraw(entry, by=by, reason=reason.strip()[:200])


@transaction.atomic
def refund(entry: Entry, *, by: User, reason: str) -> Refund:
    """The office gives back all that is still there of what was paid, whatever the steps say.

    Refused: `reason_missing`, and `nothing_to_refund` where nothing came through a payment or it is on its way already.
    """
    _need_reason(reason)
    (entry,) = places.lock([entry])
    made = payments.refund_entry(entry, reason="our_fault", by=by)
    if made is None:
        raise Refused("nothing_to_refund", _("There is nothing to give back for this entry."))
    log.note(entry.edition, "refund_decided", by=by, entry=entry, reason=reason.strip()[:200])
    return made


@transaction.atomic
def set_window(edition: Edition, opens: datetime | None, closes: datetime | None, *, by: User) -> bool:
    """When entries open and close; a new version of the regulations says so. Returns whether anything changed.

    Refused (`bad_window`) where they would close before they open.
    """
    if opens and closes and closes <= opens:
        raise Refused("bad_window", _("Entries would close before they open."))
    edition = Edition.objects.select_for_update().get(pk=edition.pk)
    if (edition.entry_opens_at, edition.entry_closes_at) == (opens, closes):
        return False
    before = [at.isoformat() if at else None for at in (edition.entry_opens_at, edition.entry_closes_at)]
    Edition.objects.filter(pk=edition.pk).update(entry_opens_at=opens, entry_closes_at=closes)
    log.note(
        edition, "entry_window", by=by, before=before, after=[at.isoformat() if at else None for at in (opens, closes)]
    )  # fmt: skip
    edition.refresh_from_db()
    regulations.current(edition, by=by)
    return True


def set_capacity(category: Category, capacity: int, *, by: User) -> list[Entry]:
    """How many places a category has; a new version of the regulations says so. Returns who was offered one."""
    offered = places.set_capacity(category, capacity, by=by)
    regulations.current(category.race.edition, by=by)
    return offered


def send_link(entry: Entry, *, by: User) -> list[Message]:
    """Send the private link again. Refused (`no_registration`) for an entry without one, (`no_address`) without address."""
    if entry.registration is None:
        raise Refused("no_registration", _("This entry was made by the office: it has no private link."))
    with transaction.atomic():
        sent = messages.about(entry.registration, "link", rider=entry.rider)
        if not sent:
            raise Refused("no_address", _("There is no e-mail address or phone for this entry."))
        log.note(entry.edition, "link_sent", by=by, entry=entry, registration=entry.registration)
    return sent


def shown(entry: Entry, *, by: User) -> str:
    """The document's number, for somebody who has to see it; that it was shown is in the log."""
    log.note(entry.edition, "identity_shown", by=by, entry=entry, rider=entry.rider)
    return vault.unseal(entry.rider.identity_sealed) if entry.rider.identity_sealed else ""


def masked(number: str) -> str:
    """A number or an address of which only the ends are shown."""
    if "@" in number:
        name, _at, domain = number.partition("@")
        return f"{name[:1]}***@{domain}"
    if len(number) < 8:
        return f"{number[:1]}{'*' * max(len(number) - 2, 3)}{number[-1:]}" if number else ""
    return f"{number[:3]}{'*' * (len(number) - 5)}{number[-2:]}"


def age(rider: Rider, on: date) -> int:
    """Whole years on a day."""
    return eligibility.civil_age(rider.birth_date, on)


def _need_reason(reason: str) -> None:
    if not reason.strip():
        raise Refused("reason_missing", _("Say why: the reason stays with the change."))
