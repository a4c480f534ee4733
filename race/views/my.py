"""The rider's own page behind the private link: state, payment, pass, papers, changes. Nobody indexes or keeps it.

The payer's link shows every entry of the registration, a rider's link that rider's part alone. A team's payer sees the grid.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from race import details, links, papers, payments, registration
from race.models import Document, Entry, PrivateLink, Registration, Rider
from race.refused import Refused
from race.views import my_parts
from race.views.numbers import whole

Rest = ParamSpec("Rest")


def private(
    view: Callable[Concatenate[HttpRequest, PrivateLink, Rest], HttpResponseBase],
) -> Callable[..., HttpResponseBase]:
    """A view of the holder of a link; 404 for any other text. What it answers is kept by nobody and leads nobody here."""

    @wraps(view)
    def guarded(request: HttpRequest, secret: str, *args: Rest.args, **kwargs: Rest.kwargs) -> HttpResponseBase:
        link = links.find(secret)
        if link is None:
            raise Http404
        request.private_secret = secret  # type: ignore[attr-defined]
        try:
            answer = view(request, link, *args, **kwargs)
        except Refused as refused:
            answer = _home_page(request, link, problem=refused.message, status=409)
        return sheltered(answer)

    return guarded


def sheltered(answer: HttpResponseBase) -> HttpResponseBase:
    """An answer that no cache keeps, no search engine lists and no other site hears of.

    Not `no-referrer`: a browser then sends `Origin: null` with the page's own forms, which no check against forgery can pass.
    """
    answer["Cache-Control"] = "no-store"
    answer["Referrer-Policy"] = "same-origin"
    answer["X-Robots-Tag"] = "noindex"
    return answer


@require_safe
@private
def page(request: HttpRequest, link: PrivateLink) -> HttpResponseBase:
    """`/my/<secret>/`. At most fourteen queries at any number of riders and entries."""
    return _home_page(request, link)


@require_POST
@private
def pay(request: HttpRequest, link: PrivateLink) -> HttpResponseBase:
    """Start paying by the way that was chosen; on to the provider, or back with what to do."""
    _payer_only(link)
    payment = payments.start(link.registration, request.POST.get("way", ""))
    back = request.build_absolute_uri(links.path(link))
    checkout = payments.checkout(payment, back)
    return redirect(checkout.url) if checkout.url else _home(link, "pay")


@require_http_methods(["GET", "HEAD", "POST"])
@private
def leave(request: HttpRequest, link: PrivateLink, entry: int) -> HttpResponseBase:
    """Give up a place or a number in line: first what comes back, then the deed."""
    mine = _entry(link, entry)
    if request.method == "POST":
        registration.withdraw(mine, by=None, reason="by the rider")
        return _home(link)
    registration.refuse_late(mine, by=None)
    context = {
        "edition": link.registration.edition, "entry": mine, "secret": _secret(request),
        "paid": mine.paid_fen, "back": payments.refund_preview(mine) if mine.paid_fen else 0,
    }  # fmt: skip
    return render(request, "race/my_leave.html", context)


@require_POST
@private
def accept(request: HttpRequest, link: PrivateLink, entry: int) -> HttpResponseBase:
    """Take a place that was offered from the waiting list."""
    registration.accept_offer(_entry(link, entry))
    return _home(link)


@require_POST
@private
def sign(request: HttpRequest, link: PrivateLink, rider: int) -> HttpResponseBase:
    """Sign the newest regulations and waiver; what a guardian has to sign counts as the guardian's."""
    who = _rider(link, rider)
    details.accept(
        link, who, signer=request.POST.get("signer", ""), language=get_language() or "zh-hans",
        version=whole(request.POST.get("version")) or 0,
        guardian=my_parts.minor(who, link.registration.edition),
    )  # fmt: skip
    return _home(link)


@require_POST
@private
def change(request: HttpRequest, link: PrivateLink, rider: int) -> HttpResponseBase:
    """Change how to be reached, whom to call, and the team. What is refused stands in its fields as it was typed."""
    values = {name: request.POST[name] for name in details.OWN if name in request.POST}
    who, team = _rider(link, rider), request.POST.get("team")
    try:
        details.change(link, who, values, team=team)
    except Refused as refused:
        typed = my_parts.Typed(who.pk, values, team)
        return _shown(request, link, problem=refused.message, typed=typed, status=409)
    return redirect(f"{links.path(link)}?saved=1#details")


@require_POST
@private
def send(request: HttpRequest, link: PrivateLink, rider: int, kind: str) -> HttpResponseBase:
    """Send one paper, again or for the first time."""
    sent = request.FILES.get("paper")
    if not isinstance(sent, UploadedFile):
        raise Refused("paper_size", _("Choose a file first."))
    content = sent.read(papers.LIMIT + 1)
    papers.send(_rider(link, rider), link.registration.edition, kind, sent.name or "", content, by_link=link)
    return _home(link, "papers")


@require_safe
@private
def paper(request: HttpRequest, link: PrivateLink, document: int) -> HttpResponseBase:
    """A paper back to its owner, as a file and never as a page."""
    edition = link.registration.edition
    mine = Document.objects.filter(pk=document, edition=edition, rider__in=my_parts.riders(link)).first()
    if mine is None:
        raise Http404
    answer = HttpResponse(papers.content(mine), content_type=mine.content_type)
    answer["Content-Disposition"] = content_disposition_header(True, mine.file_name) or "attachment"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def _home_page(request: HttpRequest, link: PrivateLink, *, problem: str = "", status: int = 200) -> HttpResponse:
    """The page of the link; a team's manager sees the grid, which tells nothing private of the riders."""
    if link.registration.kind == Registration.Kind.TEAM and link.rider is None:
        from race.views import team  # which is built upon this module

        return team.grid(request, link, problem=problem, status=status)
    return _shown(request, link, problem=problem, status=status)


def _shown(
    request: HttpRequest,
    link: PrivateLink,
    *,
    problem: str = "",
    typed: my_parts.Typed | None = None,
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = my_parts.context(link) | {"secret": _secret(request), "problem": problem}
    if typed is not None:
        my_parts.keep(context["people"], typed)
    context["saved"] = request.method == "GET" and "saved" in request.GET
    return render(request, "race/my.html", context, status=status)


def _home(link: PrivateLink, part: str = "") -> HttpResponse:
    return redirect(links.path(link) + (f"#{part}" if part else ""))


def _secret(request: HttpRequest) -> str:
    return str(request.private_secret)  # type: ignore[attr-defined]


def _payer_only(link: PrivateLink) -> None:
    if link.rider is not None:
        raise Refused("not_the_payer", _("The team pays for this entry."))


def _entry(link: PrivateLink, pk: int) -> Entry:
    """An entry of this link; what a team entered, the rider alone may not give up or take."""
    entry = my_parts.entries(link).filter(pk=pk).first()
    if entry is None:
        raise Http404
    _payer_only(link)
    return entry


def _rider(link: PrivateLink, pk: int) -> Rider:
    """A rider of this link."""
    rider = Rider.objects.filter(pk=pk, pk__in=my_parts.riders(link)).first()
    if rider is None:
        raise Http404
    return rider
