"""Places of a category: sold exactly, and passed on to whoever waits first.

`taken` and `waiting` of a category move only here. A newcomer's place is one conditional UPDATE, the last statement of the
transaction; everything else locks the category first (ascending where there are several) and its entries after it. A freed
place passes to the first one waiting in the same transaction, without lowering `taken`; while anyone waits who could take a
free place, newcomers queue (docs/decisions/places.md).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from race import changes, eligibility, links, messages, vault
from race.entry_rules import EntryRules
from race.models import Category, Entry, QuotaCount, User
from race.refused import Refused

State = Entry.State


def take(entry: Entry, *, queue: bool = True) -> bool:
    """Give a newly written entry its place, or a number on the waiting list. Returns whether it has a place.

    The entry was written with state HELD (or CONFIRMED) inside this transaction and nobody else can see it yet. Refused
    (`full`) with `queue=False` where there is no place, and (`region_full`) where the region's quota is used up.
    """
    free = Category.objects.filter(pk=entry.category_id, waiting=0, taken__lt=F("capacity"))
    if free.update(taken=F("taken") + 1):
        _count_quota(entry)
        return True
    category = Category.objects.select_for_update().get(pk=entry.category_id)
    if category.taken < category.capacity and _next_in_line(category) is None:
        Category.objects.filter(pk=category.pk).update(taken=F("taken") + 1)
        _count_quota(entry)
        return True
    if not queue:
        raise Refused("full", _("%(category)s is full.") % {"category": category.name})
    _refuse_full_region(entry, category)
    Category.objects.filter(pk=category.pk).update(waiting=F("waiting") + 1, queue_last=F("queue_last") + 1)
    entry.state, entry.queue_number, entry.held_until = State.WAITING, category.queue_last + 1, None
    Entry.objects.filter(pk=entry.pk).update(state=entry.state, queue_number=entry.queue_number, held_until=None)
    return False


def lock(entries: Iterable[Entry]) -> list[Entry]:
    """The entries as they are now, with their categories and themselves locked in the one order everybody keeps."""
    keys = sorted({entry.pk for entry in entries})
    categories = Entry.objects.filter(pk__in=keys).values_list("category_id", flat=True)
    list(Category.objects.select_for_update().filter(pk__in=sorted(set(categories))).order_by("pk"))
    locked = Entry.objects.select_for_update(of=("self",)).select_related("category", "race__edition", "rider")
    return list(locked.filter(pk__in=keys).order_by("pk"))


def leave(entry: Entry, state: str, *, by: User | None, reason: str = "") -> None:
    """A locked entry gives up its place or its number on the waiting list, and ends as `state`.

    A place that becomes free passes to the first one waiting.
    """
    had_place, waited = entry.state in Entry.PLACED, entry.state == State.WAITING
    columns = {"state": state, "held_until": None, "queue_number": None, "bib": None, "pass_code": None}
    changes.write(entry.race.edition, [(entry, columns)], by=by, reason=reason)
    if waited:
        Category.objects.filter(pk=entry.category_id).update(waiting=F("waiting") - 1)
    elif had_place:
        _uncount_quota(entry)
        Category.objects.filter(pk=entry.category_id).update(taken=F("taken") - 1)
        promote(Category.objects.select_for_update().get(pk=entry.category_id))


def lock_people(numbers: Iterable[str]) -> None:
    """Wait for whoever enters people of these document numbers at this moment. Before any other lock, in one order."""
    keys = {int(vault.keyed("lock", vault.normal(number))[:15], 16) for number in numbers}
    with connection.cursor() as cursor:
        for key in sorted(keys):
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])


def take_again(entry: Entry, *, by: User | None) -> bool:
    """Seat a locked, expired entry whose money came late: only where a place is free, nobody in line could take it, the
    region has room and the rider has no other living entry that day. The entry is confirmed then."""
    category = Category.objects.select_for_update().get(pk=entry.category_id)
    if category.taken >= category.capacity or _next_in_line(category) is not None or _lives_elsewhere(entry):
        return False
    try:
        with transaction.atomic():
            _count_quota(entry)
    except Refused:
        return False
    Category.objects.filter(pk=category.pk).update(taken=F("taken") + 1)
    columns = {"state": State.CONFIRMED, "held_until": None, "pass_code": links.pass_code()}
    changes.write(entry.race.edition, [(entry, columns)], by=by, reason="paid late")
    return True


def queue_again(entry: Entry, *, by: User | None) -> bool:
    """Put a locked, expired entry at the end of the line. False where the rider has another living entry that day."""
    if _lives_elsewhere(entry):
        return False
    category = Category.objects.select_for_update().get(pk=entry.category_id)
    Category.objects.filter(pk=category.pk).update(waiting=F("waiting") + 1, queue_last=F("queue_last") + 1)
    columns = {"state": State.WAITING, "queue_number": category.queue_last + 1, "pass_code": links.pass_code()}
    changes.write(entry.race.edition, [(entry, columns)], by=by, reason="paid late")
    return True


def _lives_elsewhere(entry: Entry) -> bool:
    """Whether the person has another living entry that day; the caller holds the person's lock."""
    others = Entry.objects.filter(edition=entry.edition_id, day=entry.day, identity_hash=entry.identity_hash)
    return others.filter(state__in=Entry.ALIVE).exclude(pk=entry.pk).exists()


def promote(category: Category, *, now: datetime | None = None) -> list[Entry]:
    """Offer every free place of a locked category to the waiting list, in its order. Returns who was offered one."""
    offered: list[Entry] = []
    rules = EntryRules.of(category.race.edition.entry_rules)
    until = (now or timezone.now()) + timedelta(hours=rules.offer_hours)
    while category.taken < category.capacity and (entry := _next_in_line(category)) is not None:
        entry.state, entry.held_until, entry.queue_number = State.OFFERED, until, None
        Entry.objects.filter(pk=entry.pk).update(state=entry.state, held_until=until, queue_number=None)
        Category.objects.filter(pk=category.pk).update(taken=F("taken") + 1, waiting=F("waiting") - 1)
        category.refresh_from_db(fields=["taken", "waiting"])
        _count_quota(entry)
        messages.tell(entry, "offer")
        offered.append(entry)
    return offered


def set_capacity(category: Category, capacity: int) -> list[Entry]:
    """Change how many places there are; a larger number is offered to the waiting list at once.

    Refused (`below_taken`) where more places are taken than would be left. Inside the caller's transaction.
    """
    category = Category.objects.select_for_update().select_related("race__edition").get(pk=category.pk)
    if capacity < category.taken:
        raise Refused(
            "below_taken",
            _("%(taken)d places are taken: the number of places cannot be less.") % {"taken": category.taken},
        )
    Category.objects.filter(pk=category.pk).update(capacity=capacity)
    category.capacity = capacity
    return promote(category)


def position(entry: Entry) -> int | None:
    """The place of a waiting entry in its line, 1 for the first; None for one that does not wait."""
    if entry.state != State.WAITING:
        return None
    ahead = Entry.objects.filter(category=entry.category_id, state=State.WAITING, queue_number__lt=entry.queue_number)
    return ahead.count() + 1


def _next_in_line(category: Category) -> Entry | None:
    """The first one waiting whose region still has room. The category is locked: nobody else moves its line."""
    waiting = Entry.objects.filter(category=category, state=State.WAITING).order_by("queue_number")
    if not category.quotas:
        return waiting.select_for_update(of=("self",)).first()
    full = {count.key for count in category.quota_counts.all() if count.taken >= quota_cap(category, count.key)}
    return waiting.exclude(quota_key__in=full - {""}).select_for_update(of=("self",)).first()


def quota_cap(category: Category, key: str) -> int:
    """How many places the quota of this key allows."""
    each: int | None = None
    for quota in category.quotas:
        if quota.get("prefix") == key:
            return int(quota["max"])
        each = quota.get("each", each)
    return each if each is not None else category.capacity


def quota_key(category: Category, region_code: str) -> str:
    """The key under which a rider of this region counts in this category; empty for none."""
    prefixes = tuple(eligibility.Quota(row["prefix"], row["max"]) for row in category.quotas if "prefix" in row)
    each = next((int(row["each"]) for row in category.quotas if "each" in row), None)
    found = eligibility.quota_key(region_code, prefixes, each)
    return found[0] if found else ""


def _count_quota(entry: Entry) -> None:
    if not entry.quota_key:
        return
    QuotaCount.objects.bulk_create(
        [QuotaCount(category_id=entry.category_id, key=entry.quota_key)], ignore_conflicts=True
    )
    cap = quota_cap(entry.category, entry.quota_key)
    counted = QuotaCount.objects.filter(category=entry.category_id, key=entry.quota_key, taken__lt=cap)
    if not counted.update(taken=F("taken") + 1):
        raise _region_full(entry.category)


def _uncount_quota(entry: Entry) -> None:
    if entry.quota_key:
        counts = QuotaCount.objects.filter(category=entry.category_id, key=entry.quota_key, taken__gt=0)
        counts.update(taken=F("taken") - 1)


def _refuse_full_region(entry: Entry, category: Category) -> None:
    count = QuotaCount.objects.filter(category=category, key=entry.quota_key).first() if entry.quota_key else None
    if count and count.taken >= quota_cap(category, entry.quota_key):
        raise _region_full(category)


def _region_full(category: Category) -> Refused:
    return Refused(
        "region_full", _("The places for your region in %(category)s are taken.") % {"category": category.name}
    )
