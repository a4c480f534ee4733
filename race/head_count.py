"""How many of a race are here, at any moment, and who is not."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q

from race.models import DeskTick, Entry, Race


@dataclass(frozen=True, slots=True)
class Absent:
    """A rider of the list who has not signed on."""

    bib: int | None
    name_zh: str
    latin: str
    team: str
    category: str


@dataclass(frozen=True, slots=True)
class HeadCount:
    """`entered` have a place, `confirmed` of them stand on the list, `signed_on` of those are here: `let_through` of them with
    something missing. `absent` are the confirmed ones who are not here."""

    entered: int
    confirmed: int
    signed_on: int
    let_through: int
    absent: tuple[Absent, ...] = ()

    @property
    def missing(self) -> int:
        """How many are not here yet."""
        return self.confirmed - self.signed_on


def of(race: Race) -> HeadCount:
    """The head count of a race as it is now. Three queries at any size."""
    confirmed = Q(state=Entry.State.CONFIRMED)
    counted = Entry.objects.filter(race=race).aggregate(
        entered=Count("pk", filter=Q(state__in=Entry.PLACED)),
        confirmed=Count("pk", filter=confirmed),
        signed_on=Count("pk", filter=confirmed & Q(signed_on=True)),
    )
    let = DeskTick.objects.filter(entry__race=race, entry__state=Entry.State.CONFIRMED, entry__signed_on=True)
    let_through = let.filter(item="let_through", outcome="done").aggregate(Count("entry", distinct=True))
    rows = Entry.objects.filter(confirmed, race=race, signed_on=False).select_related("rider", "team", "category")
    absent = tuple(
        Absent(
            entry.bib, entry.rider.name_zh, entry.rider.latin, entry.team.name_zh if entry.team else "", entry.category.code
        )
        for entry in rows.order_by("bib", "pk")
    )  # fmt: skip
    return HeadCount(**counted, let_through=let_through["entry__count"], absent=absent)
