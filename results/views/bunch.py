"""The bunch board of the officials' desk: the finish of one race, its doubtful pairs, orders, splits and joins."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_POST, require_safe

from race.models import Edition, Race
from race.refused import Refused
from race.staff_links import staff_path
from race.staff_pages import actor, desk
from results import bunch, preview, result_rules
from results.bunch import Finish
from results.models import Ruling
from results.preview import Preview
from results.staff import RULES, officials_page
from results.views import preview_rows
from results.views.bunch_rows import Drawn
from results.views.expected_rows import Words
from results.views.ruling_form import number
from results.views.rulings import race_of


def BASES() -> dict[str, str]:
    """What an order rests on, the likeliest first."""
    return {
        "photo": pgettext("basis", "Photo finish"),
        "judge": pgettext("basis", "Finish judge's notes"),
        "clocks": pgettext("basis", "Main and backup compared"),
    }


@require_safe
@officials_page()
def page(request: HttpRequest, edition: Edition, race: str = "") -> HttpResponse:
    """`/officials/bunch/` and `/officials/bunch/<race>/`: the board alone for the script, else the page around it.

    `order`: an order nobody has signed; `doubt`, `page`: what is looked at; `divide`: `split-63` or `join-63`, to be looked
    at; `seen`: the revision the script has, 204 while there is none newer.
    """
    part = "X-Part" in request.headers
    if part:
        here = race_of(edition, race)
        finish = bunch.of(here, _draft(request))
        if request.GET.get("seen") == str(finish.judged.revision):
            return HttpResponse(status=204)
        return render(request, "results/officials/bunch_board.html", _board(request, here, finish))
    races = list(
        Race.objects.filter(edition=edition, published_at__isnull=False)
        .select_related("edition", "course")
        .order_by("day", "order", "slug")
    )
    chosen = race_of(edition, race) if race else None
    open_ones = {one.pk: len(bunch.of(one).board.open) for one in races}
    shown = chosen or next((one for one in races if open_ones[one.pk]), None) or next(iter(races), None)
    context: dict[str, Any] = {"edition": edition, "race": shown}
    if shown is not None:
        context |= _board(request, shown, bunch.of(shown, _draft(request)))
        context["races"] = [{"race": one, "open": open_ones[one.pk], "here": one.pk == shown.pk} for one in races]
    return render(request, "results/officials/bunch.html", context)


def _draft(request: HttpRequest) -> bunch.Order:
    """The order in the address; one that is none is left out, as the page is only looked at."""
    try:
        return bunch.parse(request.GET.get("order", ""))
    except Refused:
        return []


def _board(request: HttpRequest, race: Race, finish: Finish) -> dict[str, Any]:
    """Everything the board draws."""
    drawn = Drawn(finish, Words([race], race.edition.zone))
    bib, doubt = drawn.wanted(request.GET.get("doubt", ""))
    at_page = drawn.page_of(request.GET.get("page", ""), bib)
    context = {
        "edition": race.edition, "race": race, "finish": finish, "board": finish.board, "may": desk(request).may(*RULES),
        "revision": finish.judged.revision, "posted": finish.judged.posted, "bases": BASES().items(),
        "summary": drawn.summary(), "doubt": doubt, "open_count": len(finish.board.open),
        "doubt_s": f"{result_rules.of(race.edition).doubt_ms / 1000:g}", "gap_s": drawn.gap_s(),
        "order": bunch.spell(finish.draft), "order_count": sum(map(len, finish.draft)),
        "base": ",".join(map(str, finish.base)), "heats": bunch.spell(finish.heats),
        "here": staff_path("officials_bunch_race", desk(request).slug, race=race.slug),
    }  # fmt: skip
    context |= drawn.page(at_page, doubt)
    if finish.draft:
        context |= _preview(race, lambda: preview.of_ruling(race, "finish_order", detail={"order": finish.draft}))
    if divide := _divide(request.GET.get("divide", "")):
        context |= _dividing(race, finish, *divide)
    return context


def _preview(race: Race, look: Any) -> dict[str, Any]:
    """What an act would change, or why it cannot be."""
    try:
        found: Preview = look()
    except Refused as refused:
        return {"problem": refused.message}
    return {"found": preview_rows.of(race, found, None)}


def _divide(text: str) -> tuple[str, int] | None:
    """`split-63`, as it stands in the address."""
    kind, _dash, bib = text.partition("-")
    if kind not in ("split", "join") or not (bib.isascii() and bib.isdigit() and len(bib) < 10):
        return None
    return kind, int(bib)


def _dividing(race: Race, finish: Finish, kind: str, bib: int) -> dict[str, Any]:
    """The panel that shows what a split or a join would change."""
    divide: dict[str, Any] = {"kind": kind, "bib": bib}
    if not bunch.possible(finish.board, kind, bib):
        return {"divide": divide, "problem": _("Number %(bib)s: the group is so already.") % {"bib": bib}}
    standing = bunch.standing_opposite(race, kind, bib)
    divide["revokes"] = standing.number if standing else None

    def look() -> Preview:
        return preview.of_revocation(standing) if standing else preview.of_ruling(race, kind, bib=bib)

    return {"divide": divide} | _preview(race, look)


@require_POST
@officials_page(*RULES)
def order(request: HttpRequest, edition: Edition, race: str) -> HttpResponse:
    """Sign an order: of a doubtful pair, or of all who were moved. A second click finds the first one's ruling."""
    here = race_of(edition, race)
    given = bunch.parse(request.POST.get("order", ""))
    basis = BASES().get(request.POST.get("basis", ""), BASES()["photo"])
    by = actor(request)
    try:
        made = bunch.confirm(here, given, basis=basis, by=by, seen=number(request.POST.get("seen", ""), "seen"))
    except Refused as refused:
        if refused.code != "already_ruled":
            raise
        made = Ruling.objects.filter(race=here, kind="finish_order", detail={"order": given}, by=by).latest("number")
    return _signed(request, here, made)


@require_POST
@officials_page(*RULES)
def divide(request: HttpRequest, edition: Edition, race: str) -> HttpResponse:
    """Sign a split or a join."""
    here = race_of(edition, race)
    wanted = _divide(request.POST.get("divide", ""))
    if wanted is None:
        raise Refused("bad_detail", _("Choose the rider with whom a group begins."))
    kind, bib = wanted
    reason = request.POST.get("reason", "").strip()
    seen = number(request.POST.get("seen", ""), "seen")
    return _signed(request, here, bunch.divide(here, kind, bib, reason=reason, by=actor(request), seen=seen))


def _signed(request: HttpRequest, race: Race, made: Ruling) -> HttpResponseRedirect:
    """Back to the board, which then drops what was moved and is signed now."""
    messages.success(request, _("Ruling %(n)s is signed. The board follows.") % {"n": made.number})
    where = {"signed": made.number} | ({"page": at} if (at := request.POST.get("page", "")).isdecimal() else {})
    return HttpResponseRedirect(
        f"{staff_path('officials_bunch_race', desk(request).slug, race=race.slug)}?{urlencode(where)}"
    )
