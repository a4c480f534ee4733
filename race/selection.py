"""Which entries: the filters of the office's list, of a mail to many, and of what is left to do. One reading for all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.http import QueryDict

from race import clock, papers, regulations, transponders, waivers
from race.entry_rules import EntryRules
from race.models import Assignment, Document, Edition, Entry, Payment

#: Every value a filter may have; "" is no filter. `team` and `region` are any of theirs.
CHOICES: dict[str, tuple[str, ...]] = {
    "state": ("alive", "held", "offered", "confirmed", "waiting", "withdrawn", "expired"),
    "paid": ("paid", "unpaid", "expected", "over"),
    "bib": ("with", "without"),
    "chip": ("with", "without"),
    "documents": ("sent", "refused", "missing"),
    "waiver": ("old",),
    "here": ("yes", "no"),
}
SORTS: dict[str, tuple[str, ...]] = {
    "name": ("rider__sort_key", "pk"),
    "bib": ("bib", "pk"),
    "category": ("race__day", "race__order", "category__code", "rider__sort_key", "pk"),
    "team": ("team__name_zh", "rider__sort_key", "pk"),
    "state": ("state", "queue_number", "rider__sort_key", "pk"),
    "owed": ("owed", "rider__sort_key", "pk"),
    "entered": ("created_at", "pk"),
}


@dataclass(frozen=True, slots=True)
class Selection:
    """A filter; empty strings leave everything in. `category` is a primary key as text, `team` too, `region` a province's
    code or an IOC code, `day` an ISO date on which the entry was made."""

    state: str = ""
    category: str = ""
    paid: str = ""
    bib: str = ""
    chip: str = ""
    documents: str = ""
    waiver: str = ""
    here: str = ""
    team: str = ""
    region: str = ""
    day: str = ""

    @classmethod
    def of(cls, given: Mapping[str, Any] | QueryDict) -> Selection:
        """What a query or a stored filter asks for; what it cannot mean is no filter."""
        values = {column.name: str(given.get(column.name) or "") for column in fields(cls)}
        for name, choices in CHOICES.items():
            values[name] = values[name] if values[name] in choices else ""
        for name in ("category", "team"):
            values[name] = values[name] if values[name].isascii() and values[name].isdigit() else ""
            values[name] = values[name][:18]
        values["region"] = values["region"] if values["region"].isascii() and values["region"].isalnum() else ""
        values["day"] = values["day"] if _day(values["day"]) else ""
        return cls(**values)

    @property
    def asked(self) -> dict[str, str]:
        """What is filtered by, for a link and for the record."""
        return {name: value for name, value in asdict(self).items() if value}


def entries(edition: Edition, wanted: Selection) -> QuerySet[Entry]:
    """The entries of an edition that a selection means, with `owed` beside each."""
    found = Entry.objects.filter(edition=edition).annotate(owed=Entry.OWED)
    if wanted.state:
        found = found.filter(state__in=Entry.ALIVE if wanted.state == "alive" else [wanted.state])
    if wanted.category:
        found = found.filter(category=int(wanted.category))
    if wanted.team:
        found = found.filter(team=int(wanted.team))
    if wanted.region:
        found = found.filter(region(wanted.region))
    if wanted.bib:
        found = found.filter(bib__isnull=wanted.bib == "without")
    if wanted.here:
        found = found.filter(signed_on=wanted.here == "yes")
    if day := _day(wanted.day):
        found = found.filter(created_at__date=day)
    if wanted.chip:
        has = has_chip(edition)
        found = found.filter(has if wanted.chip == "with" else ~has)
    if wanted.paid:
        found = found.filter(money(wanted.paid))
    if wanted.documents:
        found = found.filter(with_papers(edition, wanted.documents))
    return found.filter(~signed_newest(edition)) if wanted.waiver == "old" else found


def ordered(found: QuerySet[Entry], sort: str) -> QuerySet[Entry]:
    """Sorted by one of SORTS, with a minus in front the other way round; what has no value comes last."""
    down, name = sort.startswith("-"), sort.removeprefix("-")
    first, *rest = SORTS.get(name, SORTS["name"])
    lead = F(first).desc(nulls_last=True) if down else F(first).asc(nulls_last=True)
    return found.order_by(lead, *rest)


def region(code: str) -> Q:
    """Riders of a province, by the first two digits of its code, or of a nation, by its IOC code."""
    if code.isdigit():
        return Q(rider__nation="CHN", rider__region_code__startswith=code[:2])
    return Q(rider__nation=code) & (~Q(rider__nation="CHN") | Q(rider__region_code=""))


def has_chip(edition: Edition) -> Exists:
    """Whether an entry has a chip that it will still have, or has, at the event's time."""
    at = clock.now(edition) + transponders.AFTER
    held = Assignment.objects.filter(Q(during__upper_inf=True) | Q(during__endswith__gt=at), entry=OuterRef("pk"))
    return Exists(held)


def expected() -> Exists:
    """Whether a bank transfer was promised for the registration of an entry and has not come."""
    pending = Payment.objects.filter(provider="transfer", state=Payment.State.PENDING)
    return Exists(pending.filter(registration=OuterRef("registration")))


def money(which: str) -> Q:
    """Paid; unpaid: a place that costs money and is not only held for a quick payment; promised by transfer; paid too much."""
    placed, owes = Q(state__in=Entry.PLACED), Q(fee_fen__gt=F("paid_fen"))
    if which == "paid":
        return placed & Q(fee_fen__lte=F("paid_fen"))
    if which == "over":
        return Q(state__in=Entry.ALIVE, fee_fen__lt=F("paid_fen"))
    if which == "expected":
        return placed & owes & Q(expected())
    return owes & (Q(state=Entry.State.CONFIRMED) | Q(placed & Q(expected())))


def with_papers(edition: Edition, which: str) -> Q:
    """Riders with papers to review, with a refused one, or without one that is required of them."""
    sent = Document.objects.filter(edition=edition, rider=OuterRef("rider"))
    if which != "missing":
        return Q(Exists(sent.filter(state=which)))
    rules = EntryRules.of(edition.entry_rules)
    of = {
        "all": Q(),
        "foreign": ~Q(rider__nation="CHN"),
        "minor": Q(rider__birth_date__gt=_born_before(edition, rules)),
    }
    missing = Q(pk__in=[])
    good = sent.filter(state__in=(Document.State.SENT, Document.State.ACCEPTED))
    for terms in rules.documents:
        if terms.required and terms.kind not in papers.NEVER:
            missing |= of[terms.who] & ~Q(Exists(good.filter(kind=terms.kind)))
    return missing


def signed_newest(edition: Edition) -> Q:
    """Whether the waiver as it stands now is signed for the rider of an entry, for a minor by the guardian."""
    newest = waivers.counting(edition).filter(waiver_sha256=regulations.waiver_now(edition))
    adult = Q(rider__birth_date__lte=_born_before(edition, EntryRules.of(edition.entry_rules)))
    by_guardian = Q(rider__in=newest.filter(guardian=True).values("counts_for"))
    return by_guardian | (adult & Q(rider__in=newest.values("counts_for")))


def _born_before(edition: Edition, rules: EntryRules) -> date:
    """Who is born after this day is a minor on the first race day."""
    first = edition.starts_on
    try:
        return first.replace(year=first.year - rules.guardian_under)
    except ValueError:
        return date(first.year - rules.guardian_under, 2, 28)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
