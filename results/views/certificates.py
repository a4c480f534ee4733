"""Certificates: a finisher's own from the row of the result, and all of them from the officials' desk."""

from __future__ import annotations

from typing import Any, cast

from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from race.models import Category, Edition, Race
from race.models.edition import in_language
from race.refused import Refused
from race.staff_pages import actor, done
from results import certificate_job, certificate_paper, certificates
from results.models import Certificate, CertificateFile
from results.staff import officials_page

LANGUAGES = {"zh": "中文", "en": "English"}


@require_safe
@never_cache
def how(request: HttpRequest, slug: str, bib: int) -> HttpResponse:
    """`/live/<race>/<bib>/certificate/`: the certificate of a row, or why there is none (yet)."""
    race = _race(slug)
    context: dict[str, Any] = {"race": race, "edition": race.edition, "bib": bib}
    try:
        made = certificates.issue(race, bib)
    except Refused as refused:
        if refused.code == "not_on_list":
            raise Http404 from refused
        return render(request, "results/certificate.html", context | {"why": refused.message})
    return render(request, "results/certificate.html", context | told(made))


@require_safe
def own(request: HttpRequest, slug: str, bib: int, language: str) -> HttpResponse:
    """The PDF of a row's certificate, straight away; to the page that says why where there is none."""
    if language not in LANGUAGES:
        raise Http404
    race = _race(slug)
    try:
        made = certificates.issue(race, bib)
    except Refused:
        return HttpResponseRedirect(reverse("certificate", args=[slug, bib]))
    return pdf(certificates.file(made, language))


@require_safe
def file(request: HttpRequest, code: str, language: str) -> HttpResponse:
    """`/verify/<code>/certificate-<language>.pdf`: the file of a certificate, byte for byte what its hash is of."""
    made = get_object_or_404(of_codes(), code=code.upper())
    if language not in LANGUAGES:
        raise Http404
    return pdf(certificates.file(made, language))


def pdf(kept: CertificateFile) -> HttpResponse:
    """The file as an answer."""
    answer = HttpResponse(bytes(kept.body), content_type=certificate_paper.PDF)
    answer["Content-Disposition"] = f'inline; filename="certificate-{kept.certificate.code}-{kept.language}.pdf"'
    answer["ETag"] = f'"{kept.sha256}"'
    return answer


def _race(slug: str) -> Race:
    races = Race.objects.select_related("edition", "course")
    return get_object_or_404(races, slug=slug, published_at__isnull=False)


def of_codes() -> Any:
    """Certificates with what a page and a PDF say of them."""
    made = Certificate.objects.select_related("edition", "race__edition", "race__course", "entry")
    return made.select_related("publication__communique", "publication__by").defer("publication__board")


def told(made: Certificate) -> dict[str, Any]:
    """What a page says of a certificate: its words, its files, and whether it still holds."""
    zh, found = not (get_language() or "").startswith("en"), certificates.now(made)
    language = "zh" if zh else "en"
    said = made.said
    return {
        "certificate": made,
        "name": in_language(said["name_zh"], said["latin"]),
        "category": in_language(said["category_zh"], said["category_en"]),
        "mark": Category.objects.filter(race=made.race, code=said["category"]).values_list("mark", flat=True).first()
        or "",
        "figures": certificate_paper.figures(said, language),
        "state": found.state,
        "newest": found.publication,
        "figures_now": certificate_paper.figures(found.line, language)
        if found.state == "amended" and found.line
        else None,
        "files": files(made),
        "language": language,
    }


def files(made: Certificate) -> list[dict[str, str]]:
    """Its PDFs: address, and the hash of those that were made."""
    hashes = dict(made.files.values_list("language", "sha256"))
    return [
        {
            "word": f"PDF {word}",
            "url": reverse("certificate_file", args=[made.code, code]),
            "sha256": hashes.get(code, ""),
        }
        for code, word in LANGUAGES.items()
    ]


@require_http_methods(["GET", "HEAD", "POST"])
@officials_page()
def page(request: HttpRequest, edition: Edition) -> HttpResponse:
    """`/officials/certificates/`: how many are made, in each language; POST has the missing ones made."""
    if request.method == "POST":
        try:
            certificate_job.start(edition, request.POST.get("language", ""), by=actor(request))
        except Refused as refused:
            if refused.code != "all_made":
                raise
        return done(request, edition, _("The certificates are being made. This page may be left."))
    return render(request, "results/officials/certificates.html", {"edition": edition, "all": progress(edition)})


@require_safe
@officials_page()
def now(request: HttpRequest, edition: Edition) -> HttpResponse:
    """The part of the page that follows the work."""
    return render(request, "results/officials/certificates_now.html", {"edition": edition, "all": progress(edition)})


def progress(edition: Edition) -> list[dict[str, Any]]:
    """How far it is in each language."""
    found = certificate_job.progress(edition)
    return [{"code": code, "word": word, "is": found[code]} for code, word in LANGUAGES.items()]


@require_safe
@officials_page()
def archive(request: HttpRequest, edition: Edition, language: str) -> HttpResponse:
    """Every certificate that holds, as a ZIP that is written while it is sent."""
    if language not in LANGUAGES:
        raise Http404
    answer = StreamingHttpResponse(certificate_job.archive(edition, language), content_type="application/zip")
    answer["Content-Disposition"] = f'attachment; filename="certificates-{edition.slug}-{language}.zip"'
    return cast(HttpResponse, answer)
