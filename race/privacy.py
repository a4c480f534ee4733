"""A person's own data: handed over, and forgotten on demand or when its time is over.

What stays of an erased rider is what a result needs and the waiver names: name, sex, year of birth, nation, region, team,
bib. Evidence of money and of the signed waiver stays too, by law and for the insurer (docs/decisions/privacy.md).
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from datetime import timezone as FixedZone
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet, TextField, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone
from django.utils.translation import gettext as _

from race import dossier, log, messages, vault, waivers
from race.entry_rules import EntryRules
from race.models import Acceptance, Document, Edition, Entry, Message, PrivateLink, Registration, Rider, User
from race.refused import Refused

#: Where a day ends last on earth.
LAST_ZONE = FixedZone(timedelta(hours=-12))


def export(rider: Rider) -> dict[str, Any]:
    """Everything that is kept about a rider, as plain JSON, the document number in full: for its owner alone.

    Who was merged into the rider is the same person: what that row says, and what was signed under it, is told too.
    """
    return {
        **_person(rider),
        "merged": [_person(one) for one in rider.merged.filter(erased_at=None).order_by("pk")],
        "entries": [_entry(entry) for entry in _entries(rider).select_related("edition", "race", "category", "team")],
        "waivers": [_waiver(one) for one in waivers.of(rider)],
        "documents": [_document(one) for one in rider.documents.all()],
        "payments": [
            {"at": line.at.isoformat(), "kind": line.kind, "method": line.method, "fen": line.amount_fen}
            for entry in _entries(rider).prefetch_related("ledger")
            for line in entry.ledger.all()
        ],
        "messages": [
            {"kind": one.kind, "at": one.created_at.isoformat(), "subject": messages.content(one)[0]}
            for one in Message.objects.filter(rider=rider).order_by("pk")
        ],
        "log": [{"what": line.what, "at": line.at.isoformat()} for line in rider.log.all()],
    }  # fmt: skip


@transaction.atomic
def erase(rider: Rider, *, by: User | None, reason: str = "asked") -> None:
    """Forget a rider's private data. The public result keeps its name; who never stood on a start list loses that too.

    Refused (`still_entered`) while the rider is entered in an edition that is not over: a race needs to know whom to call.
    """
    rider = Rider.objects.select_for_update().get(pk=rider.pk)
    if rider.erased_at is not None:
        return
    today = timezone.localdate(timezone=LAST_ZONE)
    if _entries(rider).filter(state__in=Entry.ALIVE, edition__ends_on__gte=today).exists():
        raise Refused("still_entered", _("Withdraw the entry first: a race must be able to reach its riders."))
    forget([rider], now=timezone.now())
    log.note(_edition(rider), "erased", by=by, rider=rider, reason=reason)


def forget(riders: list[Rider], *, now: datetime) -> None:
    """Blank what is private of these riders and of whoever was merged into them, in a fixed number of statements.

    Inside the caller's transaction.
    """
    merged = Rider.objects.select_for_update().filter(merged_into__in=riders, erased_at=None).order_by("pk")
    riders = [*riders, *merged]
    keys = [rider.pk for rider in riders]
    listed = set(
        Entry.objects.filter(rider__in=keys, race__published_at__isnull=False, bib__isnull=False).values_list(
            "rider_id", flat=True
        )
    )
    for rider in riders:
        _blank(rider, keep_name=rider.pk in listed, now=now)
    Rider.objects.bulk_update(
        riders,
        [
            "private_sealed", "email_hash", "phone_hash", "identity_sealed", "identity_hash", "passport_name", "uci_id",
            "professional", "birth_date", "name_zh", "surname_latin", "given_latin", "sort_key", "search_key", "erased_at",
        ],
    )  # fmt: skip
    Document.objects.filter(rider__in=keys).delete()
    PrivateLink.objects.filter(rider__in=keys, revoked_at=None).update(revoked_at=now)
    alone = Registration.objects.filter(entries__rider__in=keys, kind=Registration.Kind.RIDER)
    registrations = list(alone.values_list("pk", flat=True))
    Registration.objects.filter(pk__in=registrations).update(contact_sealed="", email_hash="", phone_hash="")
    PrivateLink.objects.filter(registration__in=registrations, revoked_at=None).update(revoked_at=now)
    told = Q(rider__in=keys) | Q(registration__in=registrations)
    Message.objects.filter(told).update(to_sealed="", content_sealed="")


@transaction.atomic
def retain(*, now: datetime | None = None, limit: int = 500) -> int:
    """Forget riders whose every edition ended longer ago than it keeps data. Returns how many; safe to run twice."""
    now = now or timezone.now()
    over = [edition.pk for edition in Edition.objects.all() if _is_over(edition, now)]
    due = (
        Rider.objects.filter(erased_at=None, entries__edition__in=over)
        .exclude(entries__edition__in=Edition.objects.exclude(pk__in=over))
        .distinct()
        .order_by("pk")
    )
    riders = list(
        Rider.objects.select_for_update(skip_locked=True).filter(pk__in=list(due.values_list("pk", flat=True)[:limit]))
    )
    if riders:
        forget(riders, now=now)
        # The season is over: nobody joins rounds by these hashes any more.
        Entry.objects.filter(rider__in=riders).update(identity_hash=Concat(Value("erased "), Cast("pk", TextField())))
    return len(riders)


def _is_over(edition: Edition, now: datetime) -> bool:
    kept = timedelta(days=EntryRules.of(edition.entry_rules).retention_days)
    return not edition.rehearsal and edition.ends_on < (now - kept).date()


def _blank(rider: Rider, *, keep_name: bool, now: datetime) -> None:
    rider.private_sealed = rider.email_hash = rider.phone_hash = rider.identity_sealed = ""
    rider.passport_name = rider.uci_id = ""
    rider.professional = {}
    # A hash that nobody's document has: the person can come back as a new rider.
    rider.identity_hash = secrets.token_hex(32)
    rider.birth_date = rider.birth_date.replace(month=1, day=1)
    rider.erased_at = now
    if not keep_name:
        rider.name_zh = rider.surname_latin = rider.given_latin = rider.sort_key = rider.search_key = ""


def _person(rider: Rider) -> dict[str, Any]:
    number = vault.unseal(rider.identity_sealed) if rider.identity_sealed else ""
    names = ("name_zh", "surname_latin", "given_latin", "passport_name", "sex", "nation", "region_zh", "uci_id")
    return {
        "person": {name: getattr(rider, name) for name in names}
        | {"birth_date": rider.birth_date.isoformat(), "professional": rider.professional}
        | {"document": {"kind": rider.identity_kind, "country": rider.identity_country, "number": number}},
        "private": dossier.read(rider),
    }  # fmt: skip


def _entries(rider: Rider) -> QuerySet[Entry]:
    return Entry.objects.filter(rider=rider).order_by("pk")


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "edition": entry.edition.slug, "race": entry.race.slug, "category": entry.category.code, "state": entry.state,
        "bib": entry.bib, "team": entry.team.name_zh if entry.team else "", "fee_fen": entry.fee_fen,
        "paid_fen": entry.paid_fen, "signed_on": entry.signed_on, "created_at": entry.created_at.isoformat(),
    }  # fmt: skip


def _waiver(one: Acceptance) -> dict[str, Any]:
    return {
        "version": one.regulations.version, "waiver_sha256": one.waiver_sha256, "signer": one.signer,
        "at": one.at.isoformat(),
    }  # fmt: skip


def _document(one: Document) -> dict[str, Any]:
    return {
        "kind": one.kind, "file": one.file_name, "sha256": one.sha256, "state": one.state,
        "sent_at": one.sent_at.isoformat(),
    }  # fmt: skip


def _edition(rider: Rider) -> Edition:
    entry = _entries(rider).select_related("edition").last()
    return entry.edition if entry else Edition.objects.order_by("-starts_on")[0]
