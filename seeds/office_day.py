"""What an office finds on a busy day of the 11th edition, made up: when riders came, who is there twice, papers, letters.

Everything follows from the field and the two instants: the same ones give the same day.
"""

from __future__ import annotations

import datetime
import hashlib
import math
import random
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from race import messages, vault
from race.models import Document, Edition, Message, PrivateLink, Registration, Rider
from seeds import residence
from seeds.field import FieldEntry, FieldRider
from seeds.names import Name

#: What became of an entry's money. A hold is a quarter of an hour; a promise is a bank transfer on its way.
PAID, OWES, PROMISED, HOLDS, EXPIRED, WITHDRAWN = "paid", "owes", "promised", "holds", "expired", "withdrawn"
#: One in so many pays at sign-on, by transfer, never paid, has withdrawn; and of the last days, waits for the bank.
ON_SITE_EACH, TRANSFER_EACH, EXPIRED_EACH, WITHDRAWN_EACH = 12, 11, 31, 120
STILL_PAYING = 6
PROMISED_EACH, PROMISE = 4, datetime.timedelta(hours=60)
BLOOD = ("A", "B", "O", "AB")
SENT = 18
NOT_TAKEN = 3


@dataclass(frozen=True)
class Coming:
    """When somebody entered, how they pay and what became of it."""

    at: datetime.datetime
    pays: str
    fate: str


def comings(people: Sequence[FieldRider], opened: datetime.datetime, now: datetime.datetime) -> dict[int, Coming]:
    """How each person came, by index: many on the first days, fewer later, a few this very minute."""
    rng = random.Random("office 11")
    days = list(range((now - opened).days))
    weights = [1 + 5 * math.exp(-day / 5) for day in days]
    moments = sorted(
        _moment(rng, opened + datetime.timedelta(days=day)) for day in rng.choices(days, weights, k=len(people))
    )
    today = [now - datetime.timedelta(minutes=2 * left) for left in range(STILL_PAYING, 0, -1)]
    moments[-STILL_PAYING:] = today
    shuffled = list(people)
    rng.shuffle(shuffled)
    return {
        person.index: Coming(at, *_money(place, at, now, len(people)))
        for place, (person, at) in enumerate(zip(shuffled, moments, strict=True))
    }


def _moment(rng: random.Random, day: datetime.datetime) -> datetime.datetime:
    """An instant of a day at the venue: hardly at night, most about nine in the evening."""
    return day + datetime.timedelta(seconds=int(rng.triangular(6, 24, 21) * 3600) - 1)


def _money(place: int, at: datetime.datetime, now: datetime.datetime, people: int) -> tuple[str, str]:
    if place >= people - STILL_PAYING:
        return "sandbox", HOLDS
    if now - at < PROMISE and place % PROMISED_EACH == 1:
        return "transfer", PROMISED
    if place % TRANSFER_EACH == 7 and now - at > PROMISE:
        return "transfer", WITHDRAWN if place == TRANSFER_EACH + 7 else PAID
    if place % WITHDRAWN_EACH == 11:
        return "sandbox", WITHDRAWN
    if place % EXPIRED_EACH == 5:
        return "sandbox", EXPIRED
    return ("on_site", OWES) if place % ON_SITE_EACH == 0 else ("sandbox", PAID)


def private(person: FieldRider) -> dict[str, str]:
    """What this person wrote into the form beside the phone: nobody's, at a domain that is kept for examples."""
    index = person.index
    return {
        "email": "" if index % 9 == 0 else f"rider{index}@example.org",
        "emergency_name": f"{person.name.zh[:1] or 'Contact'}家人" if person.province else "Family",
        "emergency_phone": residence.phone_number(person.nation, 5_000 + index),
        "blood": BLOOD[index % 4] if index % 3 else "",
        "medical": "青霉素过敏" if index % 60 == 7 else "",
    }


def with_twins(chosen: Sequence[FieldEntry]) -> list[FieldEntry]:
    """The entries, some of them under a second rider who is the first one again: what the office finds as duplicates.

    Three ride both days and typed something else the second time; one is entered twice for the same day.
    """
    first: dict[int, FieldEntry] = {}
    twice = []
    for one in chosen:
        if first.setdefault(one.rider.index, one) is not one and one.rider.province and one.rider.name.zh:
            twice.append(one)
    women = [one for one in chosen if one.category == "WO" and one.rider.province]
    number = max(first) + 1
    taken = {one.rider.identity for one in chosen}
    known, mistyped, moved = (one.rider for one in twice[:3])
    again = {
        id(twice[0]): replace(known, index=number, name=Name("", known.name.latin)),
        id(twice[1]): replace(mistyped, index=number + 1, identity=_other_number(mistyped, mistyped.born, taken)),
        id(twice[2]): _younger(moved, number + 2, taken),
        id(women[-1]): replace(
            women[0].rider, index=number + 3, identity=_other_number(women[0].rider, women[0].rider.born, taken)
        ),
    }
    return [replace(one, rider=again[id(one)]) if id(one) in again else one for one in chosen]


def _younger(rider: FieldRider, index: int, taken: set[str]) -> FieldRider:
    """The same name and phone with another birth date: a brother, or a slip of the finger."""
    born = rider.born + datetime.timedelta(days=9)
    return replace(rider, index=index, born=born, identity=_other_number(rider, born, taken))


def _other_number(rider: FieldRider, born: datetime.date, taken: set[str]) -> str:
    assert rider.province is not None
    numbers = (residence.resident_number(rider.province.prefix, born, rider.female, index) for index in range(5))
    return next(number for number in numbers if number not in taken)


def papers(edition: Edition, people: Sequence[FieldRider], riders: Sequence[Rider]) -> list[Document]:
    """Papers of some riders, not written yet: most to review, some accepted, some refused."""
    pdf, png = _pdf("Health certificate, made up"), _png(240, 320)
    senders = [
        (person, rider)
        for person, rider in zip(people, riders, strict=True)
        if person.index % 40 == 3 or not person.province
    ]
    made = []
    for place, (person, rider) in enumerate(senders):
        content, kind, ending = (png, "image/png", "png") if place % 3 == 0 else (pdf, "application/pdf", "pdf")
        state = (Document.State.SENT, Document.State.SENT, Document.State.ACCEPTED, Document.State.REFUSED)[place % 4]
        if not person.province and place % 5 == 4:
            continue  # has not sent the licence yet
        paper = "health_certificate" if person.province else "licence"
        made.append(
            Document(
                rider=rider, edition=edition, kind=paper, file_name=f"{paper}-{place + 1}.{ending}", content_type=kind,
                size=len(content), sha256=hashlib.sha256(content).hexdigest(), sealed=vault.seal_bytes(content), state=state,
                reason="照片太暗，看不清盖章，重新上传清晰的一份" if state == Document.State.REFUSED else "",
            )
        )  # fmt: skip
    return made


def letters(edition: Edition, registrations: Sequence[Registration], links: Sequence[PrivateLink]) -> list[Message]:
    """The letters to who came last, not written yet: taken but for a few."""
    made = []
    for registration, link in list(zip(registrations, links, strict=True))[-SENT:]:
        made += messages.unwritten(registration, "link", link=link)
    for place, message in enumerate(made):
        failed = place < NOT_TAKEN
        message.state = Message.State.FAILED if failed else Message.State.SENT
        message.tries = 5 if failed else 1
        message.problem = "SMTPRecipientsRefused 550" if failed else ""
    return made


def _png(width: int, height: int) -> bytes:
    """A grey sheet with dark lines: what a photo of a certificate looks like from far away."""
    rows = b"".join(b"\x00" + bytes([70 if row % 24 in (8, 9) and row > 40 else 232]) * width for row in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    chunks = (
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _pdf(text: str) -> bytes:
    """A page with one line of text."""
    drawn = f"BT /F1 18 Tf 60 740 Td ({text}) Tj ET".encode()
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%b\nendstream" % (len(drawn), drawn),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )
    out, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj%b\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    return out + b"xref\n0 %d\n0000000000 65535 f \n%btrailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (
        size, table, size, len(out),
    )  # fmt: skip
