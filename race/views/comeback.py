"""`/my/` without a link: an address or a number, a code of six digits, and the links to one's own registrations."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from race import comeback, links
from race.models import Entry, Registration
from race.refused import Refused
from race.views import entering
from race.views.my import sheltered

OPEN_S = 1800
"""How long the list stays open in this browser after a code."""


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponseBase:
    """Three steps on one address; what was typed stands in no address and no log."""
    if request.method == "POST" and "close" in request.POST:
        request.session.pop("comeback", None)
        return sheltered(redirect("my"))
    if request.method == "POST":
        return sheltered(_step(request))
    digest = _open(request)
    return sheltered(_list(request, digest) if digest else _form(request))


def _step(request: HttpRequest) -> HttpResponse:
    """Send the code, or look at it. The answer to an address is the same whether we know it or not."""
    contact = request.POST.get("contact", "").strip()[:254]
    code = request.POST.get("code")
    try:
        if code is None:
            edition = entering.found(None)
            # The same address as for forms: behind a proxy, the one that it tells.
            asker = BaseThrottle().get_ident(cast(Request, request))
            comeback.ask(edition, contact, get_language() or "zh-hans", asker=asker)
            return _form(request, contact=contact, sent=True)
        digest = comeback.enter(contact, code)
    except Refused as refused:
        status = 429 if refused.code == "too_often" else 422
        return _form(request, contact=contact, sent=code is not None, problem=refused.message, status=status)
    request.session["comeback"] = {"digest": digest, "until": timezone.now().timestamp() + OPEN_S}
    return redirect("my")


def _open(request: HttpRequest) -> str:
    """The keyed hash of the address this browser has shown a code for lately; empty for none."""
    kept = request.session.get("comeback") or {}
    return str(kept.get("digest", "")) if kept.get("until", 0) > timezone.now().timestamp() else ""


def _form(
    request: HttpRequest, *, contact: str = "", sent: bool = False, problem: str = "", status: int = 200
) -> HttpResponse:
    context = {"contact": contact, "sent": sent, "problem": problem, "minutes": comeback.GOOD_FOR.seconds // 60}
    return render(request, "race/comeback.html", context, status=status)


def _list(request: HttpRequest, digest: str) -> HttpResponse:
    """Each registration by who rides what, so that two of one edition can be told apart; two queries at any number."""
    found = comeback.links_of(digest)
    entries = Entry.objects.filter(registration__in=[link.registration_id for link in found])
    by: dict[int | None, list[Entry]] = {}
    for entry in entries.select_related("rider", "category").order_by("day", "pk"):
        by.setdefault(entry.registration_id, []).append(entry)
    rows = []
    for link in found:
        mine = [one for one in by.get(link.registration_id, []) if link.rider_id in (None, one.rider_id)]
        alone = link.registration.kind == Registration.Kind.RIDER or link.rider_id
        rows.append(
            {"path": links.path(link), "edition": link.registration.edition, "team": link.registration.team,
             "at": link.registration.created_at, "entries": mine if alone else []}
        )  # fmt: skip
    return render(request, "race/comeback_list.html", {"rows": rows})
