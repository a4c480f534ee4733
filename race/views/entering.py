"""Entering: one page that asks who, which races, and for a signature; judged while it is filled in, sent once.

What is judged is never stored, and no document number stands in an address or a log. The page works without scripts: what
cannot be is told at its field, and nothing that was typed is lost.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from race import dates, details, links, nations, papers, regions, registration, regulations
from race.entry_rules import EntryRules
from race.models import Category, Edition, Entry, Registration, Team
from race.refused import Refused
from race.views import entry_cards, entry_form
from race.views.entry_cards import Asked
from race.views.entry_form import Filled

REMEMBERED = 12
"""Registrations that a browser is told of again."""


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, slug: str | None = None) -> HttpResponse:
    """`/enter/`: the form of the edition that can be entered, or of the one named. At most twelve queries at any size."""
    edition = found(slug)
    listed = entry_cards.categories(edition)
    if not listed:
        raise Http404(_("No edition yet"))
    closed = _closed(edition)
    filled = entry_form.read(request.POST if request.method == "POST" else None)
    if request.method == "POST" and not closed:
        answer = _sent(request, edition, filled, listed)
        if answer is not None:
            return answer
    filled.texts["key"] = filled["key"] or str(uuid.uuid4())
    context = {**_context(request, edition, filled, listed, closed), "closed": closed}
    return render(
        request, "race/enter.html", context, status=422 if filled.errors else 409 if closed and request.POST else 200
    )


@never_cache
@require_POST
def judge(request: HttpRequest, slug: str | None = None) -> JsonResponse:
    """What the page shows while somebody types: the sense of the number, and every card anew. Nothing is stored."""
    edition = found(slug)
    filled = entry_form.read(request.POST)
    listed = entry_cards.categories(edition)
    rules = EntryRules.of(edition.entry_rules)
    days = entry_cards.days(edition, listed, _asked(request, filled, _closed(edition)))
    asked = entry_form.documents(filled, edition, rules)
    shown = {"days": days, "now": timezone.now(), "edition": edition, "closed": _closed(edition), "filled": filled}
    return JsonResponse(
        {
            "about": entry_form.told(filled, edition),
            "minor": entry_form.minor(filled, edition, rules),
            "insurance": entry_form.insurance_asked(asked),
            "papers": [terms.kind for terms in asked],
            "chosen": len(_chosen(days)),
            "races": render_to_string("race/enter_races.html", shown, request),
            "total": render_to_string("race/enter_total.html", _total(days), request),
        }
    )


def found(slug: str | None) -> Edition:
    """The edition of this slug; without one the edition whose entry window is open, else the next to open, else the newest."""
    editions = Edition.objects.select_related("event")
    if slug is not None:
        return get_object_or_404(editions, slug=slug)
    now = timezone.now()
    known = list(editions.exclude(entry_opens_at=None).order_by("starts_on", "pk"))
    for edition in known:
        assert edition.entry_opens_at is not None
        if edition.entry_opens_at <= now and (edition.entry_closes_at is None or now < edition.entry_closes_at):
            return edition
    ahead = [edition for edition in known if edition.entry_opens_at and edition.entry_opens_at > now]
    if ahead:
        return min(ahead, key=lambda edition: edition.entry_opens_at or now)
    newest = known[-1] if known else editions.order_by("-starts_on").first()
    if newest is None:
        raise Http404(_("No edition yet"))
    return newest


def _closed(edition: Edition) -> str:
    """Why nobody can enter now, empty where one can."""
    try:
        registration.refuse_closed(edition, by=None)
    except Refused as refused:
        return refused.message
    return ""


def _sent(request: HttpRequest, edition: Edition, filled: Filled, listed: list[Category]) -> HttpResponse | None:
    """The way to the rider's own page once the entry is written; None where something is wrong, told in `filled.errors`."""
    rules = EntryRules.of(edition.entry_rules)
    entry_form.check(filled, edition, rules)
    asked = entry_form.documents(filled, edition, rules)
    files = _files(request, filled, [terms.kind for terms in asked])
    if filled.errors:
        return None
    is_minor = entry_form.minor(filled, edition, rules)
    chosen = [category for category in listed if category.pk in filled.chosen]
    try:
        made = registration.register(
            edition, entry_form.person(filled, asked, is_minor=is_minor), chosen,
            contact=entry_form.contact(filled), signature=entry_form.signature(filled, is_minor=is_minor),
            key=filled["key"], language=get_language() or "zh-hans", team=details.club(edition, filled["team"]),
        )  # fmt: skip
        link = links.make(made)
        rider = made.entries.select_related("rider").order_by("pk")[0].rider
        for kind, (name, content) in files.items():
            papers.send(rider, edition, kind, name, content, by_link=link)
    except Refused as refused:
        entry_form.blame(filled, refused)
        return None
    known = [pk for pk in request.session.get("entered", []) if pk != made.pk]
    request.session["entered"] = [*known, made.pk][-REMEMBERED:]
    if "application/json" in request.headers.get("Accept", ""):
        return JsonResponse({"to": links.path(link)})
    return redirect(links.path(link))


def _files(request: HttpRequest, filled: Filled, kinds: list[str]) -> dict[str, tuple[str, bytes]]:
    """The papers that came with the form, each looked at; what is wrong with one stands at its field."""
    files: dict[str, tuple[str, bytes]] = {}
    for kind in kinds:
        sent = request.FILES.get(f"paper_{kind}")
        if not isinstance(sent, UploadedFile):
            continue
        content = sent.read(papers.LIMIT + 1)
        try:
            papers.content_type(content)
        except Refused as refused:
            filled.errors[f"paper_{kind}"] = refused.message
        files[kind] = (sent.name or "", content)
    return files


def _asked(request: HttpRequest, filled: Filled, closed: str) -> Asked:
    mine: dict[int, tuple[str, ...]] = {}
    for entry in _mine(request):
        mine[entry.category_id] = (*mine.get(entry.category_id, ()), f"{entry.rider} · {state_word(entry.state)}")
    return entry_cards.asked(filled, closed=closed, mine=mine)


def _mine(request: HttpRequest) -> list[Entry]:
    """The living entries that this browser sent before; no query where it sent none."""
    known = request.session.get("entered", [])
    if not known:
        return []
    return list(
        Entry.objects.filter(registration__in=known, state__in=Entry.ALIVE).select_related("rider").order_by("pk")
    )


def state_word(state: str) -> str:
    """Where an entry stands, in a word or two."""
    return {
        Entry.State.HELD: _("held, not paid"), Entry.State.OFFERED: _("a place is offered"),
        Entry.State.CONFIRMED: _("confirmed"), Entry.State.WAITING: _("on the waiting list"),
        Entry.State.WITHDRAWN: _("withdrawn"), Entry.State.EXPIRED: _("released"),
    }[Entry.State(state)]  # fmt: skip


def _chosen(days: list[entry_cards.Day]) -> list[entry_cards.Card]:
    return [card for day in days for card in day.cards if card.chosen]


def _total(days: list[entry_cards.Day]) -> dict[str, Any]:
    chosen = _chosen(days)
    waits = sum(1 for card in chosen if not card.category.left)
    return {"count": len(chosen), "waits": waits, "total": entry_cards.total_fen(days)}


def _context(
    request: HttpRequest, edition: Edition, filled: Filled, listed: list[Category], closed: str
) -> dict[str, Any]:
    rules = EntryRules.of(edition.entry_rules)
    days = entry_cards.days(edition, listed, _asked(request, filled, closed))
    asked = {terms.kind: terms for terms in entry_form.documents(filled, edition, rules)}
    newest = regulations.current(edition)
    own = Registration.objects.filter(pk__in=request.session.get("entered", [])[-1:]).first()
    return {
        "edition": edition,
        "dates": dates.days(edition.starts_on, edition.ends_on),
        "filled": filled,
        "days": days,
        "now": timezone.now(),
        "kinds": _kind_words(),
        "nations": _nation_words(),
        "regions": _region_words(listed),
        "blood": [("", _("Not told")), *((one, one) for one in entry_form.BLOOD)],
        "teams": Team.objects.filter(edition=edition, entries__isnull=False).distinct().order_by("name_zh")[:600],
        "papers": [
            {"kind": terms.kind, "label": papers.label(terms.kind), "who": terms.who, "required": terms.required,
             "asked": terms.kind in asked, "error": filled.errors.get(f"paper_{terms.kind}", "")}
            for terms in rules.documents if terms.kind not in papers.NEVER
        ],
        "insurance": any(terms.kind == "insurance" for terms in rules.documents),
        "insurance_now": entry_form.insurance_asked(list(asked.values())),
        "insured_fen": rules.insurance_min_fen,
        "guardian_under": rules.guardian_under,
        "minor": entry_form.minor(filled, edition, rules),
        "about": entry_form.told(filled, edition),
        "hold_minutes": rules.hold_minutes,
        "version": newest.version,
        "waiver": edition.waiver_en or edition.waiver_zh if _english() else edition.waiver_zh or edition.waiver_en,
        "own_page": links.path(links.make(own)) if own else "",
        **_total(days),
    }  # fmt: skip


def _english() -> bool:
    return (get_language() or "").startswith("en")


def _kind_words() -> list[tuple[str, str]]:
    named = {
        "resident": _("Chinese resident ID card"), "passport": _("Passport"),
        "permit_hm": _("Mainland travel permit, Hong Kong and Macao"), "permit_tw": _("Mainland travel permit, Taiwan"),
        "residence_permit_hmt": _("Residence permit, Hong Kong, Macao, Taiwan"),
        "pr_card": _("Chinese permanent residence card"),
    }  # fmt: skip
    return [(kind, named[kind]) for kind in entry_form.KINDS]


def _nation_words() -> list[tuple[str, str]]:
    known = [
        (one.ioc, f"{one.en} {one.ioc}" if _english() else f"{one.zh} {one.ioc}") for one in nations.nations().values()
    ]
    # In English by name; in Chinese by code, which is what a reader can look for.
    return [("", "–"), *sorted(known, key=lambda row: row[1] if _english() else row[0])]


def _region_words(listed: list[Category]) -> list[tuple[str, str]]:
    found = regions.with_cities(quota for category in listed for quota in category.quotas)
    return [("", "–"), *((one.code, one.en if _english() else one.zh) for one in found.values())]
