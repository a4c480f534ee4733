"""An 11th edition that is filling up, made up throughout: what `/enter/` and the office show in the demo.

The rows are what `race.registration` and `race.payments` would have written, a table at a time; a test holds the counters
and the ledger to them.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from django.db import transaction
from django.utils import timezone

from race import dossier, links, regulations, tokens, vault
from race.models import (
    Acceptance,
    Category,
    Edition,
    Entry,
    LedgerLine,
    Payment,
    PrivateLink,
    Registration,
    Rider,
    Team,
)
from seeds import field as fields
from seeds import planting
from seeds.field import FieldEntry, FieldRider

FIELD_SEED = 11
#: How many of each category have entered: one category is full, with a line behind it.
ENTERED = {"ME": 177, "WO": 89, "MM": 252, "XO": 256, "XM": 188}
#: Where a rider of the field goes when there are enough of their own category.
OR_ELSE = {"XM": ("XO",)}
#: One in so many has chosen to pay at sign-on.
ON_SITE_EACH = 12


@transaction.atomic
def fill(edition: Edition) -> int:
    """Enter the made-up field of the 11th edition; returns how many entries there are then."""
    categories = {
        category.code: category for category in Category.objects.filter(race__edition=edition).select_related("race")
    }
    chosen = _chosen(categories)
    people = list({entry.rider.index: entry.rider for entry in chosen}.values())
    teams = Team.objects.bulk_create(
        [Team(edition=edition, name_zh=club.zh, name_en=club.en) for club in sorted({p.club for p in people if p.club})]
    )
    team_of = {team.name_zh: team for team in teams}
    riders = Rider.objects.bulk_create([planting.rider_row(person) for person in people])
    registrations = _registrations(edition, people, riders)
    rows = {
        person.index: (rider, registration)
        for person, rider, registration in zip(people, riders, registrations, strict=True)
    }
    entries = []
    for place, one in _placed(chosen, categories):
        rider, registration = rows[one.rider.index]
        category = categories[one.category]
        waits = place > category.capacity
        entries.append(
            Entry(
                edition=edition, race=category.race, category=category, rider=rider, registration=registration,
                team=team_of[one.rider.club.zh] if one.rider.club else None, day=category.race.day,
                state=Entry.State.WAITING if waits else Entry.State.CONFIRMED,
                queue_number=place - category.capacity if waits else None,
                fee_fen=category.fee_fen, paid_fen=0 if waits or registration.pays == "on_site" else category.fee_fen,
                pass_code=links.pass_code_of(f"{edition.slug} {one.category} {one.rider.index}"),
                identity_hash=rider.identity_hash, identity_key_version=rider.identity_key_version,
            )
        )  # fmt: skip
    _money(edition, Entry.objects.bulk_create(entries))
    _count(categories.values(), entries)
    return len(entries)


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


def _placed(chosen: Sequence[FieldEntry], categories: dict[str, Category]) -> list[tuple[int, FieldEntry]]:
    """Each entry with how many of its category there are up to it."""
    seen: Counter[str] = Counter()
    placed = []
    for one in chosen:
        seen[one.category] += 1
        placed.append((seen[one.category], one))
    return placed


def _registrations(edition: Edition, people: Sequence[FieldRider], riders: Sequence[Rider]) -> list[Registration]:
    """A registration, its link and the waiver for each person."""
    version = regulations.current(edition)
    registrations = Registration.objects.bulk_create(
        [
            Registration(
                edition=edition, key=f"seed-{person.index}", asked="seed", language="zh-hans" if person.province else "en",
                pays="on_site" if place % ON_SITE_EACH == 0 else "sandbox",
                **dossier.contact_columns(person.name.zh or person.name.latin, "", person.phone),
            )
            for place, person in enumerate(people, start=1)
        ]
    )  # fmt: skip
    secrets = [links.new_secret() for _registration in registrations]
    PrivateLink.objects.bulk_create(
        [
            PrivateLink(registration=registration, digest=tokens.digest(secret), secret_sealed=vault.seal(secret))
            for registration, secret in zip(registrations, secrets, strict=True)
        ]
    )
    Acceptance.objects.bulk_create(
        [
            Acceptance(
                rider=rider, registration=registration, regulations=version, waiver_sha256=version.waiver_sha256,
                signer=rider.name_zh or rider.latin, language=registration.language,
            )
            for rider, registration in zip(riders, registrations, strict=True)
        ]
    )  # fmt: skip
    return registrations


def _money(edition: Edition, entries: Sequence[Entry]) -> None:
    """A payment and a ledger line for each entry that is paid."""
    now = timezone.now()
    paid = [entry for entry in entries if entry.paid_fen]
    payments = Payment.objects.bulk_create(
        [
            Payment(
                registration=entry.registration, number=f"seed{edition.pk}x{entry.pk}", provider="sandbox",
                amount_fen=entry.paid_fen, received_fen=entry.paid_fen, lines=[{"entry": entry.pk, "fen": entry.paid_fen}],
                state=Payment.State.PAID, provider_ref=f"seed{edition.pk}x{entry.pk}",
                paid_at=now - datetime.timedelta(minutes=place),
            )
            for place, entry in enumerate(paid)
        ]
    )  # fmt: skip
    LedgerLine.objects.bulk_create(
        [
            LedgerLine(
                edition=edition, kind=LedgerLine.Kind.FEE, method="sandbox", amount_fen=entry.paid_fen,
                registration=entry.registration, entry=entry, payment=payment,
            )
            for entry, payment in zip(paid, payments, strict=True)
        ]
    )  # fmt: skip


def _count(categories: Iterable[Category], entries: Sequence[Entry]) -> None:
    """Set the counters of the categories to what was written."""
    placed = Counter(entry.category_id for entry in entries if entry.state in Entry.PLACED)
    waiting = Counter(entry.category_id for entry in entries if entry.state == Entry.State.WAITING)
    counted = list(categories)
    for category in counted:
        category.taken, category.waiting = placed[category.pk], waiting[category.pk]
        category.queue_last = category.waiting
    Category.objects.bulk_update(counted, ["taken", "waiting", "queue_last"])
