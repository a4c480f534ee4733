"""The officials' first page: what is left to do, race by race. It refreshes itself."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from race.models import Edition
from results import bunch, printing, publication, to_do
from results.staff import officials_page
from results.to_do import Left
from results.views.expected_rows import Words
from results.views.officials_words import item_word
from ui import times

#: How many riders and items of a race stand open; the rest is folded.
FIRST = 6


@require_safe
@officials_page()
def page(request: HttpRequest, edition: Edition) -> HttpResponse:
    """`/officials/`: the races alone for htmx, else the page around them."""
    part = request.headers.get("HX-Request") == "true"
    left = to_do.of(edition)
    words = Words([one.judged.race for one in left], edition.zone)
    context = {
        "edition": edition, "races": [race(words, one) for one in left], "unprinted": printing.stuck(edition),
        "racing": not all(one.judged.known.facts.closed for one in left),
    }  # fmt: skip
    return render(request, "results/officials/to_do.html" if part else "results/officials/home.html", context)


def race(words: Words, left: Left) -> dict[str, Any]:
    """A race as its card says it."""
    found, posted = left.judged, left.judged.posted
    out = [rider(words, left, one) for one in left.out]
    items = [] if left.official else [item(words, left, code) for code in found.items]
    sentences = publication.BARS()
    home = found.known.facts.closed or posted is not None
    return {
        "race": found.race, "marks": marks(words, left), "left": left, "standing": standing(left),
        "version": posted.version if posted else None, "phase": phase(left), "revision": found.revision,
        "out": out[:FIRST], "out_rest": out[FIRST:], "out_count": len(out),
        "out_over": sum(one["late"] is not None for one in out),
        "items": items[:FIRST], "items_rest": items[FIRST:], "items_count": len(items),
        "doubts": bunch.unsettled(found) if home and not left.official else 0,
        "moved": len(found.moved.changes), "late": found.late, "protests": left.protests,
        "bars": [sentences[bar] for bar in left.bars],
        "until": words.iso(left.until_us) if "window_open" in left.bars else "", "next": step(left),
    }  # fmt: skip


def step(left: Left) -> str:
    """What comes next in a race where nothing is open."""
    if left.judged.posted is None:
        closed = left.judged.known.facts.closed
        return _("Closed, and nothing is published: publish it as provisional.") if closed else _("Nothing is open.")
    return _("Nothing is open.") if left.official else _("Nothing bars it any more: the chief can make it official.")


def standing(left: Left) -> str:
    """Live, provisional, official or amended."""
    return left.judged.posted.standing if left.judged.posted else "live"


def phase(left: Left) -> str:
    """How far the race is, in words."""
    known = left.judged.known.facts
    if known.closed:
        return _("Closed")
    if any(wave.gun_us is not None for wave in known.waves) or known.passings:
        return _("On the road")
    return _("Not started")


def marks(words: Words, left: Left) -> list[str]:
    """The shapes of the race's categories."""
    return [mark for (race_id, _code), mark in words.marks.items() if race_id == left.judged.race.pk and mark]


def who(words: Words, left: Left, bib: int) -> dict[str, Any]:
    """Number, mark, name and team of a rider."""
    return words.entry(left.judged.race, left.judged.entries.get(bib, {}), bib)


def rider(words: Words, left: Left, one: to_do.Out) -> dict[str, Any]:
    """A rider still out there."""
    race = left.judged.race
    seen = _("Not read since the gun.")
    if one.last is not None:
        said = {"place": words.point(race, one.last.point), "lap": one.last.lap, "time": words.clock(one.last_us)}
        seen = _("%(place)s, lap %(lap)s at %(time)s") % said
    late = None if one.late_us is None else times.race_time(one.late_us // 1000)
    return who(words, left, one.bib) | {"seen": seen, "late": late}


def item(words: Words, left: Left, code: str) -> dict[str, Any]:
    """An open item: `no_result:112` in words."""
    flag, bib = code.rsplit(":", 1)
    return who(words, left, int(bib)) | {"code": code, "what": item_word(flag)}
