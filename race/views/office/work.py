"""One kind of work as a list, with the next thing to do beside each."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST, require_safe

from race import log, papers, payments, places, to_do
from race.entry_rules import EntryRules
from race.models import Category, Document, Edition, Entry, Refund
from race.refused import Refused
from race.staff_pages import actor, desk, done, office_page
from race.views.office import wording
from race.views.office.home import LISTS, work_url

MOST = 100


@require_safe
@office_page()
def page(request: HttpRequest, edition: Edition, kind: str) -> HttpResponse:
    """`/office/to-do/<kind>/`."""
    if kind in LISTS or kind in (to_do.DUPLICATES, to_do.MESSAGES):
        return redirect(work_url(kind, desk(request).slug))
    if kind not in SHOWN:
        raise Http404
    rows, count = SHOWN[kind](edition)
    word, about = wording.WORK[kind]
    context = {"edition": edition, "kind": kind, "word": word, "about": about, "rows": rows, "count": count}
    return render(request, "race/office/work.html", context)


@require_GET
@office_page()
def paper(request: HttpRequest, edition: Edition, pk: int) -> HttpResponse:
    """A paper as it was sent, for the office alone. It is shown, never run: a sandbox keeps it from doing anything."""
    document = get_object_or_404(Document, edition=edition, pk=pk)
    log.note(edition, "paper_opened", by=actor(request), rider=document.rider, kind=document.kind)
    answer = HttpResponse(papers.content(document), content_type=document.content_type)
    answer["Content-Disposition"] = "inline"
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox; frame-ancestors 'self'"
    return answer


@require_POST
@office_page()
def review(request: HttpRequest, edition: Edition, pk: int) -> HttpResponse:
    """Accept a paper, or refuse it with a reason."""
    document = get_object_or_404(Document.objects.defer("sealed"), edition=edition, pk=pk)
    accepted = request.POST.get("verdict") == "accept"
    papers.review(document, accepted, request.POST.get("reason", ""), actor(request), seen=request.POST.get("seen", ""))
    word = (
        _("%(paper)s of %(who)s accepted.") if accepted else _("%(paper)s of %(who)s refused; the rider is told why.")
    )
    return done(request, edition, word % {"paper": papers.label(document.kind), "who": document.rider})


@require_POST
@office_page()
def refund(request: HttpRequest, edition: Edition, pk: int) -> HttpResponse:
    """A refund that was handed back by the office is done; a failed one is tried again."""
    found = get_object_or_404(Refund, payment__registration__edition=edition, pk=pk)
    if request.POST.get("what") == "done":
        payments.refund_done(found, ref=request.POST.get("ref", "").strip()[:64], by=actor(request))
        return done(request, edition, _("The refund is noted as done."))
    again = Refund.objects.filter(pk=found.pk, state=Refund.State.FAILED)
    if again.update(state=Refund.State.REQUESTED, tries=0, not_before=timezone.now()):
        log.note(edition, "refund_again", by=actor(request), number=found.number)
    return done(request, edition, _("The refund is tried again within a minute."))


@require_POST
@office_page()
def offer(request: HttpRequest, edition: Edition, pk: int) -> HttpResponse:
    """Offer what is free in a category to those who wait."""
    category = get_object_or_404(Category, race__edition=edition, pk=pk)
    offered = places.offer(category, by=actor(request))
    if not offered:
        raise Refused(
            "none_fit", _("Nobody in the line may have a free place: the places for their regions are taken.")
        )
    word = ngettext("%(n)d place offered.", "%(n)d places offered.", len(offered))
    return done(request, edition, word % {"n": len(offered)})


def _papers(edition: Edition) -> tuple[list[dict[str, Any]], int]:
    found = to_do.to_review(edition)
    documents = list(found[:MOST])
    entries = Entry.objects.filter(
        edition=edition, state__in=Entry.ALIVE, rider__in=[document.rider_id for document in documents]
    ).select_related("category", "team")
    of = {entry.rider_id: entry for entry in entries.order_by("-day")}
    rows = [
        {"paper": one, "word": papers.label(one.kind), "entry": of[one.rider_id], "kb": max(one.size // 1024, 1)}
        for one in documents
        if one.rider_id in of
    ]
    return rows, found.count()


def _refunds(edition: Edition) -> tuple[list[dict[str, Any]], int]:
    found = to_do.refunds(edition)
    rows = [{"refund": one, "failed": one.state == Refund.State.FAILED} for one in found[:MOST]]
    return rows, found.count()


def _money(edition: Edition) -> tuple[list[dict[str, Any]], int]:
    words = {
        "mismatch": _("Another sum than was asked for"), "too_late": _("Came after the place was gone"),
        "paid_twice": _("Came twice"), "withdrawn_before": _("Came after the rider withdrew"),
    }  # fmt: skip
    found = to_do.loose_money(edition).prefetch_related("payment__refunds", "registration__entries__rider")
    rows = []
    for line in found[:MOST]:
        refunds = list(line.payment.refunds.all()) if line.payment else []
        entries = list(line.registration.entries.all()) if line.registration else []
        rows.append(
            {
                "line": line,
                "why": words.get(line.note, line.note),
                "refund": refunds[-1] if refunds else None,
                "entry": entries[0] if entries else None,
            }
        )
    return rows, found.count()


def _places(edition: Edition) -> tuple[list[dict[str, Any]], int]:
    found = [one for one in to_do.categories(edition) if to_do.has_free_places_and_a_line(one)]
    return [{"category": one, "free": one.capacity - one.taken} for one in found], len(found)


def _small(edition: Edition) -> tuple[list[dict[str, Any]], int]:
    least = EntryRules.of(edition.entry_rules).merge_below
    found = to_do.small(edition, to_do.categories(edition))
    return [{"category": one, "least": least} for one in found], len(found)


SHOWN = {"review": _papers, "refunds": _refunds, "money": _money, "places": _places, "small": _small}
