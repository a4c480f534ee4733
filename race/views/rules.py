"""The regulations: a frozen version in sentences, as a page and as PDF, and what changed since the one before."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from race import dates, regulations, rules_text, season, typesetting
from race.models import Edition, Regulations


@require_safe
def page(request: HttpRequest, slug: str | None = None) -> HttpResponse:
    """The regulations in force, or `?version=`. Seven queries at most."""
    edition = _edition(slug)
    newest = regulations.current(edition)
    versions = list(edition.regulations.order_by("-version"))
    shown = _wanted(versions, request.GET.get("version", str(newest.version)))
    text = rules_text.of(shown.document)
    before = next((one for one in versions if one.version < shown.version), None)
    changed = rules_text.changes(rules_text.of(before.document), text) if before else []
    return render(
        request,
        "race/rules.html",
        {
            "edition": edition,
            "text": text,
            "shown": shown,
            "newest": newest,
            "before": before,
            "changed": changed,
            "versions": [_line(edition, one) for one in versions],
            "published": _published(edition, shown),
            "pdf": reverse("edition_rules_pdf", args=[edition.slug, shown.version]),
        },
    )


@require_safe
def pdf(request: HttpRequest, version: int, slug: str | None = None) -> HttpResponse:
    """A version as PDF, in the language of the page."""
    edition = _edition(slug)
    shown = get_object_or_404(Regulations, edition=edition, version=version)
    made = typesetting.pdf("rules", printed(edition, shown))
    language = "en" if (get_language() or "").startswith("en") else "zh"
    name = f"{edition.slug}-rules-v{version}-{language}.pdf"
    return HttpResponse(
        made, content_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{name}"'}
    )


def printed(edition: Edition, shown: Regulations) -> dict[str, Any]:
    """What the PDF's template is given."""
    text = rules_text.of(shown.document)
    chapters = [
        {
            "number": chapter.number,
            "title": chapter.title,
            "blocks": [_printed_block(block) for block in chapter.blocks],
        }
        for chapter in text.chapters
    ]
    return {
        "event": text.name,
        "title": _("Regulations"),
        "facts": [
            [_("Version"), str(shown.version)],
            [_("Published"), _published(edition, shown)],
        ],
        "note": illustration(text),
        "chapters": chapters,
        "footer": _("Version %(n)d. The regulations in force stand on the page.") % {"n": shown.version},
        "sha256": shown.sha256,
    }


def illustration(text: rules_text.Text) -> str:
    """What to say of values that are made up."""
    if text.made_up:
        return _("These regulations are an illustration: every value in them is made up.")
    return _("A value marked ° is made up for illustration.") if text.partly_made_up else ""


def _printed_block(block: rules_text.Clause | rules_text.Table) -> dict[str, Any]:
    if isinstance(block, rules_text.Clause):
        mark = "°" if block.made_up else ""
        return {"number": block.number, "about": block.about, "text": block.text + mark}
    return {
        "number": block.number,
        "title": block.title,
        "columns": list(block.columns),
        "rows": [
            {"mark": row.mark, "cells": [cell.text + ("°" if cell.made_up else "") for cell in row.cells]}
            for row in block.rows
        ],
    }


def _edition(slug: str | None) -> Edition:
    if slug is not None:
        return get_object_or_404(Edition, slug=slug)
    found = season.standings()
    if not found:
        raise Http404(_("No edition yet"))
    return found[0].edition


def _wanted(versions: list[Regulations], wanted: str) -> Regulations:
    for one in versions:
        if str(one.version) == wanted:
            return one
    raise Http404(_("There is no such version of the regulations."))


def _published(edition: Edition, one: Regulations) -> str:
    at = one.published_at.astimezone(ZoneInfo(edition.zone))
    return f"{dates.with_year(at.year, dates.day(at.date()))} {at:%H:%M}"


def _line(edition: Edition, one: Regulations) -> dict[str, Any]:
    return {
        "version": one.version,
        "published": _published(edition, one),
        "sha256": one.sha256,
        "url": f"{reverse('edition_rules', args=[edition.slug])}?version={one.version}",
    }
