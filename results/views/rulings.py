"""Rulings at the officials' desk: the list, a new one with its preview, one of them, and taking it back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Max, Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from race import names
from race.models import Category, Edition, Entry, Race
from race.refused import Refused
from race.staff_links import staff_path
from race.staff_pages import actor, desk
from results import articles, drafts, evidence, preview, result_rules, ruling_evidence, rulings, to_do
from results.models import Draft, Evidence, Ruling
from results.staff import RULES, officials_page
from results.views import preview_rows, ruling_form, ruling_rows
from results.views.officials_words import kind_word

MOST_FOUND = 8


@require_safe
@officials_page()
def page(request: HttpRequest, edition: Edition) -> HttpResponse:
    """`/officials/rulings/`: all of an edition or of one race (`?race=`), the newest first."""
    races = list(Race.objects.filter(edition=edition, published_at__isnull=False).order_by("day", "order", "slug"))
    chosen = next((one for one in races if one.slug == request.GET.get("race")), None)
    made = _made(edition)
    context = {
        "edition": edition, "races": races, "chosen": chosen, "may": desk(request).may(*RULES),
        "rows": ruling_rows.rows(made.filter(race=chosen) if chosen else made), "drafts": _drafts(request, races),
    }  # fmt: skip
    return render(request, "results/officials/rulings.html", context)


def _made(edition: Edition) -> Any:
    return Ruling.objects.filter(edition=edition).select_related(
        "edition", "entry__rider", "by", "link", "race"
    ).order_by("-number")  # fmt: skip


def _drafts(request: HttpRequest, races: list[Race]) -> list[Race]:
    """The races in which this official has begun a ruling. One query."""
    held = set(Draft.objects.filter(by=actor(request), race__in=races).values_list("race", flat=True))
    return [race for race in races if race.pk in held]


def race_of(edition: Edition, slug: str) -> Race:
    """A race of the edition whose start list is out."""
    races = Race.objects.select_related("edition", "course").filter(edition=edition, published_at__isnull=False)
    return get_object_or_404(races, slug=slug)


@require_http_methods(["GET", "HEAD", "POST"])
@officials_page(*RULES)
def new(request: HttpRequest, edition: Edition, race: str) -> HttpResponse:
    """`/officials/rulings/<race>/new/`: the page; POST signs, or shows the preview where no script does."""
    here = race_of(edition, race)
    if request.method != "POST":
        return render(request, "results/officials/ruling.html", _page(request, here, _begun(request, here)))
    given = request.POST.dict()
    if given.get("do") == "preview":
        return render(request, "results/officials/ruling.html", _page(request, here, given) | _preview(here, given))
    part = "X-Part" in request.headers
    try:
        number = _sign(request, here, given)
    except Refused as refused:
        found = {"refused": refused, "newer": _newer(here, given)}
        if part:
            return render(request, "results/officials/ruling_refused.html", found, status=409)
        context = _page(request, here, given) | _preview(here, given) | found
        return render(request, "results/officials/ruling.html", context, status=409)
    messages.success(request, _("Ruling %(n)s is signed. The board follows.") % {"n": number})
    to = staff_path("officials_rulings", desk(request).slug)
    return JsonResponse({"next": to}) if part else HttpResponseRedirect(to)


def _sign(request: HttpRequest, race: Race, given: dict[str, str]) -> int:
    """Sign what was written; the number of the ruling. A second click finds the first one's."""
    asked = ruling_form.read(race, given)
    files = [(file.name or "", file.read()) for file in request.FILES.getlist("evidence")]
    by = actor(request)
    try:
        made = rulings.issue(
            race, asked.kind, bib=asked.bib, detail=asked.detail, reason=asked.reason, by=by, article=asked.article,
            seen=asked.seen, shown=ruling_evidence.read(files),
        )  # fmt: skip
    except Refused as refused:
        if refused.code != "already_ruled":
            raise
        same = Ruling.objects.filter(race=race, kind=asked.kind, entry__bib=asked.bib, by=by).order_by("-number")
        made = same[0]
    drafts.drop(race, by)
    return made.number


def _begun(request: HttpRequest, race: Race) -> dict[str, str]:
    """What the page begins with: a draft, else what the address names."""
    named = {key: request.GET[key] for key in ruling_form.FIELDS if key in request.GET}
    held = drafts.of(race, actor(request))
    if held is not None and not named:
        return dict(held.content)
    return {"seen": str(race.revision)} | named


def _page(request: HttpRequest, race: Race, given: dict[str, str]) -> dict[str, Any]:
    """Everything around the preview."""
    held, judged = drafts.of(race, actor(request)), to_do.judged(race)
    newest = Ruling.objects.filter(edition=race.edition).aggregate(Max("number"))["number__max"] or 0
    return {
        "edition": race.edition, "race": race, "given": given, "posted": judged.posted, "revision": judged.revision,
        "picked": next(iter(_found(race, given.get("bib", ""), exact=True)), None),
        "articles": [one for one in articles.articles().values() if one.code in ruling_form.allowed()],
        "allowed": ruling_form.allowed(),
        "kinds": [(kind, kind_word(kind), rulings.KINDS[kind][0]) for kind in ruling_form.KINDS],
        "labels": ruling_form.LABELS(), "number": newest + 1, "minutes": result_rules.of(race.edition).protest_minutes,
        "draft": held, "draft_touched": drafts.touched(held), "marks": _marks(race),
        "most_files": evidence.MOST,
    }  # fmt: skip


def _marks(race: Race) -> list[str]:
    """The shapes of the race's categories."""
    return [mark for mark in Category.objects.filter(race=race).order_by("code").values_list("mark", flat=True) if mark]


@require_POST
@officials_page(*RULES)
def look(request: HttpRequest, edition: Edition, race: str) -> HttpResponse:
    """The preview alone, for what is on the page so far."""
    here = race_of(edition, race)
    given = request.POST.dict()
    return render(request, "results/officials/preview.html", {"race": here} | _preview(here, given))


def _preview(race: Race, given: dict[str, str]) -> dict[str, Any]:
    """What would change; why it cannot be told yet; a colleague's ruling that came since the page was opened."""
    said: dict[str, Any] = {"newer": _newer(race, given), "earlier": _earlier(race, given)}
    if not given.get("kind"):
        return said | {"waiting": True}
    try:
        asked = ruling_form.read(race, given)
        found = preview.of_ruling(race, asked.kind, bib=asked.bib, detail=asked.detail, article=asked.article)
    except Refused as refused:
        return said | {"waiting": True, "problem": refused.message}
    return said | {"found": preview_rows.of(race, found, asked.bib), "revision": found.revision, "kind": asked.kind}


def _newer(race: Race, given: dict[str, str]) -> dict[str, Any] | None:
    """A ruling that the official has not seen: on the same rider or on the race, since the page was opened."""
    seen, bib = given.get("seen", ""), given.get("bib", "")
    if not (seen.isdecimal() and len(seen) < 19):
        return None
    entry = Entry.objects.filter(race=race, bib=int(bib)).first() if bib.isdecimal() and len(bib) < 10 else None
    found = rulings.newer(race, entry, int(seen)) if entry is not None else None
    if found is None:
        return None
    return ruling_rows.rows(_made(race.edition).filter(pk=found.pk))[0]


def _earlier(race: Race, given: dict[str, str]) -> list[dict[str, Any]]:
    """What was ruled on the rider before."""
    bib = given.get("bib", "")
    if not (bib.isdecimal() and len(bib) < 10):
        return []
    return ruling_rows.rows(_made(race.edition).filter(race=race, entry__bib=int(bib)))


@require_safe
@officials_page(*RULES)
def riders(request: HttpRequest, edition: Edition, race: str) -> HttpResponse:
    """Riders of a race by number or name, for the box of the page."""
    found = _found(race_of(edition, race), request.GET.get("q", ""))
    return render(request, "results/officials/riders.html", {"riders": found})


def _found(race: Race, text: str, *, exact: bool = False) -> list[dict[str, Any]]:
    text = text.strip()[:40]
    if not text:
        return []
    named = Q(rider__name_zh__contains=text)
    if folded := names.query_key(text):
        named |= Q(rider__search_key__contains=folded)
    if text.isascii() and text.isdigit() and len(text) < 10:
        named = Q(bib=int(text)) if exact else Q(bib=int(text)) | Q(bib__startswith=text)
    elif exact:
        return []
    entries = Entry.objects.filter(named, race=race, state=Entry.State.CONFIRMED, bib__isnull=False)
    shown = entries.select_related("rider", "team", "category").order_by("bib")[:MOST_FOUND]
    return [
        {
            "bib": one.bib, "mark": one.category.mark, "name": ruling_rows.name(one.rider),
            "team": one.team.name if one.team else "",
        }
        for one in shown
    ]  # fmt: skip


@require_POST
@officials_page(*RULES)
def draft(request: HttpRequest, edition: Edition, race: str) -> HttpResponse:
    """Keep what is on the page, or throw it away (`do=drop`). 409 where another tab has written meanwhile."""
    here, given = race_of(edition, race), request.POST.dict()
    if given.get("do") == "drop":
        drafts.drop(here, actor(request))
        if "X-Part" not in request.headers:
            return HttpResponseRedirect(staff_path("officials_ruling_new", desk(request).slug, race=here.slug))
        return JsonResponse({"touched": ""})
    content = {key: given[key] for key in ruling_form.FIELDS if given.get(key)}
    try:
        made = drafts.save(here, actor(request), content, base=given.get("touched", ""))
    except Refused as refused:
        return JsonResponse({"code": refused.code, "detail": refused.message}, status=409)
    return JsonResponse({"touched": drafts.touched(made)})


@require_safe
@officials_page()
def one(request: HttpRequest, edition: Edition, number: int) -> HttpResponse:
    """`/officials/rulings/<number>/`: the ruling with its evidence, and what would change if it were taken back."""
    made = get_object_or_404(_made(edition), number=number)
    revoked = Ruling.objects.filter(revokes=made).first()
    found = None if revoked else preview.of_revocation(made)
    context = {
        "edition": edition, "race": made.race, "row": ruling_rows.rows([made])[0], "revoked": revoked,
        "may": desk(request).may(*RULES), "shown": Evidence.objects.filter(ruling=made).defer("body"),
        "found": preview_rows.of(made.race, found, made.entry.bib if made.entry else None) if found else None,
        "revision": found.revision if found else None,
    }  # fmt: skip
    return render(request, "results/officials/ruling_one.html", context)


@require_POST
@officials_page(*RULES)
def revoke(request: HttpRequest, edition: Edition, number: int) -> HttpResponse:
    """Take a ruling back, with a reason."""
    earlier = get_object_or_404(
        Ruling.objects.select_related("edition", "race", "entry"), edition=edition, number=number
    )
    seen = ruling_form.number(request.POST.get("seen", ""), "seen")
    made = rulings.revoke(earlier, reason=request.POST.get("reason", ""), by=actor(request), seen=seen)
    messages.success(request, _("Ruling %(n)s takes it back. The board follows.") % {"n": made.number})
    return HttpResponseRedirect(staff_path("officials_rulings", desk(request).slug))


@require_safe
@officials_page()
def shown(request: HttpRequest, edition: Edition, pk: int) -> HttpResponse:
    """A file that was shown as evidence, as it came. For officials only."""
    file = get_object_or_404(Evidence, edition=edition, pk=pk)
    answer = HttpResponse(bytes(file.body), content_type=file.media_type)
    answer.headers["Content-Disposition"] = "inline"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox; frame-ancestors 'self'"
    return answer
