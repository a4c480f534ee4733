"""`/verify/`: what stands behind the code on a paper, and whether a file is that paper, byte for byte."""

from __future__ import annotations

import logging
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from race.models import Edition
from race.season import standings
from race.staff_pages import desk
from race.typesetting import Unprintable
from results import chain_check, paper, printing
from results.models import Communique
from results.staff import officials_page
from results.views import certificates

logger = logging.getLogger(__name__)

KIND_WORDS = {"json": "JSON", "pdf": "PDF"}
LONGEST_CODE = 16


@require_safe
def page(request: HttpRequest, code: str = "") -> HttpResponse:
    """The form; with a code, what it stands for. An unknown code is said to be one, with the form (404)."""
    typed = (code or request.GET.get("code", "")).strip().upper()[:LONGEST_CODE]
    if typed and not code:
        return HttpResponseRedirect(
            reverse("verify_code", args=[typed]) if typed.replace("-", "").isalnum() else "/verify/"
        )
    return _told(request, typed)


def _told(request: HttpRequest, typed: str, *, unprinted: bool = False) -> HttpResponse:
    made = papers().filter(code=typed).first() if typed else None
    given = certificates.of_codes().filter(code=typed).first() if typed and made is None else None
    context: dict[str, Any] = {"code": typed, "made": made, "unknown": bool(typed) and made is None and given is None}
    if given is not None:
        context |= certificates.told(given)
    if made is not None:
        newer = made.superseded_by.order_by("number").first()
        context |= {"files": files(made), "newer": newer, "unprinted": unprinted}
    found = made if made is not None else given
    with timezone.override(ZoneInfo(found.edition.zone) if found is not None else None):
        status = 404 if context["unknown"] else 503 if unprinted else 200
        return render(request, "results/verify.html", context, status=status)


@require_safe
def file(request: HttpRequest, code: str, language: str) -> HttpResponse:
    """The paper as PDF, in Chinese or English; one that cannot be made is said to be missing, beside what there is (503)."""
    made = get_object_or_404(papers(), code=code.upper())
    if language not in paper.LANGUAGES:
        raise Http404
    try:
        printed = printing.file(made, language)
    except Unprintable:
        logger.exception("communiqué %s could not be made for somebody who asks", made.pk)
        return _told(request, made.code, unprinted=True)
    answer = HttpResponse(bytes(printed.body), content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="communique-{made.number}-{language}.pdf"'
    answer["ETag"] = f'"{printed.sha256}"'
    return answer


@require_safe
def listed(request: HttpRequest, slug: str = "") -> HttpResponse:
    """The communiqués of an edition, the newest first."""
    edition = get_object_or_404(Edition, slug=slug) if slug else next((one.edition for one in standings()), None)
    if edition is None:
        raise Http404(_("No edition yet"))
    rows = papers().filter(edition=edition).order_by("-number")
    context = {"edition": edition, "rows": rows, "languages": paper.LANGUAGES}
    with timezone.override(ZoneInfo(edition.zone)):
        return render(request, "results/communiques.html", context)


@require_safe
@officials_page()
def at_the_desk(request: HttpRequest, edition: Edition) -> HttpResponse:
    """The same for officials, with the state of the chain."""
    rows = papers().filter(edition=edition).order_by("-number")
    context = {"edition": edition, "rows": rows, "languages": paper.LANGUAGES, "faults": chain_check.faults(edition)}
    assert desk(request).edition == edition
    return render(request, "results/officials/communiques.html", context)


def papers() -> Any:
    """Communiqués with what a page says of them, without their content."""
    made = Communique.objects.select_related("edition", "race", "publication", "link", "supersedes")
    return made.defer("content", "publication__board").prefetch_related("printed", "superseded_by")


def files(made: Communique) -> list[dict[str, str]]:
    """The files of a paper: what each is called, its address and its hash."""
    found = [
        {
            "word": "PDF 中文" if one.language == "zh" else "PDF English",
            "url": reverse("verify_file", args=[made.code, one.language]),
            "sha256": one.sha256,
        }
        for one in made.printed.all()
    ]
    return [*found, {"word": "JSON", "url": reverse("communique-json", args=[made.code]), "sha256": made.sha256}]
