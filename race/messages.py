"""Mails and text messages: written in the transaction that has something to tell, sent by a worker after it.

The texts are templates, `race/messages/<kind>.txt`: the first line is the subject, the rest the mail; a text message is the
short `<kind>.sms.txt` where there is one, else the subject and the link.
"""

from __future__ import annotations

from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from django.db import transaction
from django.template import Context, Template
from django.template.loader import get_template
from django.utils import formats, translation

from race import doorbell, dossier, links, vault
from race.models import Edition, Entry, Message, PrivateLink, Registration, Rider

SEND = "race.tasks.send_messages"


def tell(entry: Entry, kind: str, **values: Any) -> list[Message]:
    """Tell a rider (and, where somebody else pays, the payer too) something about one entry."""
    if entry.registration is None:
        return []
    zone = ZoneInfo(entry.edition.zone)
    until = formats.date_format(entry.held_until.astimezone(zone), "Y-m-d H:i") if entry.held_until else ""
    return about(entry.registration, kind, entry=entry, rider=entry.rider, until=until, **values)


def about(
    registration: Registration, kind: str, *, rider: Rider | None = None, link: PrivateLink | None = None, **values: Any
) -> list[Message]:
    """Tell the payer of a registration, and `rider` where that is another address, in the registration's language.

    `link` is the payer's, where it is at hand. Returns the messages, written but not sent: the bell rings for them
    after the commit.
    """
    return queue(unwritten(registration, kind, rider=rider, link=link, **values))


def unwritten(
    registration: Registration, kind: str, *, rider: Rider | None = None, link: PrivateLink | None = None, **values: Any
) -> list[Message]:
    """The messages of `about`, for a caller who writes them with other rows and rings (`ring`)."""
    wanted: list[tuple[dict[str, str], PrivateLink, Rider | None]] = [
        (dossier.contact(registration), link or links.make(registration), None)
    ]
    if rider is not None and registration.kind == Registration.Kind.TEAM:
        wanted.append((dossier.read(rider), links.make(registration, rider), rider))
    made = []
    for contact, link, person in wanted:
        channel, address = _way(contact)
        if not address:
            continue
        context = {
            "registration": registration,
            "edition": registration.edition,
            "rider": rider,
            "link": links.url(link),
        }
        subject, text = written(kind, registration.language, channel, context | values)
        made.append(
            _message(registration.edition, kind, channel, address, subject, text, registration.language,
                     registration=registration, rider=person)
        )  # fmt: skip
    return made


def for_rider(registration: Registration, kind: str, rider: Rider, link: PrivateLink, **values: Any) -> Message | None:
    """A message to one rider of a registration, not written yet (`queue` writes many at once); None without an address."""
    channel, address = _way(dossier.read(rider))
    if not address:
        return None
    edition = registration.edition
    context = {"registration": registration, "edition": edition, "rider": rider, "link": links.url(link)}
    subject, text = written(kind, registration.language, channel, context | values)
    return _message(edition, kind, channel, address, subject, text, registration.language,
                    registration=registration, rider=rider)  # fmt: skip


def to_address(edition: Edition, kind: str, address: str, language: str, **values: Any) -> list[Message]:
    """Tell an address that is not (yet) anybody's: a one-time code."""
    channel = Message.Channel.EMAIL if "@" in address else Message.Channel.SMS
    subject, text = written(kind, language, channel, {"edition": edition} | values)
    return queue([_message(edition, kind, channel, address, subject, text, language)])


def queue(messages: list[Message]) -> list[Message]:
    """Write messages in one statement and ring after the commit."""
    Message.objects.bulk_create(messages)
    ring(messages)
    return messages


def ring(messages: list[Message]) -> None:
    """Ask for the sending of written messages once the transaction is committed."""
    if messages:
        transaction.on_commit(partial(doorbell.ring_once, SEND, [messages[0].edition_id]))


def written(kind: str, language: str, channel: str, context: dict[str, Any]) -> tuple[str, str]:
    """(subject, text) of a message in a language."""
    with translation.override(language):
        # Plain text: an escaped O'Brien would be an O&#x27;Brien.
        whole = _template(f"race/messages/{kind}.txt").render(Context(context, autoescape=False)).strip()
        subject, _newline, text = whole.partition("\n")
        if channel == Message.Channel.SMS:
            text = " ".join(part for part in (subject, context.get("link", "")) if part)
    return subject.strip(), text.strip()


def _template(name: str) -> Template:
    """The engine's own template, which lets a text be rendered without escaping."""
    found: Template = get_template(name).template  # type: ignore[attr-defined]
    return found


def content(message: Message) -> tuple[str, str]:
    """(subject, text) as it was written; empty once forgotten."""
    if not message.content_sealed:
        return "", ""
    held = orjson.loads(vault.unseal(message.content_sealed))
    return held["subject"], held["text"]


def _way(contact: dict[str, str]) -> tuple[str, str]:
    if contact.get("email"):
        return Message.Channel.EMAIL, contact["email"]
    return Message.Channel.SMS, contact.get("phone", "")


def _message(
    edition: Edition, kind: str, channel: str, address: str, subject: str, text: str, language: str, **of: Any
) -> Message:
    return Message(
        edition=edition,
        kind=kind,
        channel=channel,
        language=language,
        to_sealed=vault.seal(address),
        content_sealed=vault.seal(orjson.dumps({"subject": subject, "text": text}).decode()),
        **of,
    )
