"""Bibs: ranges, the plan before it is carried out, single numbers, the freeze, and the start list."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, cast

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from race import bib_letters, bib_ranges, bibs, search, start_list
from race.entry_rules import EntryRules
from race.models import Category, Edition, Entry, LogLine, Race
from race.numbering import HIGHEST
from race.refused import Refused
from race.staff_pages import actor, done, office_page
from race.views.office import wording

ORDERS = (
    ("entered", gettext_lazy("As they entered")),
    ("name", gettext_lazy("By name")),
    ("team", gettext_lazy("By team")),
    ("seeded", gettext_lazy("Seeded riders, then as they entered")),
)
WHY = {
    "seeded": gettext_lazy("Seeded"),
    "team": gettext_lazy("With the team"),
    "next": gettext_lazy("Next number"),
}
NUMBERED = ("bib_given", "bib_freed", "bib_swapped", "bib_lost")
LONGEST_SEEDS = 6000
MOST_AT_ONCE = 500


@require_safe
@office_page()
def page(request: HttpRequest, edition: Edition) -> HttpResponse:
    """`/office/bibs/`: where every category stands, and everything that is done to numbers. `?q=` finds a rider."""
    states = bibs.overview(edition)
    query = request.GET.get("q", "").strip()
    hits = [hit.entry for hit in search.find(edition, query, limit=12)] if query else []
    races: dict[int, dict[str, Any]] = {}
    for state in states:
        of = races.setdefault(state.category.race_id, {"race": state.category.race, "without": 0, "riders": 0})
        of["without"] += state.without
        of["riders"] += state.confirmed
    context = {
        "edition": edition, "states": states, "orders": ORDERS, "races": list(races.values()), "highest": HIGHEST,
        "confirmed": sum(state.confirmed for state in states), "without": sum(state.without for state in states),
        "frozen_at": edition.bibs_frozen_at, "freeze_due": edition.bibs_frozen_at is None and bibs.freeze_due(edition),
        "reserved": EntryRules.of(edition.entry_rules).reserved_bibs, "kept": sorted(bib_ranges.kept_back(edition).items()),
        "untold": len(bib_letters.untold(edition)), "query": query, "wanted": bibs.Wanted(),
        "hits": _with_history([entry for entry in hits if entry.state == Entry.State.CONFIRMED]),
    }  # fmt: skip
    return render(request, "race/office/bibs.html", context)


@require_safe
@office_page()
def plan(request: HttpRequest, edition: Edition) -> HttpResponse:
    """The plan for what the form asks; nothing is written."""
    wanted, lines, unclear = _wanted(edition, request.GET)
    made = bibs.planned(edition, wanted)
    groups: dict[int, dict[str, Any]] = {}
    for row in made.rows:
        group = groups.setdefault(row.entry.category_id, {"category": row.entry.category, "rows": [], "kept": 0})
        if row.why == "kept":
            group["kept"] += 1
        else:
            group["rows"].append({"bib": row.bib, "entry": row.entry, "why": WHY[row.why]})
    chosen = set(wanted.categories) if wanted.categories is not None else None
    context = {
        "edition": edition, "plan": made, "groups": list(groups.values()), "unclear": unclear, "seeds_text": "\n".join(lines),
        "wanted": wanted, "orders": ORDERS, "states": bibs.overview(edition), "chosen": chosen,
        "fields": list(_fields(request.GET)),
        "frozen_at": edition.bibs_frozen_at, "new": len(made.new), "kept": len(made.rows) - len(made.new),
    }  # fmt: skip
    return render(request, "race/office/bibs_plan.html", context)


@require_POST
@office_page()
def assign(request: HttpRequest, edition: Edition) -> HttpResponse:
    """Carry out the plan that was shown."""
    wanted, _lines, _unclear = _wanted(edition, request.POST)
    shown = replace(bibs.planned(edition, wanted), digest=request.POST.get("digest", ""))
    new = bibs.assign(shown, by=actor(request))
    told = ngettext("%(count)d rider has a number now.", "%(count)d riders have a number now.", new) % {"count": new}
    return done(request, edition, told)


@require_POST
@office_page()
def change(request: HttpRequest, edition: Edition) -> HttpResponse:
    """One number: given, taken away, swapped with another one, or lost."""
    entry = get_object_or_404(Entry, edition=edition, pk=_whole(request.POST.get("entry")) or 0)
    reason, by, what = request.POST.get("reason", "").strip()[:200], actor(request), request.POST.get("what")
    if what == "free":
        bibs.free(entry, by=by, reason=reason)
        return done(request, edition, _("%(rider)s has no number now.") % {"rider": entry.rider})
    if what == "lost":
        bib = bibs.replace_lost(entry, by=by, reason=reason)
    else:
        bib = _number(request.POST.get("bib"))
        if what == "swap":
            other = Entry.objects.filter(edition=edition, bib=bib, state=Entry.State.CONFIRMED).first()
            if other is None:
                raise Refused("not_on_list", _("Not on the start list: %(bibs)s.") % {"bibs": bib})
            bibs.swap(entry, other, by=by, reason=reason)
        else:
            bibs.give(entry, bib, by=by, reason=reason)
    return done(request, edition, _("%(rider)s has number %(bib)d now.") % {"rider": entry.rider, "bib": bib})


@require_POST
@office_page()
def ranges(request: HttpRequest, edition: Edition) -> HttpResponse:
    """The range of one category."""
    categories = Category.objects.select_related("race__edition").filter(race__edition=edition)
    category = get_object_or_404(categories, pk=_whole(request.POST.get("category")) or 0)
    first, last = (
        _number(text) if (text := request.POST.get(name, "").strip()) else None for name in ("first", "last")
    )
    bib_ranges.set_range(category, first, last, by=actor(request))
    return done(request, edition, _("The range of %(category)s is set.") % {"category": category.name})


@require_POST
@office_page()
def kept_back(request: HttpRequest, edition: Edition) -> HttpResponse:
    """Numbers that are kept back, or put back again."""
    numbers, by = _numbers(request.POST.get("numbers", "")), actor(request)
    reason = request.POST.get("reason", "").strip()[:200]
    if request.POST.get("what") == "put_back":
        bib_ranges.put_back(edition, numbers, by=by, reason=reason)
        told = ngettext("%(count)d number may be given again.", "%(count)d numbers may be given again.", len(numbers))
    else:
        bib_ranges.keep_back(edition, numbers, by=by, reason=reason)
        told = ngettext("%(count)d number is kept back.", "%(count)d numbers are kept back.", len(numbers))
    return done(request, edition, told % {"count": len(numbers)})


@require_POST
@office_page()
def freeze(request: HttpRequest, edition: Edition) -> HttpResponse:
    """Freeze the numbers, or undo it with a reason."""
    if request.POST.get("what") == "unfreeze":
        bibs.unfreeze(edition, by=actor(request), reason=request.POST.get("reason", "")[:200])
        return done(request, edition, _("The numbers can be given by plan again."))
    bibs.freeze(edition, by=actor(request))
    return done(request, edition, _("The numbers are frozen. Single ones can be changed with a reason."))


@require_POST
@office_page()
def tell(request: HttpRequest, edition: Edition) -> HttpResponse:
    """Write to every rider who has not been told the number."""
    count = bib_letters.tell(edition, by=actor(request))
    told = ngettext("%(count)d message is on its way.", "%(count)d messages are on their way.", count) % {
        "count": count
    }
    return done(request, edition, told)


@require_POST
@office_page()
def publish(request: HttpRequest, edition: Edition) -> HttpResponse:
    """Publish the start list of a race."""
    race = get_object_or_404(Race, edition=edition, slug=request.POST.get("race", ""))
    start_list.publish([race], by=actor(request))
    return done(request, edition, _("The start list of %(race)s is published.") % {"race": race.name})


def _wanted(edition: Edition, data: QueryDict) -> tuple[bibs.Wanted, list[str], list[str]]:
    """What the form asks for; the lines of seeded riders, and those of them that name nobody."""
    known = set(Category.objects.filter(race__edition=edition).values_list("pk", flat=True))
    chosen = tuple(
        sorted({key for text in data.getlist("category") if (key := _whole(text)) in known and key is not None})
    )
    order = cast(bibs.Order, data.get("order") if data.get("order") in bibs.ORDERS else "entered")
    lines = [
        line.strip() for line in data.get("seeds", "")[:LONGEST_SEEDS].replace("\x00", "").splitlines() if line.strip()
    ]
    seeds, unclear = bibs.find_seeds(edition, lines) if lines else ([], [])
    together = "together" in data or "asked" not in data
    gap = min(_whole(data.get("gap")) or 0, 50)
    return bibs.Wanted(chosen or None, order, together, tuple(seeds), gap), lines, unclear


def _fields(data: QueryDict) -> Iterable[tuple[str, str]]:
    """The form once more, for the button that carries the plan out."""
    for name in ("category", "order", "together", "seeds", "gap", "asked"):
        for value in data.getlist(name):
            yield name, value[:LONGEST_SEEDS].replace("\x00", "")


def _whole(text: str | None) -> int | None:
    plain = (text or "").strip()
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) <= 9 else None


def _number(text: str | None) -> int:
    number = _whole(text)
    if number is None:
        raise Refused("bad_bib", _("A number is between 1 and %(highest)d.") % {"highest": HIGHEST})
    return number


def _numbers(text: str) -> list[int]:
    """`13, 44 100-110` as numbers."""
    found: list[int] = []
    for part in re.split(r"[\s,，、;；]+", text.strip()):
        first, _dash, last = re.sub(r"[–—~至]", "-", part).partition("-")
        ends = _number(first), _number(last or first)
        found += range(ends[0], min(ends[1], ends[0] + MOST_AT_ONCE) + 1)
    if len(found) > MOST_AT_ONCE:
        raise Refused("bad_bib", _("At most %(most)d numbers at once.") % {"most": MOST_AT_ONCE})
    return found


def _with_history(entries: list[Entry]) -> list[dict[str, Any]]:
    """Entries, each with what was done to its number, the newest first. One query."""
    lines = LogLine.objects.filter(entry__in=entries, what__in=NUMBERED)
    told: dict[int | None, list[dict[str, Any]]] = {}
    for line in lines.select_related("by").order_by("-pk"):
        given = {"at": line.at, "by": line.by, "word": wording.LOG[line.what], "reason": line.details.get("reason", "")}
        told.setdefault(line.entry_id, []).append(given | {"numbers": _numbers_of(line)})
    return [{"entry": entry, "lines": told.get(entry.pk, [])} for entry in entries]


def _numbers_of(line: LogLine) -> str:
    """`101 → 102`; one number alone where it was not there before, or was lost."""
    was, bib = line.details.get("was"), line.details.get("bib")
    return f"{was or '–'} → {bib or '–'}" if "was" in line.details else str(bib or "–")
