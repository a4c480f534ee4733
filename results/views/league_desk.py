"""The league at the officials' desk: its rules, its rounds, rows to join, and what was done."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from race.models import Edition, Entry, LogLine, Role
from race.models.edition import in_language
from race.staff_links import staff_path
from race.staff_pages import actor, desk
from results.league import asked, joining, ridden, rules
from results.league.ridden import Ground
from results.models import League, Round, RoundCategory, RoundResult
from results.staff import officials_page
from results.views import league_words
from results.views.league import STATES

#: Who runs the league: brings in rounds, joins rows to riders.
RUNS = (Role.Name.ORGANISER, Role.Name.CHIEF)
#: So many rows stand open, so many lines of the log, and so many riders are found for a name.
OPEN, LOGGED, FOUND = 30, 30, 20
Row = dict[str, Any]


@require_safe
@officials_page()
def page(request: HttpRequest, edition: Edition, league: str = "") -> HttpResponse:
    """`/officials/league/`: the leagues of the edition, the first or the one named. Constant queries at any size."""
    leagues = list(asked.leagues_of(edition).order_by("-season", "slug"))
    shown = asked.league_of(edition, league) if league else next(iter(leagues), None)
    if shown is None:
        return render(request, "results/officials/league.html", {"edition": edition, "league": None})
    lines = joining.lines_of(shown)
    found = joining.loose(shown, lines)
    context = {
        "edition": edition, "league": shown, "leagues": [named(one) for one in leagues], "name": named(shown)["name"],
        "may": desk(request).may(*RUNS), "groups": _groups(shown), "rounds": _rounds(shown, lines, found),
        "loose": [loose_row(one, shown) for one in found[:OPEN]], "rest": [loose_row(one, shown) for one in found[OPEN:]],
        "count": len(found),
        "sure": [{"line": one.line.pk, "entry": one.sure.entry} for one in found if one.sure],
        "joined": _joined(shown, lines), "log": _log(shown, lines),
    }  # fmt: skip
    return render(request, "results/officials/league.html", context)


def named(league: League) -> Row:
    """A league and its name."""
    return {"slug": league.slug, "season": league.season, "name": in_language(league.name_zh, league.name_en)}


def _groups(league: League) -> list[Row]:
    """What is decided for each group, as sentences; teams last."""
    return [
        {"name": rules.name(league, code), "sentences": rules.sentences(league, code)}
        for code in [*rules.codes(league), rules.TEAMS]
    ]


def _rounds(league: League, lines: list[RoundResult], loose: list[joining.Loose]) -> list[Row]:
    """Each round: when, how far, which category counts where, how many rows and how many of them nobody knows."""
    ground = ridden.gather(league)
    counted = RoundCategory.objects.filter(round__league=league).select_related("category__race")
    where: dict[int, list[Row]] = {}
    for one in counted.order_by("category__race__order", "category__code"):
        category = {
            "category": one.category.name,
            "race": one.category.race.name,
            "group": rules.name(league, one.group),
        }
        where.setdefault(one.round_id, []).append(category)
    return [
        {
            "number": one.order, "name": in_language(one.name_zh, one.name_en), "day": one.held_on,
            "ours": one.edition.short_name if one.edition else "", "states": _states(ground, one),
            "where": where.get(one.pk, []), "rows": sum(line.round_id == one.pk for line in lines),
            "by_document": sum(line.round_id == one.pk and bool(line.identity_hash) for line in lines),
            "loose": sum(row.line.round_id == one.pk for row in loose),
        }
        for one in ground.rounds
    ]  # fmt: skip


def _states(ground: Ground, one: Round) -> list[str]:
    """How far the round's groups have come, each word once."""
    states = {found.state for (number, _group), found in ground.ridden.items() if number == one.pk}
    return [str(STATES[state]) for state in STATES if state in (states or {ridden.UPCOMING})]


def loose_row(one: joining.Loose, league: League) -> Row:
    """A row nobody knows, and who it may have been."""
    return line_row(one.line, league) | {"likely": [likely_row(each, league) for each in one.likely], "sure": one.sure}


def line_row(line: RoundResult, league: League) -> Row:
    """A row of a round ridden elsewhere."""
    return {
        "pk": line.pk, "round": line.round.order, "round_name": in_language(line.round.name_zh, line.round.name_en),
        "group": rules.name(league, line.group, short=True), "place": line.place, "name": line.name, "team": line.team,
        "mark": joining.mark(line),
    }  # fmt: skip


def likely_row(one: joining.Likely, league: League) -> Row:
    """A rider, or another row, that a row may be joined to."""
    basis = {
        joining.NAME_AND_TEAM: _("same name and team"), joining.OTHER_TEAM: _("same name, another team"),
        joining.NAME: _("same name, no team to compare"),
    }  # fmt: skip
    return {
        "entry": one.entry, "line": one.line, "bib": one.bib, "name": one.name, "team": one.team, "basis": basis[one.basis],
        "group": rules.name(league, one.group, short=True),
    }  # fmt: skip


def _joined(league: League, lines: list[RoundResult]) -> list[Row]:
    """Rows that a person joined, and to whom."""
    by_key = {ridden.key(line): line for line in reversed(lines) if not line.member}
    rows = []
    for line in lines:
        if not line.member:
            continue
        other = by_key.get(line.member)
        to = {"line": other.round.order, "name": other.name, "team": other.team} if other else {}
        if line.entry:
            rider = line.entry.rider
            to = {"bib": line.entry.bib, "name": league_words.in_order(rider.name_zh, rider.latin)}
        rows.append(line_row(line, league) | {"to": to})
    return rows


def _log(league: League, lines: list[RoundResult]) -> list[Row]:
    """What was done, the newest first. One query."""
    words = {
        "league_imported": _("List brought in"), "league_joined": _("Row joined"), "league_parted": _("Row parted"),
    }  # fmt: skip
    names = {line.pk: line.name for line in lines}
    found = LogLine.objects.filter(what__in=words, details__league=league.pk).select_related("by", "entry__rider")
    rows = []
    for line in found.order_by("-pk")[:LOGGED]:
        said, rider = line.details, line.entry.rider if line.entry else None
        rows.append(
            {
                "at": line.at, "by": line.by, "what": words[line.what], "round": said.get("round"), "told": said,
                "row": names.get(said.get("line"), ""), "other": names.get(said.get("to_line"), ""),
                "bib": line.entry.bib if line.entry else None,
                "rider": league_words.in_order(rider.name_zh, rider.latin) if rider else "",
            }
        )  # fmt: skip
    return rows


@require_http_methods(["GET", "HEAD", "POST"])
@officials_page(*RUNS)
def row(request: HttpRequest, edition: Edition, league: str, pk: int) -> HttpResponse:
    """One row: search a rider (`?q=`), join the row to one, or part it."""
    shown = asked.league_of(edition, league)
    lines = joining.lines_of(shown)
    line = get_object_or_404(RoundResult.objects.select_related("round"), pk=pk, round__league=shown)
    if request.method == "POST":
        return _acted(request, edition, shown, line)
    wanted = request.GET.get("q", "").strip()[:40]
    likely = next((one.likely for one in joining.loose(shown, lines) if one.line.pk == pk), ())
    context = {
        "edition": edition, "league": shown, "name": named(shown)["name"], "line": line_row(line, shown), "q": wanted,
        "document": bool(line.identity_hash), "likely": [likely_row(one, shown) for one in likely],
        "found": [likely_row(one, shown) for one in search(shown, lines, line, wanted)] if wanted else [],
        "joined": next((one for one in _joined(shown, lines) if one["pk"] == pk), None),
    }  # fmt: skip
    return render(request, "results/officials/league_row.html", context)


def search(league: League, lines: list[RoundResult], line: RoundResult, typed: str) -> list[joining.Likely]:
    """Riders of ours and other rows by a part of the name or team, or by the whole number; riders first."""
    wanted = joining.folded(typed)
    others = [one for one in joining.others(lines) if one.line != line.pk]
    found = [
        one
        for one in (*joining.riders(league), *others)
        if wanted in joining.folded(one.name) or wanted in joining.folded(one.team) or wanted == str(one.bib)
    ]
    return found[:FOUND]


def _acted(request: HttpRequest, edition: Edition, league: League, line: RoundResult) -> HttpResponse:
    given, reason = request.POST, request.POST.get("reason", "")[:300]
    here = staff_path("officials_league_one", desk(request).slug, league=league.slug)
    if given.get("do") == "part":
        done = joining.part(line, edition=edition, by=actor(request), reason=reason, seen=given.get("seen", "")[:16])
        messages.success(request, _("The row stands alone again.") if done else _("The row stood alone already."))
        return HttpResponseRedirect(here)
    kind, _colon, number = given.get("to", "").partition(":")
    pk = int(number) if number.isascii() and number.isdigit() and len(number) < 18 else 0
    to: Entry | RoundResult = (
        get_object_or_404(Entry.objects.select_related("category"), pk=pk)
        if kind == "entry"
        else get_object_or_404(RoundResult.objects.select_related("round"), pk=pk, round__league=league)
    )
    done = joining.join(line, to, edition=edition, by=actor(request), reason=reason)
    messages.success(request, _("The row is joined.") if done else _("The row was joined so already."))
    return HttpResponseRedirect(here)


@require_POST
@officials_page(*RUNS)
def join(request: HttpRequest, edition: Edition, league: str) -> HttpResponse:
    """Join at once all rows of which one rider alone has name and team, as the page listed them (`pair`: row:entry)."""
    shown, seen = asked.league_of(edition, league), {}
    for pair in request.POST.getlist("pair"):
        line, _colon, entry = pair.partition(":")
        if line.isascii() and entry.isascii() and line.isdigit() and entry.isdigit() and len(pair) < 40:
            seen[int(line)] = int(entry)
    reason = request.POST.get("reason", "")[:300]
    done, left = joining.join_sure(shown, seen, edition=edition, by=actor(request), reason=reason)
    messages.success(request, ngettext("%(n)s row is joined.", "%(n)s rows are joined.", done) % {"n": done})
    if left:
        text = ngettext(
            "%(n)s row is otherwise meanwhile: look at it.", "%(n)s rows are otherwise meanwhile: look at them.", left
        )
        messages.warning(request, text % {"n": left})
    return HttpResponseRedirect(staff_path("officials_league_one", desk(request).slug, league=shown.slug))
