"""What a rider changes alone until the deadline: how to be reached, whom to call, for which team; and a newer waiver."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from race import changes, dossier, log, particulars, places, registration, regulations
from race.models import Acceptance, Edition, Entry, PrivateLink, Registration, Rider, Team
from race.refused import Refused

#: Fields of the dossier that a rider may change at any time before the deadline.
OWN = ("email", "phone", "emergency_name", "emergency_phone", "blood", "medical", "insurer", "policy", "insured_until",
       "guardian_name", "guardian_phone")  # fmt: skip


def club(edition: Edition, name: str) -> Team | None:
    """The team of this name in either language; a new one where there is none, None for no name."""
    spelt = " ".join(particulars.text("team", name).split())
    if not spelt:
        return None
    known = Team.objects.filter(edition=edition, name_zh=spelt).first()
    known = known or Team.objects.filter(edition=edition, name_en__iexact=spelt).order_by("pk").first()
    return known or Team.objects.get_or_create(edition=edition, name_zh=spelt)[0]


def refuse_late(edition: Edition) -> None:
    """Refused (`too_late`) after the deadline for changes."""
    if timezone.now() > registration.change_deadline(edition):
        raise Refused("too_late", _("Changes are closed. The office can still help."))


@transaction.atomic
def change(link: PrivateLink, rider: Rider, values: Mapping[str, str], *, team: str | None = None) -> None:
    """Write what the rider (or the payer) changed: fields of `OWN`, and the team by its name (None leaves it).

    Who pays is written to at the new address too. Refused (`too_late`) after the deadline, (`not_the_rider`) to
    the manager of a team, and (`no_contact`) where neither an e-mail address nor a phone number would be left.
    """
    booked = link.registration
    refuse_late(booked.edition)
    if values and booked.kind == Registration.Kind.TEAM and link.rider_id is None:
        raise Refused("not_the_rider", _("Only the rider changes this, by a private link of their own."))
    locked = Rider.objects.select_for_update().get(pk=rider.pk)
    before = dossier.read(locked)
    after = before | particulars.private({name: values[name] for name in OWN if name in values})
    if not (after["email"] or after["phone"]) and (before["email"] or before["phone"]):
        raise Refused("no_contact", _("An e-mail address or a phone number is needed."))
    changed = sorted(name for name in after if after[name] != before[name])
    if changed:
        Rider.objects.filter(pk=rider.pk).update(**dossier.columns(after))
    if booked.kind == Registration.Kind.RIDER and {"email", "phone"} & set(changed):
        payer = dossier.contact(booked)
        columns = dossier.contact_columns(payer["name"], after["email"], after["phone"])
        Registration.objects.filter(pk=booked.pk).update(**columns)
    if team is not None and _join(booked, rider, team):
        changed.append("team")
    if changed:
        log.note(booked.edition, "details_changed", by=None, registration=booked, rider=rider, fields=changed)


def _join(booked: Registration, rider: Rider, name: str) -> bool:
    """The rider's entries of this registration ride for the team of this name. Returns whether that is new."""
    joined = club(booked.edition, name)
    wanted = joined.pk if joined else None
    mine = places.lock(Entry.objects.filter(registration=booked, rider=rider, state__in=Entry.ALIVE))
    moved = [entry for entry in mine if entry.state in Entry.ALIVE and entry.team_id != wanted]
    changes.write(booked.edition, [(entry, {"team_id": wanted}) for entry in moved], by=None, reason="own change")
    return bool(moved)


@transaction.atomic
def accept(link: PrivateLink, rider: Rider, *, signer: str, version: int, guardian: bool, language: str) -> Acceptance:
    """The rider (or the guardian) signs the newest regulations and their waiver; the same version twice is one signature.

    Refused (`signature_missing`) without a name, and (`new_version`) where there is a newer one meanwhile.
    """
    signer = particulars.text("signer", signer)
    if not signer:
        raise Refused("signature_missing", _("Sign with your name."))
    booked = link.registration
    newest = regulations.accepted(booked.edition, version)
    Rider.objects.select_for_update().get(pk=rider.pk)
    known = Acceptance.objects.filter(rider=rider, regulations=newest, guardian=guardian).first()
    if known is not None:
        return known
    made = Acceptance.objects.create(
        rider=rider, registration=booked, regulations=newest, waiver_sha256=newest.waiver_sha256,
        signer=signer, guardian=guardian, language=language,
    )  # fmt: skip
    log.note(booked.edition, "waiver_signed", by=None, registration=booked, rider=rider, version=version)
    return made
