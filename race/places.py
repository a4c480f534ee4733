"""Places of a category: sold exactly, and passed on to whoever waits first.

`taken` and `waiting` of a category move only here. A newcomer's place is one conditional UPDATE, the last statement of the
transaction; everything else locks the category first (ascending where there are several) and its entries after it. A freed
place passes to the first one waiting in the same transaction, without lowering `taken`; while anyone waits who could take a
free place, newcomers queue (docs/decisions/places.md).

Every lock here is FOR NO KEY UPDATE: the new entries of newcomers hold a key-share lock on their category, and whoever
would wait for those while a newcomer waits for him would never end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from race import changes, eligibility, links, log, messages, regulations, rows, transactions, vault
from race.entry_rules import EntryRules
from race.models import Category, Entry, QuotaCount, User
from race.refused import Refused

State = Entry.State


#: A place for a newcomer while nobody waits, else the next number in line, in one statement: `waiting` is 0 after it only
#: for a place. It touches no row where places are free though somebody waits: then the line has to be looked at. Whoever
#: has to wait is written so.
TAKE_OR_QUEUE = """
WITH counted AS (
UPDATE race_category
   SET taken = taken + CASE WHEN taken < capacity THEN 1 ELSE 0 END,
       waiting = waiting + CASE WHEN taken < capacity THEN 0 ELSE 1 END,
       queue_last = queue_last + CASE WHEN taken < capacity THEN 0 ELSE 1 END
 WHERE id = $1 AND (taken >= capacity OR waiting = 0)
RETURNING waiting, queue_last
), queued AS (
UPDATE race_entry
   SET state = 'waiting', queue_number = counted.queue_last, held_until = NULL
  FROM counted
 WHERE race_entry.id = $2 AND counted.waiting > 0
)
SELECT waiting, queue_last FROM counted
"""


def take(entry: Entry, *, queue: bool = True) -> int:
    """Give a newly written entry its place, or a number on the waiting list. Returns its position in line, 0 for a place.

    The entry was written with state HELD or CONFIRMED inside this transaction, and nobody else can see it yet. Refused
    (`full`) with `queue=False` where there is no place, and (`region_full`) where the region's quota is used up.
    """
    if not queue:
        return _take_free(entry)
    counted = rows.ask(TAKE_OR_QUEUE, [entry.category_id, entry.pk])
    if not counted:
        return _take_beside_the_line(entry)
    ((waiting, number),) = counted
    if waiting:
        _refuse_full_region(entry)
        entry.state, entry.queue_number, entry.held_until = State.WAITING, number, None
    else:
        _count_quota(entry)
    return int(waiting)


def _take_free(entry: Entry) -> int:
    free = Category.objects.filter(pk=entry.category_id, waiting=0, taken__lt=F("capacity"))
    if not free.update(taken=F("taken") + 1):
        category = locked(entry.category_id)
        if category.taken >= category.capacity or _next_in_line(category):
            raise Refused("full", _("%(category)s is full.") % {"category": category.name})
        Category.objects.filter(pk=category.pk).update(taken=F("taken") + 1)
    _count_quota(entry)
    return 0


def _take_beside_the_line(entry: Entry) -> int:
    """Places are free and somebody waits: a newcomer may have one only if the quotas keep it from all who wait."""
    category = locked(entry.category_id)
    if category.taken < category.capacity and not _next_in_line(category):
        Category.objects.filter(pk=category.pk).update(taken=F("taken") + 1)
        _count_quota(entry)
        return 0
    _refuse_full_region(entry)
    Category.objects.filter(pk=category.pk).update(waiting=F("waiting") + 1, queue_last=F("queue_last") + 1)
    entry.state, entry.queue_number, entry.held_until = State.WAITING, category.queue_last + 1, None
    Entry.objects.filter(pk=entry.pk).update(state=entry.state, queue_number=entry.queue_number, held_until=None)
    return category.waiting + 1


def locked(category: int) -> Category:
    """The category as it is now, with its race and edition, locked until the end of the transaction."""
    rows = Category.objects.select_for_update(of=("self",), no_key=True).select_related("race__edition")
    return rows.get(pk=category)


def take_many(entries: Sequence[Entry], *, queue: bool = True) -> list[Entry]:
    """Give many newly made entries of one edition their places at once. Returns those that have one.

    In their own order, category by category, each as `take` would; the counters move once a category, however many
    entries there are. Nothing of an entry is written: one without a place gets its number on the waiting list (`queue`), or
    is left as it is for the caller to drop. The caller writes the entries in the same transaction. Refused (`region_full`)
    where a region's quota is used up.
    """
    numbers = sorted({entry.category_id for entry in entries})
    categories = Category.objects.select_for_update(no_key=True).filter(pk__in=numbers).order_by("pk")
    placed: list[Entry] = []
    for category in categories:
        mine = [entry for entry in entries if entry.category_id == category.pk]
        free = category.capacity - category.taken
        free = 0 if category.waiting and free > 0 and _next_in_line(category) else max(free, 0)
        seated, others = mine[:free], mine[free:]
        _count_quotas(category, seated)
        for number, entry in enumerate(others if queue else (), category.queue_last + 1):
            entry.state, entry.queue_number, entry.held_until = State.WAITING, number, None
        waiting = len(others) if queue else 0
        Category.objects.filter(pk=category.pk).update(
            taken=F("taken") + len(seated), waiting=F("waiting") + waiting, queue_last=F("queue_last") + waiting
        )
        placed += seated
    return placed


def _count_quotas(category: Category, entries: Sequence[Entry]) -> None:
    """Count new entries of a locked category against their regions: three statements, none where no quota is."""
    counted = Counter(entry.quota_key for entry in entries if entry.quota_key)
    if not counted:
        return
    fresh = [QuotaCount(category=category, key=key) for key in sorted(counted)]
    QuotaCount.objects.bulk_create(fresh, ignore_conflicts=True)
    rows = QuotaCount.objects.select_for_update(no_key=True).filter(category=category, key__in=sorted(counted))
    for row in (found := list(rows.order_by("key"))):
        row.taken += counted[row.key]
        if row.taken > quota_cap(category, row.key):
            raise _region_full(category)
    QuotaCount.objects.bulk_update(found, ["taken"])


def lock(entries: Iterable[Entry]) -> list[Entry]:
    """The entries as they are now, with their categories and themselves locked in the one order everybody keeps."""
    keys = sorted({entry.pk for entry in entries})
    categories = Entry.objects.filter(pk__in=keys).values_list("category_id", flat=True)
    list(Category.objects.select_for_update(no_key=True).filter(pk__in=sorted(set(categories))).order_by("pk"))
    rows = Entry.objects.select_for_update(of=("self",), no_key=True)
    rows = rows.select_related("category", "race__edition", "rider", "registration__edition")
    return list(rows.filter(pk__in=keys).order_by("pk"))


def leave(entry: Entry, state: str, *, by: User | None, reason: str = "") -> None:
    """A locked entry gives up its place or its number on the waiting list, and ends as `state`.

    A place that becomes free passes to the first one waiting.
    """
    had_place, waited = entry.state in Entry.PLACED, entry.state == State.WAITING
    columns = {"state": state, "held_until": None, "queue_number": None, "bib": None, "pass_code": None}
    changes.write(entry.race.edition, [(entry, columns)], by=by, reason=reason)
    if waited:
        leave_line(entry.category_id)
    elif had_place:
        release(entry.category_id, entry.quota_key)


def leave_line(category: int) -> None:
    """One fewer waits for a place of a locked category."""
    Category.objects.filter(pk=category).update(waiting=F("waiting") - 1)


def recount_quota(old: Entry, new: Entry) -> None:
    """Another rider sits in a place: the quota of that rider's region counts it. Refused (`region_full`)."""
    if old.quota_key != new.quota_key:
        _count_quota(new)
        QuotaCount.objects.filter(category=old.category_id, key=old.quota_key, taken__gt=0).update(taken=F("taken") - 1)


def release(category: int, quota_key: str) -> list[Entry]:
    """A place of a locked category that nobody holds any more goes to the first one waiting, or is free."""
    if quota_key:
        QuotaCount.objects.filter(category=category, key=quota_key, taken__gt=0).update(taken=F("taken") - 1)
    Category.objects.filter(pk=category).update(taken=F("taken") - 1)
    return promote(locked(category))


def lock_people(numbers: Iterable[str]) -> None:
    """Wait for whoever enters people of these document numbers at this moment. Before any other lock, in one order."""
    keys = sorted({int(vault.keyed("lock", vault.normal(number))[:15], 16) for number in numbers})
    rows.ask("SELECT count(pg_advisory_xact_lock(key)) FROM unnest($1::bigint[]) AS key", [keys])


def take_again(entry: Entry, *, by: User | None) -> bool:
    """Seat a locked, expired entry whose money came late: only where a place is free, nobody in line could take it, the
    region has room and the rider has no other living entry that day. The entry is confirmed then."""
    category = locked(entry.category_id)
    if category.taken >= category.capacity or _next_in_line(category) or _lives_elsewhere(entry):
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
    category = locked(entry.category_id)
    Category.objects.filter(pk=category.pk).update(waiting=F("waiting") + 1, queue_last=F("queue_last") + 1)
    columns = {"state": State.WAITING, "queue_number": category.queue_last + 1, "pass_code": links.pass_code()}
    changes.write(entry.race.edition, [(entry, columns)], by=by, reason="paid late")
    return True


def _lives_elsewhere(entry: Entry) -> bool:
    """Whether the person has another living entry that day; the caller holds the person's lock."""
    others = Entry.objects.filter(edition=entry.edition_id, day=entry.day, identity_hash=entry.identity_hash)
    return others.filter(state__in=Entry.ALIVE).exclude(pk=entry.pk).exists()


def promote(category: Category, *, now: datetime | None = None, late: bool = False) -> list[Entry]:
    """Offer every free place of a locked category to the waiting list, in its order. Returns who was offered one.

    Nothing is offered any more once `offers_end_days_before` is over, unless the office wants it (`late`). Whoever waits
    still stands before a newcomer then.
    """
    edition, now = category.race.edition, now or timezone.now()
    rules = EntryRules.of(edition.entry_rules)
    if not late and now > regulations.days_before(edition, rules.offers_end_days_before):
        return []
    offered = _next_in_line(category, category.capacity - category.taken)
    if not offered:
        return []
    columns = {"state": State.OFFERED, "held_until": now + timedelta(hours=rules.offer_hours), "queue_number": None}
    changes.write(edition, [(entry, columns) for entry in offered], by=None)
    Category.objects.filter(pk=category.pk).update(taken=F("taken") + len(offered), waiting=F("waiting") - len(offered))
    _count_quotas(category, offered)
    for entry in offered:
        messages.tell(entry, "offer")
    return offered


@transactions.retried
def set_capacity(category: Category, capacity: int, *, by: User | None = None) -> list[Entry]:
    """Change how many places there are; a larger number is offered to the waiting list at once. Returns who was offered one.

    Refused (`below_taken`) where more places are taken than would be left.
    """
    category = locked(category.pk)
    if capacity < category.taken:
        raise Refused(
            "below_taken",
            _("%(taken)d places are taken: the number of places cannot be less.") % {"taken": category.taken},
        )
    before = category.capacity
    if before == capacity:
        return []
    Category.objects.filter(pk=category.pk).update(capacity=capacity)
    category.capacity = capacity
    edition = category.race.edition
    log.note(edition, "capacity", by=by, category=category.code, race=category.race.slug, before=before, after=capacity)
    return promote(category)


@transactions.retried
def offer(category: Category, *, by: User) -> list[Entry]:
    """The office offers what is free to the waiting list, also after offers have ended. Returns who was offered one."""
    category = locked(category.pk)
    offered = promote(category, late=True)
    edition, race = category.race.edition, category.race.slug
    log.note(edition, "offered", by=by, category=category.code, race=race, places=len(offered))
    return offered


def position(entry: Entry) -> int | None:
    """The place of a waiting entry in its line, 1 for the first; None for one that does not wait."""
    if entry.state != State.WAITING:
        return None
    ahead = Entry.objects.filter(category=entry.category_id, state=State.WAITING, queue_number__lt=entry.queue_number)
    return ahead.count() + 1


def _next_in_line(category: Category, free: int = 1) -> list[Entry]:
    """The first ones waiting who could have one of so many free places: those whose regions still have room.

    The category is locked: nobody else moves its line.
    """
    if free <= 0:
        return []
    waiting = Entry.objects.filter(category=category, state=State.WAITING).order_by("queue_number")
    waiting = waiting.select_for_update(of=("self",), no_key=True)
    waiting = waiting.select_related("category", "race__edition", "rider", "registration__edition")
    if not category.quotas:
        return list(waiting[:free])
    counts = {count.key: count.taken for count in category.quota_counts.all()}
    room = {key: quota_cap(category, key) - taken for key, taken in counts.items()}
    chosen: list[Entry] = []
    for entry in waiting.exclude(quota_key__in=[key for key, left in room.items() if key and left <= 0]):
        left = room.get(entry.quota_key, quota_cap(category, entry.quota_key)) if entry.quota_key else 1
        if left > 0 and len(chosen) < free:
            room[entry.quota_key] = left - 1
            chosen.append(entry)
    return chosen


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


def _refuse_full_region(entry: Entry) -> None:
    """The line is not for riders whose region has all its places."""
    if not entry.quota_key:
        return
    count = QuotaCount.objects.filter(category=entry.category_id, key=entry.quota_key).first()
    if count and count.taken >= quota_cap(entry.category, entry.quota_key):
        raise _region_full(entry.category)


def _region_full(category: Category) -> Refused:
    return Refused(
        "region_full", _("The places for your region in %(category)s are taken.") % {"category": category.name}
    )
