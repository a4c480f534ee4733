"""Sending what was written: queued mails and text messages, in small parts, each message until a provider has taken it.

A part is claimed by moving its next try into the future, in a transaction of its own: two workers never send the same
message, and what a killed worker had claimed is due again after `LEASE`. A message is SENT only after its provider took it.

What strangers can set off, by naming an address in a form, reaches one address at most `AN_HOUR` times an hour; the rest waits.
"""

from __future__ import annotations

import logging
import smtplib
import time
from datetime import datetime, timedelta
from typing import Protocol

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.module_loading import import_string

from race import dossier, messages, rate, vault
from race.models import Message

logger = logging.getLogger(__name__)
PART = 20
LEASE = timedelta(minutes=3)
AT_IT = 60.0  # seconds: a slow post office shall end neither the lease of what is claimed nor the worker's own time
FIRST_PAUSE = timedelta(seconds=30)
MOST_TRIES = 5
AN_HOUR = 60  # as many as a team of sixty gives its manager in one go
FORGOTTEN_AFTER = timedelta(days=30)
#: What a post office that is closed or says no raises; anything else is a bug and shows itself.
NOT_TAKEN = (OSError, smtplib.SMTPException, ValueError)


class SmsProvider(Protocol):
    """Whoever carries text messages. `send` returns when the message was taken; OSError or ValueError where it was not."""

    def send(self, phone: str, text: str) -> None:
        """Take one text message."""
        ...


class ConsoleSms:
    """Prints text messages: for a demo and for development."""

    def send(self, phone: str, text: str) -> None:
        """Print it."""
        print(f"SMS to {phone}: {text}", flush=True)


def due(*, now: datetime | None = None) -> list[int]:
    """The editions that have messages to be sent now."""
    return list(_due(now or timezone.now()).order_by("edition").values_list("edition", flat=True).distinct())


def send(edition_id: int, *, now: datetime | None = None, parts: int = 20) -> int:
    """Send what is due of an edition, at most so many parts and for `AT_IT` seconds. Returns how many messages were taken."""
    taken, until = 0, time.monotonic() + AT_IT
    for _part in range(parts):
        part = _claimed(edition_id, now or timezone.now()) if time.monotonic() < until else []
        if not part:
            break
        taken += _sent(part, until)
    return taken


def forget(*, now: datetime | None = None) -> int:
    """Empty the text of messages that were sent, or given up, thirty days ago. Returns how many."""
    before = (now or timezone.now()) - FORGOTTEN_AFTER
    old = Q(sent_at__lt=before) | Q(state=Message.State.FAILED, created_at__lt=before)
    return Message.objects.filter(old).exclude(content_sealed="").update(content_sealed="")


def _due(now: datetime) -> QuerySet[Message]:
    return Message.objects.filter(Q(not_before=None) | Q(not_before__lte=now), state=Message.State.QUEUED)


@transaction.atomic
def _claimed(edition_id: int, now: datetime) -> list[Message]:
    """A part of the queue that nobody else is sending, with its try counted."""
    part = _due(now).filter(edition=edition_id).order_by("pk").select_for_update(skip_locked=True)[:PART]
    found = list(part)
    claimed = Message.objects.filter(pk__in=[message.pk for message in found])
    claimed.update(tries=F("tries") + 1, not_before=timezone.now() + LEASE)
    return found


def _sent(part: list[Message], until: float) -> int:
    """Send a claimed part. Each message is written down before the next one goes out, at the price of a query each: whoever
    is killed has sent one message at most that nobody knows of, and the others are not sent twice."""
    taken = 0
    connection = mail.get_connection()
    sms: SmsProvider = import_string(settings.SMS_PROVIDER)()
    for place, message in enumerate(part):
        if time.monotonic() >= until:
            _given_back(part[place:])
            break
        taken += _tried(message, connection, sms)
    _close(connection)
    return taken


def _tried(message: Message, connection: BaseEmailBackend, sms: SmsProvider) -> bool:
    """Send one message and write down what became of it; its `tries` is what it was before this try."""
    mine = Message.objects.filter(pk=message.pk)
    try:
        if _too_many(message):
            problem = _later(message)
        else:
            _hand_over(message, connection, sms)
            # It went out, also where the office stopped it meanwhile: what was stopped may be sent again.
            return bool(mine.update(state=Message.State.SENT, sent_at=timezone.now(), problem="", not_before=None))
    except (*NOT_TAKEN, InvalidToken) as fault:
        problem = _put_off(message, fault)
    columns = {name: getattr(problem, name) for name in ("state", "tries", "not_before", "problem")}
    mine.filter(state=Message.State.QUEUED).update(**columns)
    return False


def _given_back(part: list[Message]) -> None:
    """Nobody tried these: the next worker does, at once."""
    claimed = Message.objects.filter(pk__in=[message.pk for message in part], state=Message.State.QUEUED)
    claimed.update(tries=F("tries") - 1, not_before=None)


def _hand_over(message: Message, connection: BaseEmailBackend, sms: SmsProvider) -> None:
    """Give one message to its provider. ValueError: there is nothing to send, or nobody to send it to."""
    if not (message.to_sealed and message.content_sealed):
        raise ValueError("the address or the text was erased")
    address = vault.unseal(message.to_sealed)
    subject, text = messages.content(message)
    if message.channel == Message.Channel.SMS:
        sms.send(address, text)
        return
    letter = mail.EmailMessage(" ".join(subject.split()), text, to=[address], connection=connection)
    if not letter.send():
        raise OSError("the mail server took nothing")


def _too_many(message: Message) -> bool:
    """Count a message to its address; whether it had enough for now. What the office wrote, and codes, are limited there."""
    if message.campaign_id is not None or message.kind == "code" or not message.to_sealed:
        return False
    return rate.count(f"mail:{dossier.contact_hash(vault.unseal(message.to_sealed))}") > AN_HOUR


def _later(message: Message) -> Message:
    """The message in an hour, its try not counted."""
    message.not_before = timezone.now() + timedelta(hours=1)
    logger.warning("message %s waits an hour: its address has had %s", message.pk, AN_HOUR)
    return message


def _put_off(message: Message, problem: Exception) -> Message:
    """The message as it stands after a try that failed: later again, or given up. The problem names no address."""
    message.tries += 1
    given_up = message.tries >= MOST_TRIES or isinstance(problem, ValueError | InvalidToken)
    message.state = Message.State.FAILED if given_up else Message.State.QUEUED
    message.not_before = None if given_up else timezone.now() + FIRST_PAUSE * 4 ** (message.tries - 1)
    code = getattr(problem, "smtp_code", "")
    message.problem = f"{type(problem).__name__} {code}".strip()[:200]
    logger.warning("message %s was not taken: %s", message.pk, message.problem)
    return message


def _close(connection: BaseEmailBackend) -> None:
    """A server that is gone cannot be told goodbye."""
    try:
        connection.close()
    except OSError as problem:
        logger.info("the mail server was gone: %s", problem)
