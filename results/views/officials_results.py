"""Results as officials see them: every race's state, the standings to the millisecond, publishing, closing, time travel."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from race.models import Edition, Race, Role
from race.staff_links import staff_path
from race.staff_pages import actor, desk
from results import facts, frozen, live, publication, rulings, scoring, to_do
from results.models import Publication
from results.scoring.race_facts import Row as Scored
from results.staff import RULES, officials_page
from results.views import officials, preview_rows
from results.views.expected_rows import Words
from results.views.rulings import race_of
from ui import times

Standing = Publication.Standing
Row = dict[str, Any]
#: The files of a result sheet, with what each is called.
SHEETS = (
    ("pdf", "PDF"),
    ("xlsx", "Excel"),
    ("csv", "CSV"),
    ("json", "JSON"),
    ("uci.xlsx", "UCI Excel"),
    ("uci.csv", "UCI CSV"),
)


@require_safe
@officials_page()
def page(request: HttpRequest, edition: Edition) -> HttpResponse:
    """`/officials/results/`: every race and how far its result is."""
    left = to_do.of(edition)
    words = Words([one.judged.race for one in left], edition.zone)
    context = {"edition": edition, "races": [officials.race(words, one) | {"counts": _counts(one)} for one in left]}
    return render(request, "results/officials/results.html", context)


def _counts(left: to_do.Left) -> Row:
    rows = left.judged.standings.rows
    return {"finished": sum(row.status == "FIN" for row in rows), "entered": len(rows)}


@require_safe
@officials_page()
def race(request: HttpRequest, edition: Edition, race: str) -> HttpResponse:
    """`/officials/results/<race>/`: now, at `?at=<revision>`, or two publications compared (`?from=1&to=3`)."""
    here = race_of(edition, race)
    left = next(one for one in to_do.of(edition) if one.judged.race.pk == here.pk)
    words, at = Words([here], edition.zone), _revision(request.GET.get("at", ""), edition)
    made = list(
        Publication.objects.filter(race=here).select_related("by", "communique").defer("board").order_by("version")
    )
    context = officials.race(words, left) | {
        "edition": edition, "race": here, "at": at, "newest": edition.revision, "made": made,
        "rows": rows(words, here, left, at), "may": desk(request).may(*RULES), "chief": desk(request).may(Role.Name.CHIEF),
        "all_out": [officials.rider(words, left, one) for one in left.out],
        "all_items": [officials.item(words, left, code) for code in left.judged.items],
        "closed": left.judged.known.facts.closed, "holds": left.official,
        "moved_lines": preview_rows.lines(here, left.judged.moved) if left.judged.moved.changes else None,
        "compared": _compared(here, made, request), "causes": causes(), "version_now": made[-1].version if made else 0,
        "sheet_forms": SHEETS,
    }  # fmt: skip
    return render(request, "results/officials/race.html", context)


def causes() -> dict[str, str]:
    """Why an official result may be amended."""
    return {
        "recording_error": _("An error of recording"), "disciplinary": _("A disciplinary decision"),
        "protest": _("A protest that was upheld"),
    }  # fmt: skip


def _revision(text: str, edition: Edition) -> int | None:
    """A revision of the past; None for now, and for what is no revision of the edition."""
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        return None
    return int(text) if int(text) < edition.revision else None


def rows(words: Words, race: Race, left: to_do.Left, at: int | None) -> list[Row]:
    """The standings, now or at a revision."""
    if at is None:
        known, standings = left.judged.known, left.judged.standings
    else:
        with live.snapshot():
            known = facts.gather(race, at)
        standings = scoring.score(known.facts)
    entries = {row["bib"]: row for row in known.ground.entries}
    waves = {wave.code: wave.gun_us for wave in known.facts.waves}
    return [
        _line(words, race, row, entries.get(row.bib, {}), waves.get(entries.get(row.bib, {}).get("wave", "")))
        for row in standings.rows
    ]


def _line(words: Words, race: Race, row: Scored, entry: Row, gun_us: int | None) -> Row:
    last_us = row.crossings[-1] if row.crossings else None
    own = None if last_us is None or gun_us is None else (last_us - gun_us) // 1000
    return words.entry(race, entry, row.bib) | {
        "rank": row.rank, "status": "" if row.status in ("racing", "waiting", "FIN") else row.status,
        "racing": row.status == "racing", "relegated": row.relegated, "laps": row.laps,
        "time": times.race_time(None if row.time_us is None else row.time_us // 1000),
        "own": "–" if own is None else f"{times.race_time(own)}.{own % 1000:03}", "line": words.clock(last_us, exact=True),
        "flags": [flag for flag in row.flags if flag in publication.ASKED],
    }  # fmt: skip


def _compared(race: Race, made: list[Publication], request: HttpRequest) -> Row | None:
    """What differs between two publications, in the order of the later one."""
    found = {str(one.version): one for one in made}
    pair = [found.get(request.GET.get(end, "")) for end in ("from", "to")]
    if pair[0] is None or pair[1] is None:
        return None
    differences = frozen.compare(pair[0], pair[1])
    return preview_rows.lines(race, differences) | {"from": pair[0], "to": pair[1]}


@require_POST
@officials_page(*RULES)
def publish(request: HttpRequest, edition: Edition, race: str) -> HttpResponse:
    """Provisional: a commissaire. Official and amended: the chief."""
    here, given = race_of(edition, race), request.POST
    standing = given.get("standing", "")
    if standing not in Standing.values or (standing != Standing.PROVISIONAL and not desk(request).may(Role.Name.CHIEF)):
        raise PermissionDenied
    after = given.get("after", "")
    made = publication.publish(
        here, by=actor(request), standing=standing, reason=given.get("reason", ""), cause=given.get("cause", ""),
        confirmed=given.getlist("confirmed"), after=int(after) if after.isdecimal() and len(after) < 9 else None,
    )  # fmt: skip
    messages.success(request, _("Version %(n)s is published.") % {"n": made.version})
    return HttpResponseRedirect(staff_path("officials_race", desk(request).slug, race=here.slug))


@require_POST
@officials_page(*RULES)
def close(request: HttpRequest, edition: Edition, race: str) -> HttpResponse:
    """Close the race: who is still out there is named, one by one."""
    here, given = race_of(edition, race), request.POST
    out = [int(bib) for bib in given.getlist("out") if bib.isdecimal() and len(bib) < 10]
    rulings.issue(here, "close", detail={"out": out}, reason=given.get("reason", ""), by=actor(request))
    messages.success(request, _("The race is closed."))
    return HttpResponseRedirect(staff_path("officials_race", desk(request).slug, race=here.slug))
