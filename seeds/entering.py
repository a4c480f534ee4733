"""An 11th edition that is filling up, made up throughout: what `/enter/` and the office show in the demo.

Who came when, and what became of their money, `seeds.office_day` says.

The rows are what `race.registration` and `race.payments` would have written, a table at a time; a test holds the counters
and the ledger to them.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from race import dossier, links, regulations
from race.entry_rules import EntryRules, refund_fen
from race.models import (
    Acceptance,
    Category,
    Document,
    Edition,
    Entry,
    LedgerLine,
    Message,
    Payment,
    PrivateLink,
    ProviderCall,
    Refund,
    Registration,
    Rider,
    Team,
)
from race.payments import refunds as refunding
from race.providers import Notice, sandbox
from seeds import field as fields
from seeds import office_day, planting
from seeds.field import FieldEntry, FieldRider
from seeds.office_day import EXPIRED, HOLDS, OWES, PAID, PROMISED, WITHDRAWN, Coming

FIELD_SEED = 11
#: How many of each category have entered, those who gave up among them: one category is full, with a line behind it.
ENTERED = {"ME": 177, "WO": 89, "MM": 252, "XO": 272, "XM": 188}
#: Where a rider of the field goes when there are enough of their own category.
OR_ELSE = {"XM": ("XO",)}
#: The last places of a full category have just become free and are offered to the line.
OFFERED = 2
STATES = {
    PAID: "confirmed",
    OWES: "confirmed",
    PROMISED: "held",
    HOLDS: "held",
    EXPIRED: "expired",
    WITHDRAWN: "withdrawn",
}
OFFER_LEFT, HOLD, MINUTE = datetime.timedelta(hours=20), datetime.timedelta(minutes=15), datetime.timedelta(minutes=1)
SUM_UP = """
UPDATE race_entry SET paid_fen = booked.fen
  FROM (SELECT entry_id, sum(amount_fen) AS fen FROM race_ledgerline WHERE edition_id = %s GROUP BY entry_id) booked
 WHERE race_entry.id = booked.entry_id
"""


@dataclass
class _Written:
    """A person of the field with the rows that were written for them."""

    coming: Coming
    rider: Rider
    registration: Registration
    entries: list[Entry] = field(default_factory=list)


@transaction.atomic
def fill(edition: Edition, *, now: datetime.datetime | None = None) -> int:
    """Enter the made-up field of the 11th edition up to now; returns how many entries there are then."""
    now = now or timezone.now()
    assert edition.entry_opens_at is not None
    categories = {
        category.code: category for category in Category.objects.filter(race__edition=edition).select_related("race")
    }
    chosen = office_day.with_twins(_chosen(categories))
    people = list({entry.rider.index: entry.rider for entry in chosen}.values())
    coming = office_day.comings(people, edition.entry_opens_at, now)
    people.sort(key=lambda person: (coming[person.index].at, person.index))
    written = _people(edition, people, coming)
    _documents(edition, people, written, now)
    _entries(edition, chosen, categories, written, now)
    _money(edition, [one for one in written.values() if one.entries], now)
    _count(categories.values(), [entry for one in written.values() for entry in one.entries])
    return len(chosen)


def _chosen(categories: dict[str, Category]) -> list[FieldEntry]:
    """The first of the field who are of an age for their category on its day, as many as have entered."""
    left, chosen = dict(ENTERED), []
    for one in fields.build(FIELD_SEED).entries:
        for code in (one.category, *OR_ELSE.get(one.category, ())):
            category = categories[code]
            fits = category.min_age <= fields.age_on(one.rider.born, category.race.day) <= category.max_age
            if fits and left[code]:
                left[code] -= 1
                chosen.append(replace(one, category=code))
                break
    return chosen


def _people(edition: Edition, people: Sequence[FieldRider], coming: Mapping[int, Coming]) -> dict[int, _Written]:
    """A rider, a registration, its link and the waiver for each person, by index."""
    riders = Rider.objects.bulk_create([planting.rider_row(one, **office_day.private(one)) for one in people])
    version = regulations.current(edition)
    moments = [coming[person.index].at for person in people]
    registrations = _write(
        [
            Registration(
                edition=edition, key=f"seed-{person.index}", asked="seed", language="zh-hans" if person.province else "en",
                pays=coming[person.index].pays,
                **dossier.contact_columns(
                    person.name.zh or person.name.latin, office_day.private(person)["email"], person.phone
                ),
            )
            for person in people
        ],
        "created_at",
        moments,
    )  # fmt: skip
    made = PrivateLink.objects.bulk_create([links.unwritten(registration) for registration in registrations])
    _write(
        [
            Acceptance(
                rider=rider, registration=registration, regulations=version, waiver_sha256=version.waiver_sha256,
                signer=rider.name_zh or rider.latin, language=registration.language,
            )
            for rider, registration in zip(riders, registrations, strict=True)
        ],
        "at",
        moments,
    )  # fmt: skip
    letters = office_day.letters(edition, registrations, made)
    for letter, at in zip(letters, moments[-len(letters) :], strict=True):
        letter.sent_at = at + MINUTE if letter.state == Message.State.SENT else None
    _write(letters, "created_at", moments[-len(letters) :])
    rows = zip(people, riders, registrations, strict=True)
    return {person.index: _Written(coming[person.index], rider, registration) for person, rider, registration in rows}


def _documents(
    edition: Edition, people: Sequence[FieldRider], written: Mapping[int, _Written], now: datetime.datetime
) -> None:
    """The papers that riders sent, an hour after they entered."""
    papers = office_day.papers(edition, people, [written[person.index].rider for person in people])
    at = {one.rider.pk: min(one.coming.at + 60 * MINUTE, now) for one in written.values()}
    for paper in papers:
        paper.reviewed_at = None if paper.state == Document.State.SENT else min(at[paper.rider_id] + 300 * MINUTE, now)
    _write(papers, "sent_at", [at[paper.rider_id] for paper in papers])


def _entries(
    edition: Edition, chosen: Sequence[FieldEntry], categories: Mapping[str, Category], written: Mapping[int, _Written],
    now: datetime.datetime,
) -> None:  # fmt: skip
    """Every entry in the order in which it came, with the place or the number in line it got."""
    clubs = sorted({one.rider.club for one in chosen if one.rider.club})
    teams = Team.objects.bulk_create([Team(edition=edition, name_zh=club.zh, name_en=club.en) for club in clubs])
    team_of = {team.name_zh: team for team in teams}
    seen: Counter[str] = Counter()
    for one in sorted(chosen, key=lambda one: (written[one.rider.index].coming.at, one.rider.index, one.category)):
        whose, category = written[one.rider.index], categories[one.category]
        state = STATES[whose.coming.fate]
        seen[one.category] += state in Entry.PLACED
        whose.entries.append(
            Entry(
                edition=edition, race=category.race, category=category, rider=whose.rider, registration=whose.registration,
                team=team_of[one.rider.club.zh] if one.rider.club else None, day=category.race.day, fee_fen=category.fee_fen,
                pass_code=links.pass_code_of(f"{edition.slug} {one.category} {one.rider.index}")
                if state in Entry.PLACED else None,
                identity_hash=whose.rider.identity_hash, identity_key_version=whose.rider.identity_key_version,
                **_seat(state, seen[one.category] - category.capacity, whose.coming, now),
            )
        )  # fmt: skip
    made = [entry for whose in written.values() for entry in whose.entries]
    _write(made, "created_at", [whose.coming.at for whose in written.values() for _entry in whose.entries])


def _seat(state: str, beyond: int, coming: Coming, now: datetime.datetime) -> dict[str, Any]:
    """What the place of an entry is that came as number `beyond` after the last place: below 1 there was one."""
    if state not in Entry.PLACED:
        return {"state": state}
    if beyond > 0:
        return {"state": Entry.State.WAITING, "queue_number": beyond}
    if beyond > -OFFERED:
        return {"state": Entry.State.OFFERED, "held_until": now + OFFER_LEFT}
    hold = HOLD if coming.fate == HOLDS else datetime.timedelta(hours=EntryRules().transfer_hold_hours)
    return {"state": state, "held_until": coming.at + hold if state == Entry.State.HELD else None}


def _money(edition: Edition, written: Sequence[_Written], now: datetime.datetime) -> None:
    """A payment for each registration that has a place to pay, and what came of it: calls, ledger, refunds."""
    asked: list[Payment] = []
    moments: list[datetime.datetime] = []
    lines: list[tuple[LedgerLine, datetime.datetime]] = []
    refunds: list[Refund] = []
    for place, one in enumerate(written):
        mine = [entry for entry in one.entries if entry.state in ("confirmed", "held", "withdrawn")]
        if not mine:
            continue
        payment = _payment(one, mine, f"{edition.pk}S{place:05d}", at := min(one.coming.at + 4 * MINUTE, now))
        asked.append(payment)
        moments.append(one.coming.at)
        for entry in mine if payment.paid_at else ():
            lines.append((_line(payment, entry, LedgerLine.Kind.FEE, entry.fee_fen), at))
            if one.coming.fate == WITHDRAWN:
                refund = _refund(payment, entry, len(refunds), min(at + 2000 * MINUTE, now))
                refunds.append(refund)
                if refund.done_at:
                    booked = _line(payment, entry, LedgerLine.Kind.REFUND, -refund.amount_fen, refund=refund)
                    lines.append((booked, refund.done_at))
    _write(asked, "created_at", moments)
    _write(refunds, "created_at", [refund.not_before for refund in refunds])
    _write([line for line, _at in lines], "at", [at for _line, at in lines])
    with connection.cursor() as cursor:
        cursor.execute(SUM_UP, [edition.pk])
    _calls([payment for payment in asked if payment.provider_ref])


def _payment(one: _Written, mine: Sequence[Entry], number: str, at: datetime.datetime) -> Payment:
    """What was asked for the entries of one registration, and perhaps received."""
    paid, total = one.coming.fate in (PAID, WITHDRAWN), sum(entry.fee_fen for entry in mine)
    return Payment(
        registration=one.registration, number=f"P{number}", provider=one.coming.pays, amount_fen=total,
        lines=[{"entry": entry.pk, "fen": entry.fee_fen} for entry in mine], received_fen=total if paid else 0,
        state=Payment.State.PAID if paid else Payment.State.PENDING, paid_at=at if paid else None,
        provider_ref=f"SB-{number}" if paid and one.coming.pays == "sandbox" else "",
    )  # fmt: skip


def _line(payment: Payment, entry: Entry, kind: str, fen: int, refund: Refund | None = None) -> LedgerLine:
    return LedgerLine(
        edition=entry.edition, kind=kind, method=payment.provider, amount_fen=fen, registration=payment.registration,
        entry=entry, payment=payment, refund=refund,
    )  # fmt: skip


def _refund(payment: Payment, entry: Entry, place: int, at: datetime.datetime) -> Refund:
    """Money back for a withdrawn entry: the first one failed, those of transfers wait for a hand, the others are done."""
    state = Refund.State.DONE if place else Refund.State.FAILED
    if payment.provider == "transfer":
        state = Refund.State.REQUESTED
    failed, done = state == Refund.State.FAILED, state == Refund.State.DONE
    fen = refund_fen(EntryRules(), entry.fee_fen, 30)
    return Refund(
        payment=payment, entry=entry, number=f"R{entry.edition_id}S{place:05d}", amount_fen=fen, reason="withdrawn",
        state=state, problem="ConnectTimeout" if failed else "", tries=refunding.MOST_TRIES if failed else int(done),
        provider_ref=f"SR-{entry.edition_id}-{place:05d}" if done else "", not_before=at, done_at=at if done else None,
    )  # fmt: skip


def _calls(payments: Sequence[Payment]) -> None:
    """What the practice provider told of each payment; of one in the middle it told nothing, which the books show."""
    told = [payment for place, payment in enumerate(payments) if place != len(payments) // 2]
    calls = []
    for payment in told:
        notice = Notice("paid", payment.number, payment.received_fen, payment.provider_ref)
        body, headers = sandbox.callback(notice)
        calls.append(
            ProviderCall(
                provider="sandbox", body=body, headers=headers, genuine=True, number=payment.number, outcome="settled"
            )
        )
    _write(calls, "received_at", [payment.paid_at for payment in told])


def _write(rows: Sequence[Any], column: str, moments: Sequence[datetime.datetime | None]) -> list[Any]:
    """Write rows whose time of coming is not now: the column is filled by itself otherwise, and evidence is never edited."""
    if not rows:
        return []
    own: Any = rows[0]._meta.get_field(column)
    for row, at in zip(rows, moments, strict=True):
        setattr(row, column, at)
    own.auto_now_add = False
    try:
        return list(type(rows[0]).objects.bulk_create(rows))
    finally:
        own.auto_now_add = True


def _count(categories: Iterable[Category], entries: Sequence[Entry]) -> None:
    """Set the counters of the categories to what was written."""
    placed = Counter(entry.category_id for entry in entries if entry.state in Entry.PLACED)
    waiting = Counter(entry.category_id for entry in entries if entry.state == Entry.State.WAITING)
    counted = list(categories)
    for category in counted:
        category.taken, category.waiting = placed[category.pk], waiting[category.pk]
        category.queue_last = category.waiting
    Category.objects.bulk_update(counted, ["taken", "waiting", "queue_last"])
