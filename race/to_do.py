"""What is left to do in the office, in one queue; and how the entries came in. A fixed number of queries each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone

from race import duplicates, providers, regions, selection
from race.entry_rules import EntryRules
from race.models import Category, Document, Edition, Entry, LedgerLine, Message, Refund
from race.nations import of_ioc

#: The kinds of work, in the order in which they are done.
REVIEW, UNPAID, EXPECTED, DUPLICATES, BIBS, CHIPS = "review", "unpaid", "expected", "duplicates", "bibs", "chips"
REFUNDS, MESSAGES, MONEY, PLACES, SMALL = "refunds", "messages", "money", "places", "small"
KINDS = (REVIEW, EXPECTED, UNPAID, DUPLICATES, PLACES, BIBS, CHIPS, REFUNDS, MONEY, MESSAGES, SMALL)


@dataclass(frozen=True)
class Work:
    """One kind of work and how many wait for it."""

    kind: str
    count: int


@dataclass(frozen=True)
class Bar:
    """One line of a picture: what it counts, how many, and the code a filter knows it by."""

    code: str
    label: str
    count: int


def queue(edition: Edition) -> list[Work]:
    """Everything that is left to do, with how much of it. Seven queries at any size."""
    confirmed = Q(state=Entry.State.CONFIRMED)
    counted = Entry.objects.filter(edition=edition).annotate(
        promised=selection.expected(), chipped=selection.has_chip(edition)
    )
    owes = Q(fee_fen__gt=F("paid_fen"))
    numbers = counted.aggregate(
        unpaid=Count("pk", filter=confirmed & owes & Q(promised=False)),
        expected=Count("pk", filter=Q(state__in=Entry.PLACED, promised=True) & owes),
        bibs=Count("pk", filter=confirmed & Q(bib=None)),
        chips=Count("pk", filter=confirmed & Q(chipped=False)),
    )
    few = categories(edition)
    numbers |= {
        REVIEW: to_review(edition).count(),
        DUPLICATES: duplicates.count(edition),
        REFUNDS: refunds(edition).count(),
        MESSAGES: failed_messages(edition).count(),
        MONEY: loose_money(edition).count(),
        PLACES: sum(has_free_places_and_a_line(category) for category in few),
        SMALL: len(small(edition, few)),
    }
    return [Work(kind, numbers[kind]) for kind in KINDS]


def to_review(edition: Edition) -> QuerySet[Document]:
    """Papers that nobody has looked at, the oldest first; of riders who are still entered."""
    alive = Entry.objects.filter(edition=edition, rider=OuterRef("rider"), state__in=Entry.ALIVE)
    sent = Document.objects.filter(Exists(alive), edition=edition, state=Document.State.SENT)
    return sent.defer("sealed").select_related("rider").order_by("sent_at", "pk")


def refunds(edition: Edition) -> QuerySet[Refund]:
    """Money that should go back and needs a hand: refunds that failed, and those that no provider carries."""
    by_hand = [provider.name for provider in providers.ALL.values() if provider.by_hand]
    mine = Refund.objects.filter(payment__registration__edition=edition)
    waiting = Q(state=Refund.State.REQUESTED, payment__provider__in=by_hand)
    found = mine.filter(Q(state=Refund.State.FAILED) | waiting)
    return found.select_related("payment__registration", "entry__rider").order_by("created_at", "pk")


def failed_messages(edition: Edition) -> QuerySet[Message]:
    """Messages that nobody took after the last try."""
    failed = Message.objects.filter(edition=edition, state=Message.State.FAILED).exclude(problem="stopped")
    return failed.select_related("rider", "registration").order_by("-created_at", "-pk")


def loose_money(edition: Edition) -> QuerySet[LedgerLine]:
    """Money that bought nothing (another sum than was asked for, too late, twice) and is not back where it came from."""
    back = Refund.objects.filter(payment=OuterRef("payment"), state=Refund.State.DONE)
    lines = LedgerLine.objects.filter(edition=edition, kind=LedgerLine.Kind.FEE, entry=None, amount_fen__gt=0)
    return lines.filter(~Exists(back)).select_related("payment", "registration").order_by("at", "pk")


def categories(edition: Edition) -> list[Category]:
    """The categories of an edition with their races, in the order of the programme. One query."""
    found = Category.objects.filter(race__edition=edition).select_related("race__edition")
    return list(found.order_by("race__day", "race__order", "code"))


def has_free_places_and_a_line(category: Category) -> bool:
    """Whether riders wait though places are free: the region's quota, or the end of the offers, keeps them apart."""
    return category.waiting > 0 and category.taken < category.capacity


def small(edition: Edition, found: Sequence[Category]) -> list[Category]:
    """Categories that have riders, but fewer than the regulations say one needs to ride alone; once entries are closed.

    While entries are open a small number says nothing yet.
    """
    closed = edition.entry_closes_at is not None and edition.entry_closes_at <= timezone.now()
    least = EntryRules.of(edition.entry_rules).merge_below
    return [category for category in found if closed and 0 < category.taken < least]


def per_day(edition: Edition, days: int = 30) -> list[Bar]:
    """Entries made a day, the last days up to today (or up to the end of entries), days without any too. One query."""
    zone = ZoneInfo(edition.zone)
    rows = (
        Entry.objects.filter(edition=edition)
        .annotate(on=TruncDate("created_at", tzinfo=zone))
        .values_list("on")
        .annotate(n=Count("pk"))
        .order_by("on")
    )
    counted: dict[date, int] = dict(rows)
    if not counted:
        return []
    last = max(counted)
    first = max(min(counted), last - timedelta(days=days - 1))
    span = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [Bar(day.isoformat(), f"{day.month}-{day.day}", counted.get(day, 0)) for day in span]


def by_region(edition: Edition, language: str) -> list[Bar]:
    """Riders with a place by province and nation: all 31 provinces of the mainland, whoever else came after them. One query."""
    placed = Entry.objects.filter(edition=edition, state__in=Entry.PLACED)
    rows = (
        placed.order_by().values_list("rider__nation", "rider__region_code").annotate(n=Count("rider", distinct=True))
    )
    english = language.startswith("en")
    counted: dict[str, int] = {}
    for nation, code, n in rows:
        key = f"{code[:2]}0000" if nation == "CHN" and code else nation
        counted[key] = counted.get(key, 0) + n
    known = regions.regions()
    home = [
        Bar(code[:2], region.en if english else region.zh, counted.pop(code, 0))
        for code, region in known.items()
        if counted.get(code) or int(code[:2]) < 70
    ]
    abroad = []
    for code, n in counted.items():
        nation = of_ioc(code)
        abroad.append(Bar(code, (nation.en if english else nation.zh) if nation else code, n))
    return sorted(home, key=lambda bar: -bar.count) + sorted(abroad, key=lambda bar: -bar.count)
