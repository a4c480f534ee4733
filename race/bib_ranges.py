"""Which numbers there are: the ranges of categories, and the numbers that are never given."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _

from race import log, numbering
from race.entry_rules import EntryRules
from race.models import Category, Edition, LogLine, User
from race.numbering import HIGHEST, Span
from race.refused import Refused

#: Lines of the log that say which numbers are not to be given (any more).
KEPT_BACK, PUT_BACK, LOST = "bib_kept_back", "bib_put_back", "bib_lost"


@transaction.atomic
def keep_back(edition: Edition, numbers: Iterable[int], *, by: User | None, reason: str = "") -> None:
    """Numbers that are not to be given, beside those the regulations reserve. Who has one keeps it."""
    wanted = sorted(set(numbers))
    if any(not 1 <= number <= HIGHEST for number in wanted):
        raise Refused("bad_bib", _("A number is between 1 and %(highest)d.") % {"highest": HIGHEST})
    known = kept_back(edition)
    _note(edition, KEPT_BACK, [number for number in wanted if number not in known], by, reason)


@transaction.atomic
def put_back(edition: Edition, numbers: Iterable[int], *, by: User | None, reason: str = "") -> None:
    """Numbers that were kept back (or lost, and found again) may be given again."""
    known = kept_back(edition)
    _note(edition, PUT_BACK, [number for number in sorted(set(numbers)) if number in known], by, reason)


@transaction.atomic
def set_range(category: Category, first: int | None, last: int | None, *, by: User | None) -> None:
    """The numbers of a category. Refused: `bad_range`, and `range_overlap` where another category has one of them."""
    edition = category.race.edition
    every = lock(edition)
    category = next(known for known in every if known.pk == category.pk)
    if first is None and last is None:
        Category.objects.filter(pk=category.pk).update(first_bib=None, last_bib=None)
        log.note(edition, "bib_range", by=by, category=category.code, first=None, last=None)
        return
    if first is None or not 1 <= first <= (last or HIGHEST) <= HIGHEST:
        raise Refused("bad_range", _("The first number is at least 1 and not above the last one."))
    wanted = Span(first, last)
    spans = {known.pk: Span(known.first_bib, known.last_bib) for known in every if known.first_bib}
    spans[category.pk] = wanted
    ends = {pk: numbering.closed(span, spans.values()) for pk, span in spans.items()}
    for other in every:
        same = other.pk in spans and spans[other.pk].first == first
        if other.pk != category.pk and other.pk in ends and (same or ends[other.pk].meets(ends[category.pk])):
            raise Refused(
                "range_overlap",
                _("%(category)s has the numbers %(first)d to %(last)d.")
                % {"category": other.name, "first": ends[other.pk].first, "last": ends[other.pk].last},
            )
    Category.objects.filter(pk=category.pk).update(first_bib=first, last_bib=last)
    log.note(edition, "bib_range", by=by, category=category.code, first=first, last=last)


def ranges(categories: Iterable[Category]) -> dict[int, Span]:
    """The numbers of each category that has a range; one without an end goes on to where the next one begins."""
    spans = {known.pk: Span(known.first_bib, known.last_bib) for known in categories if known.first_bib}
    return {pk: numbering.closed(span, spans.values()) for pk, span in spans.items()}


def kept_back(edition: Edition) -> dict[int, str]:
    """Numbers that are not to be given beside those of the regulations, with the reason: kept back by the office, or lost."""
    lines = LogLine.objects.filter(edition=edition, what__in=(KEPT_BACK, PUT_BACK, LOST)).order_by("pk")
    held: dict[int, str] = {}
    for what, details in lines.values_list("what", "details"):
        if what == PUT_BACK:
            held.pop(details["bib"], None)
        else:
            held[details["bib"]] = details.get("reason", "")
    return held


def never(edition: Edition) -> set[int]:
    """Every number that is not to be given."""
    return set(EntryRules.of(edition.entry_rules).reserved_bibs) | kept_back(edition).keys()


def lock(edition: Edition) -> list[Category]:
    """The categories of the edition, locked in the one order: two plans wait for each other."""
    categories = Category.objects.select_for_update(of=("self",), no_key=True).select_related("race__edition")
    return list(categories.filter(race__edition=edition).order_by("pk"))


def _note(edition: Edition, what: str, numbers: Iterable[int], by: User | None, reason: str) -> None:
    LogLine.objects.bulk_create(
        [LogLine(edition=edition, what=what, by=by, details={"bib": bib, "reason": reason}) for bib in numbers]
    )
