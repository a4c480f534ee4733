"""The protest desk: open protests first, each with its rows and why they stand, evidence, deposit, verdict."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from race.models import Category, Edition, Entry, Race, Role
from race.refused import Refused
from race.staff_pages import OFFICE, actor, desk, done, staff_page
from results import protest_book, protests, why
from results.models import Protest, Publication, Ruling
from results.protest_book import Case
from results.staff import OFFICIALS, RULES, officials_page
from results.views.protest import numbers
from results.views.why_words import Word, why_words
from timing.clocks import EPOCH
from ui import times


@require_http_methods(["GET", "HEAD", "POST"])
@officials_page()
def page(request: HttpRequest, edition: Edition) -> HttpResponse:
    """`/officials/protests/`: all of them, open ones first; POST files one for somebody who is here in person."""
    if request.method == "POST":
        return _file(request, edition)
    cases = protest_book.of(edition)
    races = list(Race.objects.filter(edition=edition, published_at__isnull=False).order_by("day", "order", "slug"))
    ends = until(races)
    context = {
        "edition": edition, "may": desk(request).may(*RULES),
        "open": [row(one, ends) for one in cases if one.state == "open"],
        "settled": [row(one, ends) for one in cases if one.state != "open"],
        "races": [{"race": race, "until": ends[race.pk]} for race in races if race.pk in ends],
    }  # fmt: skip
    return render(request, "results/officials/protests.html", context)


def _file(request: HttpRequest, edition: Edition) -> HttpResponse:
    if not desk(request).may(*RULES):
        raise PermissionDenied
    race = get_object_or_404(Race.objects.select_related("edition"), edition=edition, slug=request.POST.get("race", ""))
    bibs, name = numbers(request.POST.get("bibs", "")), request.POST.get("filed_by", "")
    try:
        made = protests.file(race, bibs=bibs, text=request.POST.get("text", ""), filed_by=name, by=actor(request))
    except Refused as refused:
        if refused.code != "already_protested":
            raise
        made = protests.undecided().filter(race=race, filed_by=name.strip()[:80], bibs=sorted(set(bibs)))[0]
    return done(request, edition, _("Protest P%(n)s is filed.") % {"n": made.number})


def until(races: list[Race]) -> dict[int, datetime]:
    """Until when the newest result of each race can be protested, of those that are published and not official."""
    newest: dict[int, Publication] = {}
    made = Publication.objects.filter(race__in=races, at__isnull=False).select_related("race__edition").defer("board")
    for one in made.order_by("version"):
        newest[one.race_id] = one
    official = Publication.Standing.OFFICIAL
    ends = {pk: protests.until_us(one) for pk, one in newest.items() if one.standing != official}
    return {pk: EPOCH + timedelta(microseconds=end_us) for pk, end_us in ends.items()}


def row(case: Case, ends: dict[int, datetime]) -> dict[str, Any]:
    """A protest as the list says it."""
    protest = case.protest
    who = f"{protest.by_entry.bib} {protest.by_entry.rider.name}" if protest.by_entry else protest.filed_by
    return {"case": case, "protest": protest, "who": who, "until": ends.get(protest.race_id)}


@require_safe
@officials_page()
def one(request: HttpRequest, edition: Edition, number: int) -> HttpResponse:
    """`/officials/protests/<number>/`: the whole protest, and what may be done."""
    protest = get_object_or_404(protest_book.rows(), edition=edition, number=number)
    case = protest_book.case(protest)
    marks = dict(Category.objects.filter(race=protest.race).values_list("pk", "mark"))
    entries = (
        Entry.objects.filter(race=protest.race, bib__in=protest.bibs).select_related("rider", "team").order_by("bib")
    )
    since = Ruling.objects.filter(race=protest.race, revision__gt=protest.revision or 0).exclude(kind="revoke")
    context = row(case, until([protest.race])) | {
        "edition": edition, "race": protest.race, "may": desk(request).may(*RULES),
        "rows": [
            {"entry": one, "mark": marks[one.category_id], "steps": thread(protest.race, one.bib or 0)} for one in entries
        ],
        "rulings": since.order_by("-number")[:20],
    }  # fmt: skip
    return render(request, "results/officials/protest.html", context)


def thread(race: Race, bib: int) -> list[dict[str, Any]]:
    """Why the row of a rider stands as it does, in sentences."""
    found, words = why.of(race, bib), why_words()
    return [] if found is None else [_sentence(step, words) for step in found["steps"]]


def _sentence(step: dict[str, Any], words: dict[str, Word]) -> dict[str, Any]:
    key = f"{'ruling' if step['kind'] == 'ruling' else 'reason'}.{step['reason']}"
    said, number = words.get(key, step["reason"]), step["ruling"] or step["value"]
    text = said if isinstance(said, str) else said[0 if number == 1 else 1]
    value = {"n": number, "point": step["point"], "time": times.race_time((step["value"] or 0) * 1000)}
    moved = str(words["why.moved"]).format(**step["detail"]) if "was" in step["detail"] else ""
    at = datetime.fromisoformat(step["at"]).strftime("%H:%M:%S.%f")[:-3] if step["at"] else ""
    return {"kind": step["kind"], "text": text.format(**value), "at": at, "article": step["article"], "moved": moved}


@require_POST
@staff_page("officials", *OFFICIALS, Role.Name.OFFICE, race_day=True)
def step(request: HttpRequest, edition: Edition, number: int) -> HttpResponse:
    """A verdict or a withdrawal (commissaires), or the deposit (also office and organiser). A second click is harmless."""
    do, by, reason = request.POST.get("do", ""), actor(request), request.POST.get("reason", "")
    if do not in protest_book.DEPOSIT and not desk(request).may(*RULES):
        raise PermissionDenied
    protest = get_object_or_404(Protest.objects.select_related("edition", "race"), edition=edition, number=number)
    if do in protest_book.DEPOSIT:
        protests.deposit(protest, do, by=by)
        return done(request, edition, _("The deposit of P%(n)s is on record.") % {"n": number})
    if do == "withdrawn":
        protests.withdraw(protest, by=by, reason=reason)
        return done(request, edition, _("P%(n)s is withdrawn.") % {"n": number})
    named = request.POST.get("ruling", "")
    ruling = (
        Ruling.objects.filter(race=protest.race, number=int(named)).first()
        if named.isdecimal() and len(named) < 9
        else None
    )
    protests.decide(protest, do, reason=reason, by=by, ruling=ruling)
    return done(request, edition, _("P%(n)s is decided. The board follows.") % {"n": number})


@require_safe
@staff_page("office", *OFFICE)
def ledger(request: HttpRequest, edition: Edition) -> HttpResponse:
    """`/office/ledger/protests/`: the deposits of protests, for those who keep the money."""
    cases = sorted(protest_book.of(edition), key=lambda one: one.protest.number)
    taken = sum(one.taken.amount_fen or 0 for one in cases if one.taken)
    back = sum(one.deposit.amount_fen or 0 for one in cases if one.deposit and one.deposit.kind == "returned")
    kept = sum(one.deposit.amount_fen or 0 for one in cases if one.deposit and one.deposit.kind == "kept")
    context = {
        "edition": edition,
        "rows": [row(one, {}) for one in cases],
        "taken": taken,
        "back": back,
        "kept": kept,
        "held": taken - back - kept,
    }
    return render(request, "results/officials/deposits.html", context)
