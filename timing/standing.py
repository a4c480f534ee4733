"""Which corrections hold: an undo takes one back, and can be taken back itself."""

from collections.abc import Iterable

from race.models import Edition
from timing.models import Correction

Kind = Correction.Kind


def taken_back(made: Iterable[tuple[int, int | None]]) -> set[int]:
    """Which facts no longer hold, from (fact, the earlier fact it takes back or None) in the order they were made.

    One that is taken back itself takes nothing back, at any depth: read from the newest, each is settled when reached.
    """
    gone: set[int] = set()
    for pk, earlier in reversed(list(made)):
        if earlier is not None and pk not in gone:
            gone.add(earlier)
    return gone


def ignored(edition: Edition) -> tuple[list[int], list[int]]:
    """The reads that do not count, and the deliveries of which no read counts that they were the first to bring."""
    made = Correction.objects.filter(edition=edition, kind__in=(Kind.IGNORE, Kind.UNDO)).order_by("revision", "pk")
    rows = list(made.values_list("pk", "undoes", "read", "delivery"))
    gone = taken_back((pk, earlier) for pk, earlier, _read, _delivery in rows)
    held = [(read, delivery) for pk, _earlier, read, delivery in rows if pk not in gone]
    reads = [read for read, _delivery in held if read is not None]
    return reads, [delivery for _read, delivery in held if delivery is not None]


def gone(edition: Edition) -> set[int]:
    """The corrections of an edition that no longer hold."""
    made = Correction.objects.filter(edition=edition).order_by("revision", "pk")
    return taken_back(made.values_list("pk", "undoes"))
