"""A protest from the phone: from a row of the result to the form behind a private link, and what becomes of it.

Whoever holds the rider's or the team's private link files it; everybody else does so in person at the officials' desk.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from zoneinfo import ZoneInfo

import orjson
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from race import clock, links
from race.models import Edition, Entry, PrivateLink, Race
from race.papers import LIMIT
from race.refused import Refused
from race.views.my import sheltered
from results import evidence, protest_book, protests, result_rules
from results.models import Protest
from timing.clocks import EPOCH

Rest = ParamSpec("Rest")
#: How many photos a form takes; the page of the protest takes more.
PHOTOS = 3


def held(view: Callable[Concatenate[HttpRequest, PrivateLink, Rest], HttpResponse]) -> Callable[..., HttpResponse]:
    """A view of the holder of a private link, in the venue's time; 404 for any other text."""

    @wraps(view)
    def guarded(request: HttpRequest, secret: str, *args: Rest.args, **kwargs: Rest.kwargs) -> HttpResponse:
        link = links.find(secret)
        if link is None:
            raise Http404
        link.secret = secret
        with timezone.override(ZoneInfo(link.registration.edition.zone)):
            answer = view(request, link, *args, **kwargs)
        sheltered(answer)
        return answer

    return guarded


@require_safe
@never_cache
def how(request: HttpRequest, slug: str, bib: int) -> HttpResponse:
    """`/live/<race>/<bib>/protest/`: who may protest this row, how, and until when."""
    race = get_object_or_404(Race.objects.select_related("edition"), slug=slug, published_at__isnull=False)
    entry = get_object_or_404(_listed(race).select_related("rider", "category"), bib=bib)
    with timezone.override(ZoneInfo(race.edition.zone)):
        return render(request, "results/protest/how.html", _race(race) | {"entry": entry, "bib": bib})


@require_http_methods(["GET", "HEAD", "POST"])
@held
def file(request: HttpRequest, link: PrivateLink) -> HttpResponse:
    """`/my/<secret>/protest/`: the form; POST files it. A second click, or a try after a lost answer, finds the first."""
    mine = _mine(link)
    if request.method != "POST":
        return _form(request, link, mine, request.GET.dict())
    given = request.POST.dict()
    try:
        entry = next((one for one in mine if str(one.pk) == given.get("entry")), None)
        if entry is None:
            raise Refused("not_on_list", _("Choose for whom the protest is filed."))
        made = _file(request, entry, given)
    except Refused as refused:
        return _form(request, link, mine, given, problem=refused.message, status=409)
    return redirect("my_protest_one", link.secret, made.number)


@transaction.atomic
def _file(request: HttpRequest, entry: Entry, given: dict[str, str]) -> Protest:
    """The protest with its photos, all of it or nothing."""
    bibs, photos = numbers(given.get("bibs", "")), _photos(request)
    try:
        made = protests.file(entry.race, bibs=bibs, text=given.get("text", ""), by_entry=entry)
    except Refused as refused:
        if refused.code != "already_protested":
            raise
        made = protests.undecided().filter(race=entry.race, by_entry=entry, bibs=sorted(set(bibs)))[0]
    for name, content in photos:
        evidence.keep(made, name, content, by=None)
    return made


def numbers(text: str) -> list[int]:
    """Bibs as they are typed: `12, 34` or `12 34`. Refused: anything else."""
    words = text.replace("，", " ").replace("、", " ").replace(",", " ").split()
    if not words or not all(word.isascii() and word.isdigit() and len(word) < 7 for word in words):
        raise Refused("not_on_list", _("Write the numbers the protest is about, for example 12, 34."))
    return [int(word) for word in words]


def _photos(request: HttpRequest) -> list[tuple[str, bytes]]:
    """The files of a form, read and judged before anything is written."""
    found = []
    for sent in request.FILES.getlist("photo")[:PHOTOS]:
        if isinstance(sent, UploadedFile):
            content = sent.read(LIMIT + 1)
            evidence.judged(content)
            found.append((sent.name or "", content))
    return found


@require_safe
@held
def one(request: HttpRequest, link: PrivateLink, number: int) -> HttpResponse:
    """`/my/<secret>/protest/<number>/`: what was filed and how it stands; the state alone for htmx."""
    part = request.headers.get("HX-Request") == "true"
    return _one(request, link, number, "results/protest/state.html" if part else "results/protest/one.html")


def _one(
    request: HttpRequest, link: PrivateLink, number: int, template: str, *, problem: str = "", status: int = 200
) -> HttpResponse:
    case = protest_book.case(_own(link, number))
    rules = result_rules.of(case.edition)
    context = {
        "case": case, "secret": link.secret, "edition": case.edition, "race": case.protest.race, "problem": problem,
        "deposit_fen": rules.protest_deposit_fen, "most": evidence.MOST,
    }  # fmt: skip
    return render(request, template, context, status=status)


@require_POST
@held
def withdraw(request: HttpRequest, link: PrivateLink, number: int) -> HttpResponse:
    """Take it back. A second click finds it withdrawn."""
    protest = _own(link, number)
    try:
        protests.withdraw(protest, by=None, reason="by the rider")
    except Refused as refused:
        if protest_book.case(_own(link, number)).state != "withdrawn":
            return _one(request, link, number, "results/protest/one.html", problem=refused.message, status=409)
    return redirect("my_protest_one", link.secret, number)


@require_POST
@held
def show(request: HttpRequest, link: PrivateLink, number: int) -> HttpResponse:
    """Show one more photo while the protest is open."""
    case = protest_book.case(_own(link, number))
    try:
        if case.state != "open":
            raise Refused("already_settled", _("This protest is settled already."))
        photos = _photos(request)
        if not photos:
            raise Refused("paper_size", _("Choose a file first."))
        for name, content in photos:
            evidence.keep(case.protest, name, content, by=None)
    except Refused as refused:
        return _one(request, link, number, "results/protest/one.html", problem=refused.message, status=409)
    return redirect("my_protest_one", link.secret, number)


def _listed(race: Race) -> Any:
    return Entry.objects.filter(race=race, state=Entry.State.CONFIRMED, bib__isnull=False)


def _mine(link: PrivateLink) -> list[Entry]:
    """The entries whose rider, or whose team's manager, holds the link."""
    own = Entry.objects.filter(registration=link.registration, state=Entry.State.CONFIRMED, bib__isnull=False)
    if link.rider is not None:
        own = own.filter(rider=link.rider)
    return list(own.select_related("race__edition", "rider", "category").order_by("race__day", "race__order", "bib"))


def _own(link: PrivateLink, number: int) -> Protest:
    """A protest of this link's entries; 404 for any other."""
    protest = protest_book.rows().filter(edition=link.registration.edition, number=number).first()
    if protest is None or protest.by_entry_id not in {entry.pk for entry in _mine(link)}:
        raise Http404
    return protest


def _race(race: Race) -> dict[str, Any]:
    """What a page says of the race, the time left and the deposit."""
    until, problem = None, ""
    try:
        until = EPOCH + timedelta(microseconds=protests.until_us(protests.posted_now(race)))
    except Refused as refused:
        problem = refused.message
    rules = result_rules.of(race.edition)
    return {
        "race": race, "edition": race.edition, "until": until, "closed": problem, "law": _law(race.edition),
        "real": timezone.now().isoformat(), "deposit_fen": rules.protest_deposit_fen,
    }  # fmt: skip


def _law(edition: Edition) -> str:
    """By which law event time runs, for the countdown."""
    return orjson.dumps(clock.segment(edition)).decode()


def _form(
    request: HttpRequest,
    link: PrivateLink,
    mine: list[Entry],
    given: dict[str, str],
    *,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    """The form for the race that is named, else for the first that can be protested; with what was filed before."""
    named = [one for one in mine if one.race.slug == given.get("race") or str(one.pk) == given.get("entry")]
    told = {one.race_id: _race(one.race) for one in mine}
    chosen = next(iter(named), None) or next((one for one in mine if not told[one.race_id]["closed"]), None)
    filed = [protest_book.case(one) for one in protest_book.rows().filter(by_entry__in=mine).order_by("-number")]
    context: dict[str, Any] = {"edition": link.registration.edition, "secret": link.secret, "filed": filed}
    if chosen is None:
        return render(request, "results/protest/none.html", context, status=status)
    context |= told[chosen.race_id] | {
        "problem": problem, "given": given, "chosen": chosen, "mine": [one for one in mine if one.race_id == chosen.race_id],
        "bibs": given.get("bibs") or given.get("bib") or "",
    }  # fmt: skip
    return render(request, "results/protest/file.html", context, status=status)
