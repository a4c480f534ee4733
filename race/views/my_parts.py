"""What a rider's own page shows, put together from the rows: entries with what may be done, papers, waiver, money."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import segno
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from race import dates, dossier, eligibility, papers, payments, providers, registration, regulations, waivers
from race.entry_rules import EntryRules
from race.models import Acceptance, Document, Edition, Entry, Payment, PrivateLink, Registration, Regulations, Rider
from race.models.edition import in_language

State = Entry.State


@dataclass(frozen=True)
class Shown:
    """One entry with everything its card says."""

    entry: Entry
    day: str
    position: int | None = None
    call_up: tuple[datetime, datetime] | None = None
    qr: SafeString | None = None
    may_leave: bool = False
    may_accept: bool = False


@dataclass
class Person:
    """One rider of the page."""

    rider: Rider
    entries: list[Shown]
    private: dict[str, str]
    team: str
    minor: bool
    needs: list[papers.Need] = field(default_factory=list)
    signed: Acceptance | None = None
    signs: bool = False
    calls_nobody: bool = False
    typed: bool = False
    newer: bool = False

    @property
    def missing(self) -> int:
        """How many things are still to be done before the start."""
        return sum(need.missing for need in self.needs) + self.signs + self.calls_nobody


@dataclass(frozen=True)
class Typed:
    """What was typed for a rider and refused."""

    rider: int
    private: dict[str, str]
    team: str | None


def keep(people: list[Person], typed: Typed) -> None:
    """Show what was typed in place of what is kept."""
    for person in people:
        if person.rider.pk == typed.rider:
            person.private = person.private | typed.private
            person.team = person.team if typed.team is None else typed.team
            person.typed = True


def entries(link: PrivateLink) -> QuerySet[Entry]:
    """The entries that the holder of a link sees."""
    shown = Entry.objects.filter(registration=link.registration)
    shown = shown.filter(rider=link.rider) if link.rider_id else shown
    return shown.select_related("rider", "team", "category__wave", "race__course", "edition", "registration")


def riders(link: PrivateLink) -> QuerySet[Rider]:
    """Whose details the holder of a link sees: a payer's own registration, or the one rider.

    A team's manager sees and changes nobody's: the riders have links of their own.
    """
    if link.rider_id:
        return Rider.objects.filter(pk=link.rider_id)
    if link.registration.kind == Registration.Kind.TEAM:
        return Rider.objects.none()
    return Rider.objects.filter(entries__registration=link.registration).distinct()


def minor(rider: Rider, edition: Edition) -> bool:
    """Whether a guardian signs for the rider."""
    under = EntryRules.of(edition.entry_rules).guardian_under
    return eligibility.civil_age(rider.birth_date, edition.starts_on) < under


def context(link: PrivateLink) -> dict[str, Any]:
    """Everything the page shows. The number of queries does not grow with the entries."""
    booked, edition = link.registration, link.registration.edition
    rules = EntryRules.of(edition.entry_rules)
    rows = list(entries(link).order_by("day", "category__wave__planned_at", "pk"))
    payer = link.rider_id is None
    late = timezone.now() > registration.change_deadline(edition)
    positions = _positions(rows)
    newest = regulations.current(edition)
    people = _people(link, rows, rules, newest, [_shown(row, rules, positions, payer, late) for row in rows])
    owed = payments.owed(booked) if payer else 0
    held = [row for row in rows if row.state == State.HELD and row.held_until]
    payments_made = list(booked.payments.prefetch_related("refunds").order_by("created_at")) if payer else []
    return {
        "link": link, "edition": edition, "registration": booked, "people": people, "payer": payer, "owed": owed,
        "ways": providers.offered(edition) if owed else [], "way": booked.pays,
        "how_to_pay": _how_to_pay(payments_made, owed),
        "held": held, "held_until": min((row.held_until for row in held if row.held_until), default=None),
        "hold_minutes": rules.hold_minutes, "now": timezone.now(), "late": late,
        "deadline": registration.change_deadline(edition) - timedelta(seconds=1),
        "receipts": [one for one in payments_made if one.state == Payment.State.PAID and one.received_fen],
        "refunds": [refund for one in payments_made for refund in one.refunds.all()],
        "version": newest.version, "waiver": _waiver(newest), "waiver_sha256": newest.waiver_sha256,
        "dates": dates.days(edition.starts_on, edition.ends_on),
        "missing": sum(person.missing for person in people),
        "standing": _standing({row.state for row in rows}),
    }  # fmt: skip


def _standing(states: set[str]) -> str:
    """The state that speaks for the page: what is to be done soonest, and a waiting list is never called done."""
    return next((str(one) for one in (State.OFFERED, State.HELD, State.CONFIRMED, State.WAITING) if one in states), "")


def _shown(entry: Entry, rules: EntryRules, positions: dict[int, int], payer: bool, late: bool) -> Shown:
    alive, confirmed = entry.state in Entry.ALIVE, entry.state == State.CONFIRMED
    gun = entry.category.wave.planned_at
    window = (gun - timedelta(minutes=rules.sign_on_opens_min), gun - timedelta(minutes=rules.sign_on_closes_min))
    return Shown(
        entry,
        dates.weekday(entry.day),
        position=positions.get(entry.pk),
        call_up=window if confirmed else None,
        qr=qr(entry.pass_code) if confirmed and entry.pass_code else None,
        may_leave=alive and payer and not late,
        may_accept=entry.state == State.OFFERED and payer,
    )


def qr(code: str) -> SafeString:
    """The code as a drawing that stands in the page: dark on light in every theme, or no desk could scan it."""
    drawn = segno.make(code, error="m").svg_inline(scale=1, border=2, svgclass="qr", lineclass=None, omitsize=True)
    return mark_safe(re.sub(r"<svg ", '<svg role="img" aria-label="QR" ', drawn, count=1))


def _positions(rows: list[Entry]) -> dict[int, int]:
    """The place in line of every entry that waits, in one query."""
    waiting = [row for row in rows if row.state == State.WAITING]
    if not waiting:
        return {}
    same = Entry.objects.filter(category=OuterRef("category"), state=State.WAITING)
    up_to = same.filter(queue_number__lte=OuterRef("queue_number")).order_by().values("category")
    mine = Entry.objects.filter(pk__in=[row.pk for row in waiting])
    return dict(mine.values_list("pk", Subquery(up_to.annotate(place=Count("pk")).values("place"))))


def _people(
    link: PrivateLink, rows: list[Entry], rules: EntryRules, newest: Regulations, shown: list[Shown]
) -> list[Person]:
    edition = link.registration.edition
    who = {row.rider_id: row.rider for row in rows}
    who |= {link.rider.pk: link.rider} if link.rider else {}
    signed = waivers.signed(edition, who)
    sent: dict[int, dict[str, Document]] = {}
    if rules.documents:
        kept = Document.objects.filter(rider__in=who, edition=edition).filter(~Q(state=Document.State.REPLACED))
        for document in kept.defer("sealed").order_by("sent_at", "pk"):
            sent.setdefault(document.rider_id, {})[document.kind] = document
    people = []
    for pk, rider in who.items():
        mine = [one for one in shown if one.entry.rider_id == pk]
        alive = any(one.entry.state in Entry.ALIVE for one in mine)
        hands = waivers.hands_on(signed[pk], newest.waiver_sha256)
        signs = alive and not waivers.enough(hands, minor=minor(rider, edition))
        last = _shown_signature(signed[pk], newest, minor=minor(rider, edition))
        team = next((one.entry.team.name for one in mine if one.entry.team), "")
        needs = [
            papers.Need(terms.kind, papers.label(terms.kind), terms.required, sent.get(pk, {}).get(terms.kind))
            for terms in papers.asked_of(rider, edition)
        ]
        private = dossier.read(rider)
        people.append(
            Person(
                rider, mine, private, team, minor(rider, edition), needs, last, signs=signs,
                calls_nobody=alive and not _reachable(private, minor=minor(rider, edition)),
                newer=alive and bool(signed[pk]) and not any(_same_terms(one, newest) for one in signed[pk]),
            )
        )  # fmt: skip
    return people


def _reachable(private: dict[str, str], *, minor: bool) -> bool:
    """Whether somebody can be called in an emergency, and a minor's guardian too. A team's list may come without them."""
    wanted = ("emergency_name", "emergency_phone", *(("guardian_name", "guardian_phone") if minor else ()))
    return all(private[name] for name in wanted)


def _same_terms(signature: Acceptance, newest: Regulations) -> bool:
    return regulations.same_terms(signature.regulations.document, newest.document)


def _shown_signature(signed: list[Acceptance], newest: Regulations, *, minor: bool) -> Acceptance | None:
    """The signature the page names: one that counts before one that does not, then the newest."""
    return max(
        signed,
        key=lambda one: (
            one.waiver_sha256 == newest.waiver_sha256 and (one.guardian or not minor), one.regulations.version, one.pk,
        ),
        default=None,
    )  # fmt: skip


def _how_to_pay(made: list[Payment], owed: int) -> str:
    """What to do for the payment that is open, where its provider tells it in words."""
    pending = [one for one in made if one.state == Payment.State.PENDING]
    provider = providers.find(pending[-1].provider) if pending and owed else None
    return provider.checkout(pending[-1], "").text if provider and provider.by_hand else ""


def _waiver(newest: Regulations) -> str:
    waiver = newest.document["waiver"]
    return in_language(waiver["zh"], waiver["en"])
