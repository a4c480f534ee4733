"""Riders are told their numbers: all at once, each number once, in a fixed number of statements."""

from __future__ import annotations

from collections.abc import Iterable
from zoneinfo import ZoneInfo

import orjson
from django.db import transaction
from django.utils import formats, translation

from race import dossier, links, messages, tokens, vault
from race.entry_rules import EntryRules
from race.models import Edition, Entry, LogLine, Message, PrivateLink, Registration, User
from race.sign_on import window

TOLD = "bib_told"


def untold(edition: Edition) -> list[Entry]:
    """Confirmed entries whose number their rider has not been told. Two queries at any size."""
    told: dict[int | None, int] = {}
    for entry, details in (
        LogLine.objects.filter(edition=edition, what=TOLD).order_by("pk").values_list("entry", "details")
    ):
        told[entry] = details["bib"]
    numbered = Entry.objects.filter(edition=edition, state=Entry.State.CONFIRMED, bib__isnull=False)
    numbered = numbered.select_related("rider", "registration", "category__wave", "race").order_by("bib")
    return [entry for entry in numbered if told.get(entry.pk) != entry.bib]


@transaction.atomic
def tell(edition: Edition, *, by: User | None) -> int:
    """Write a message to every rider who has not been told the number; how many. A second click finds nobody left.

    Who left no address is passed over, and is not told twice once there is one.
    """
    Edition.objects.select_for_update(no_key=True).get(pk=edition.pk)
    waiting = untold(edition)
    private = _links(entry for entry in waiting)
    made, lines = [], []
    for entry in waiting:
        contact = _contact(entry)
        if not (contact["email"] or contact["phone"]):
            continue
        made.append(_message(edition, entry, contact, private.get(_own(entry))))
        lines.append(
            LogLine(edition=edition, what=TOLD, entry=entry, rider_id=entry.rider_id, by=by, details={"bib": entry.bib})
        )
    LogLine.objects.bulk_create(lines)
    messages.queue(made)
    return len(made)


def _own(entry: Entry) -> tuple[int | None, int | None]:
    """Whose link leads to this entry: the rider's own of a team, else the payer's."""
    team = entry.registration is not None and entry.registration.kind == Registration.Kind.TEAM
    return entry.registration_id, entry.rider_id if team else None


def _links(entries: Iterable[Entry]) -> dict[tuple[int | None, int | None], PrivateLink]:
    """The private link of each entry; those that are missing are made, all in one statement."""
    wanted = {(key, rider) for key, rider in map(_own, entries) if key is not None}
    known = PrivateLink.objects.filter(registration__in={key for key, _rider in wanted}, revoked_at=None)
    found: dict[tuple[int | None, int | None], PrivateLink] = {
        (link.registration_id, link.rider_id): link for link in known
    }
    missing = []
    for registration, rider in sorted(wanted - found.keys(), key=str):
        secret = links.new_secret()
        missing.append(
            PrivateLink(
                registration_id=registration,
                rider_id=rider,
                digest=tokens.digest(secret),
                secret_sealed=vault.seal(secret),
            )
        )
    for link in PrivateLink.objects.bulk_create(missing):
        found[link.registration_id, link.rider_id] = link
    return found


def _contact(entry: Entry) -> dict[str, str]:
    """The rider's own address, else the payer's."""
    own = dossier.read(entry.rider)
    if own["email"] or own["phone"] or entry.registration is None:
        return {"email": own["email"], "phone": own["phone"]}
    return dossier.contact(entry.registration)


def _message(edition: Edition, entry: Entry, contact: dict[str, str], link: PrivateLink | None) -> Message:
    channel = Message.Channel.EMAIL if contact["email"] else Message.Channel.SMS
    language = entry.registration.language if entry.registration else "zh-hans"
    zone = ZoneInfo(edition.zone)
    open_ = window(entry.category.wave, EntryRules.of(edition.entry_rules))
    with translation.override(language):
        times = [
            formats.date_format(at.astimezone(zone), "Y-m-d H:i")
            for at in (open_.opens_at, open_.closes_at, entry.category.wave.planned_at)
        ]
    context = {
        "edition": edition, "entry": entry, "rider": entry.rider, "link": links.url(link) if link else "",
        "opens": times[0], "closes": times[1][-5:], "gun": times[2][-5:],
    }  # fmt: skip
    subject, text = messages.written("bib", language, channel, context)
    return Message(
        edition=edition, kind="bib", channel=channel, language=language, registration_id=entry.registration_id,
        rider_id=entry.rider_id, to_sealed=vault.seal(contact["email"] or contact["phone"]),
        content_sealed=vault.seal(orjson.dumps({"subject": subject, "text": text}).decode()),
    )  # fmt: skip
