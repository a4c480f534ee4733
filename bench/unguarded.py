"""The entry rush with its guard taken out: places by counting and then inserting, as one would write it at first.

Only the bench and its test load this (`uvicorn bench.unguarded:application`, and GUARD=off in the environment); no setting
of the system leads here. It shows that the rush can find a place that was sold twice.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.asgi import get_asgi_application


@contextmanager
def guard_off() -> Iterator[None]:
    """Inside the block this process sells places without a guard. The database's own has to be dropped apart."""
    from race import places, registration

    guarded, judged = places.take, registration.refuse_ineligible

    def counted(edition, person, categories):  # type: ignore[no-untyped-def]
        judged(edition, person, categories)
        for category in categories:
            category.room = room(category)

    places.take, registration.refuse_ineligible = counted_and_taken, counted
    try:
        yield
    finally:
        places.take, registration.refuse_ineligible = guarded, judged


def room(category) -> bool:  # type: ignore[no-untyped-def]
    """Whether there is a place, by counting who is there, when the form is judged."""
    from race.models import Entry

    there = Entry.objects.filter(category=category, state__in=Entry.PLACED)
    return bool(there.count() < category.capacity)


def counted_and_taken(entry, *, queue: bool = True) -> int:  # type: ignore[no-untyped-def]
    """`race.places.take` without its guard: where there was room a moment ago, the entry stays."""
    from django.db.models import F

    from race.models import Category, Entry

    if entry.category.room:
        return 0
    Category.objects.filter(pk=entry.category_id).update(waiting=F("waiting") + 1, queue_last=F("queue_last") + 1)
    number = Category.objects.values_list("queue_last", flat=True).get(pk=entry.category_id)
    entry.state, entry.queue_number, entry.held_until = Entry.State.WAITING, number, None
    Entry.objects.filter(pk=entry.pk).update(state=entry.state, queue_number=number, held_until=None)
    return number


if os.environ.get("GUARD") == "off":
    get_asgi_application()
    from config.asgi import application as application

    _off = guard_off()  # held, or the block would end with it
    _off.__enter__()
