"""Who signed the waiver: one reading for private pages, team pages, desks, lists and the office's filters.

Only another text of the waiver asks somebody who signed to sign again (docs/decisions/regulations.md). What was signed by a
rider who was merged into another counts for the one that is kept; the row is evidence and stays as it was written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce

from race import regulations
from race.models import Acceptance, Edition, Rider


def counting(edition: Edition) -> QuerySet[Any]:
    """Every signature of an edition, with `counts_for`: the rider it counts for today."""
    signed = Acceptance.objects.filter(regulations__edition=edition)
    return signed.annotate(counts_for=Coalesce(F("rider__merged_into"), F("rider")))


def signed(edition: Edition, riders: Collection[int]) -> defaultdict[int, list[Acceptance]]:
    """All that counts for these riders, by rider, the oldest first, each with its version. One query."""
    found: defaultdict[int, list[Acceptance]] = defaultdict(list)
    for one in _of(edition, riders).select_related("regulations").order_by("pk"):
        found[one.counts_for].append(one)
    return found


def of(rider: Rider) -> QuerySet[Acceptance]:
    """All that counts for a rider in any edition, the oldest first, each with its version."""
    mine = Acceptance.objects.filter(Q(rider=rider) | Q(rider__merged_into=rider))
    return mine.select_related("regulations").order_by("pk")


def hands(edition: Edition, riders: Collection[int]) -> defaultdict[int, set[bool]]:
    """Who signed the waiver as it stands now, by rider: False for the own hand, True for the guardian's. One query."""
    found: defaultdict[int, set[bool]] = defaultdict(set)
    newest = _of(edition, riders).filter(waiver_sha256=regulations.waiver_now(edition))
    for rider, guardian in newest.values_list("counts_for", "guardian"):
        found[rider].add(guardian)
    return found


def hands_on(signatures: Iterable[Acceptance], waiver_sha256: str) -> set[bool]:
    """The same, of rows at hand, for one text of the waiver."""
    return {one.guardian for one in signatures if one.waiver_sha256 == waiver_sha256}


def enough(hands: Collection[bool], *, minor: bool) -> bool:
    """Whether the waiver is signed; for a minor the guardian has to."""
    return True in hands if minor else bool(hands)


def _of(edition: Edition, riders: Collection[int]) -> QuerySet[Any]:
    persons = Rider.objects.filter(Q(pk__in=riders) | Q(merged_into__in=riders))
    return counting(edition).filter(rider__in=persons.values("pk"))
