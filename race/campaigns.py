"""One text to many riders: chosen by a filter, seen before it is sent, written in one go and sent by the post.

It goes to each rider, not to whoever paid; a rider with two entries gets it once, and so does an address to which the very
same text would go twice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Count
from django.utils import translation
from django.utils.translation import gettext as _

from race import dates, doorbell, dossier, links, log, messages, selection, tokens, vault
from race.models import Campaign, Edition, Entry, Message, PrivateLink, Registration, User
from race.refused import Refused
from race.selection import Selection

KIND, TEST, STOPPED = "campaign", "test", "stopped"
#: What a text may name, by the word that stands in braces.
PLACEHOLDERS = ("name", "bib", "category", "race", "day", "gun", "team", "edition", "link")
CHANNELS = ("best", "email", "sms")
BRACES = re.compile(r"\{(\w*)\}")
LONGEST_SMS, BATCH = 300, 500


@dataclass(frozen=True, slots=True)
class Text:
    """What is written, in two languages; a rider reads the one they entered in, or the other where that is empty."""

    channel: str
    subject_zh: str = ""
    subject_en: str = ""
    body_zh: str = ""
    body_en: str = ""

    def of(self, language: str) -> tuple[str, str]:
        """(subject, body) for a language."""
        english = language.startswith("en")
        first, second = (self.subject_en, self.body_en), (self.subject_zh, self.body_zh)
        subject, body = zip(*((first, second) if english else (second, first)), strict=True)
        return subject[0] or subject[1], body[0] or body[1]


@dataclass(frozen=True, slots=True)
class Letter:
    """One message as somebody gets it. `link` is empty where no private link leads to the entry."""

    entry: Entry
    channel: str
    address: str
    language: str
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Post:
    """Whom a text reaches, and who has no address for it."""

    letters: list[Letter]
    unreachable: list[Entry]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a campaign has come."""

    total: int
    sent: int
    queued: int
    failed: int
    stopped: int

    @property
    def percent(self) -> int:
        """Of all, how many are dealt with."""
        return 100 * (self.total - self.queued) // self.total if self.total else 100


def refuse_unfit(text: Text) -> None:
    """Refused: `empty_text`, `no_subject`, `too_long` for a text message, `unknown_placeholder`, `unknown_channel`."""
    if text.channel not in CHANNELS:
        raise Refused("unknown_channel", _("Choose e-mail, text message or the best of both."))
    if not (text.body_zh.strip() or text.body_en.strip()):
        raise Refused("empty_text", _("The text is empty."))
    if text.channel != "sms" and not (text.subject_zh.strip() or text.subject_en.strip()):
        raise Refused("no_subject", _("A mail needs a subject."))
    if text.channel == "sms" and max(len(text.body_zh), len(text.body_en)) > LONGEST_SMS:
        raise Refused("too_long", _("A text message has at most %(most)d characters.") % {"most": LONGEST_SMS})
    for part in (text.subject_zh, text.subject_en, text.body_zh, text.body_en):
        for name in BRACES.findall(part):
            if name not in PLACEHOLDERS:
                raise Refused("unknown_placeholder", _("{%(name)s} stands for nothing.") % {"name": name})


def chosen(edition: Edition, wanted: Selection) -> list[Entry]:
    """The entries a selection means, one a rider (the first by day), with all that a text may name. One query."""
    found = selection.entries(edition, wanted).filter(rider__erased_at=None)
    found = found.select_related("rider", "team", "race", "category__wave", "registration")
    once: dict[int, Entry] = {}
    for entry in found.order_by("day", "pk"):
        once.setdefault(entry.rider_id, entry)
    return list(once.values())


def post(edition: Edition, wanted: Selection, text: Text, *, most: int | None = None, write: bool = False) -> Post:
    """Every letter of a text, or the first `most` of them. Links are made for whom they are missing with `write`;
    without it a letter shows an example. Three queries, and two more where links are made."""
    entries = chosen(edition, wanted)
    whom = [(entry, *_way(entry, text.channel)) for entry in entries]
    reached = [(entry, channel, address) for entry, channel, address in whom if address][:most]
    needed = any("{link}" in part for part in (text.body_zh, text.body_en))
    secrets = _links([entry for entry, _channel, _address in reached], write=write) if needed else {}
    letters: dict[tuple[str, str, str], Letter] = {}
    for entry, channel, address in reached:
        language = entry.registration.language if entry.registration else "zh-hans"
        link = secrets.get((entry.registration_id or 0, _whose(entry)), "")
        subject, body = (filled(part, _values(edition, entry, language, link)) for part in text.of(language))
        letters.setdefault((address, subject, body), Letter(entry, channel, address, language, subject, body))
    return Post(list(letters.values()), [entry for entry, _channel, address in whom if not address])


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with what stands in braces put in."""
    return BRACES.sub(lambda found: values.get(found[1], found[0]), text)


def send(edition: Edition, key: str, wanted: Selection, text: Text, *, by: User) -> Campaign:
    """Write the messages of a campaign, all or none; the post sends them after the commit.

    The same `key` again is the same campaign: a double click writes to nobody twice. Refused: what `refuse_unfit` refuses,
    and `nobody` where the text reaches no one.
    """
    refuse_unfit(text)
    if (known := Campaign.objects.filter(edition=edition, key=key).first()) is not None:
        return known
    try:
        return _sent(edition, key, wanted, text, by)
    except IntegrityError:
        # Another tab was quicker with the same key.
        return Campaign.objects.get(edition=edition, key=key)


@transaction.atomic
def _sent(edition: Edition, key: str, wanted: Selection, text: Text, by: User) -> Campaign:
    campaign = Campaign.objects.create(
        edition=edition, key=key, channel=text.channel[:5], asked=wanted.asked, by=by,
        subject={"zh": text.subject_zh, "en": text.subject_en}, body={"zh": text.body_zh, "en": text.body_en},
    )  # fmt: skip
    letters = post(edition, wanted, text, write=True).letters
    if not letters:
        raise Refused("nobody", _("Nobody would get this."))
    made = [_message(edition, letter, campaign) for letter in letters]
    Message.objects.bulk_create(made, batch_size=BATCH)
    Campaign.objects.filter(pk=campaign.pk).update(total=len(made))
    campaign.total = len(made)
    log.note(edition, "campaign", by=by, campaign=campaign.pk, total=len(made), asked=wanted.asked)
    doorbell.after_commit(messages.SEND, [edition.pk])
    return campaign


@transaction.atomic
def test(edition: Edition, wanted: Selection, text: Text, *, by: User) -> Message:
    """The first letter of a text, to the one who writes it. Refused (`no_address`) without an address of one's own."""
    refuse_unfit(text)
    if not by.email:
        raise Refused("no_address", _("Your account has no e-mail address: an administrator can add it."))
    first = next(iter(post(edition, wanted, text, most=1).letters), None)
    if first is None:
        raise Refused("nobody", _("Nobody would get this."))
    columns = {name: getattr(first, name) for name in ("entry", "language", "subject", "text")}
    subject = columns["subject"] or _("Test")
    letter = Letter(**(columns | {"channel": "email", "address": by.email, "subject": f"[{_('Test')}] {subject}"}))
    made = _message(edition, letter, None)
    made.kind, made.rider, made.registration = TEST, None, None
    return messages.queue([made])[0]


def progress(campaign: Campaign) -> Progress:
    """How far a campaign has come. One query."""
    rows = campaign.messages.order_by().values_list("state", "problem").annotate(n=Count("pk"))
    counted = {"sent": 0, "queued": 0, "failed": 0, "stopped": 0}
    for state, problem, n in rows:
        counted[STOPPED if state == Message.State.FAILED and problem == STOPPED else state] += n
    return Progress(total=sum(counted.values()), **counted)


def stop(campaign: Campaign, *, by: User) -> int:
    """What is not sent yet is not sent. Returns how many. What a worker holds at this moment may still go out."""
    queued = campaign.messages.filter(state=Message.State.QUEUED)
    stopped = queued.update(state=Message.State.FAILED, problem=STOPPED, not_before=None)
    if stopped:
        log.note(campaign.edition, "campaign_stopped", by=by, campaign=campaign.pk, messages=stopped)
    return stopped


@transaction.atomic
def retry(edition: Edition, failed: Sequence[int], *, by: User) -> int:
    """Send messages again that failed or were stopped and still have their text. Returns how many."""
    rows = Message.objects.filter(edition=edition, pk__in=failed, state=Message.State.FAILED).exclude(content_sealed="")
    again = rows.update(state=Message.State.QUEUED, tries=0, problem="", not_before=None)
    if again:
        log.note(edition, "messages_again", by=by, messages=again)
        doorbell.after_commit(messages.SEND, [edition.pk])
    return again


def asked(text: Text) -> dict[str, str]:
    """The fields of a text, for a form."""
    return asdict(text)


def _way(entry: Entry, wanted: str) -> tuple[str, str]:
    """(channel, address) of the rider; of who entered, where that is the rider too and the rider gave none."""
    own = dossier.read(entry.rider)
    registration = entry.registration
    if registration and registration.kind == Registration.Kind.RIDER and not (own["email"] or own["phone"]):
        own = dossier.contact(registration)
    if wanted != "sms" and own["email"]:
        return "email", own["email"]
    if wanted != "email" and own["phone"]:
        return "sms", own["phone"]
    return "", ""


def _whose(entry: Entry) -> int:
    """Whose link it is: the rider's in a team's registration, else the payer's, who is the rider (0)."""
    team = entry.registration is not None and entry.registration.kind == Registration.Kind.TEAM
    return entry.rider_id if team else 0


def _links(entries: Sequence[Entry], *, write: bool) -> dict[tuple[int, int], str]:
    """(registration, rider or 0) -> the private link. Two queries, one more where some are missing and shall be made."""
    wanted = {(entry.registration_id, _whose(entry)) for entry in entries if entry.registration_id}
    if write:
        have = {(link.registration_id, link.rider_id or 0) for link in _living(wanted)}
        PrivateLink.objects.bulk_create(
            [_new_link(registration, rider) for registration, rider in sorted(wanted - have)], ignore_conflicts=True
        )
    found = {(link.registration_id, link.rider_id or 0): links.url(link) for link in _living(wanted)}
    example = f"{settings.SITE_URL.rstrip('/')}/my/…/"
    return found if write else dict.fromkeys(wanted, example) | dict.fromkeys(found, example)


def _living(wanted: set[tuple[int, int]]) -> list[PrivateLink]:
    registrations = {registration for registration, _rider in wanted}
    return list(PrivateLink.objects.filter(registration__in=registrations, revoked_at=None))


def _new_link(registration: int, rider: int) -> PrivateLink:
    secret = links.new_secret()
    return PrivateLink(
        registration_id=registration, rider_id=rider or None, digest=tokens.digest(secret), secret_sealed=vault.seal(secret)
    )  # fmt: skip


def _values(edition: Edition, entry: Entry, language: str, link: str) -> dict[str, str]:
    planned: datetime = entry.category.wave.planned_at
    with translation.override(language):
        english = language.startswith("en")
        return {
            "name": (entry.rider.latin or entry.rider.name_zh) if english else str(entry.rider),
            "bib": str(entry.bib or "–"),
            "category": entry.category.name,
            "race": entry.race.name,
            "day": dates.day(entry.day),
            "gun": f"{planned.astimezone(ZoneInfo(edition.zone)):%H:%M}",
            "team": entry.team.name if entry.team else "–",
            "edition": edition.short_name,
            "link": link or f"{settings.SITE_URL.rstrip('/')}/start-list/",
        }


def _message(edition: Edition, letter: Letter, campaign: Campaign | None) -> Message:
    content: dict[str, Any] = {"subject": letter.subject, "text": letter.text}
    return Message(
        edition=edition, kind=KIND, channel=letter.channel, language=letter.language, campaign=campaign,
        registration=letter.entry.registration, rider=letter.entry.rider, to_sealed=vault.seal(letter.address),
        content_sealed=vault.seal(orjson.dumps(content).decode()),
    )  # fmt: skip
