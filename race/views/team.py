"""A team: the list that is judged as it is written, and the manager's page behind the private link.

The form keeps no state on the server: what is not entered yet stands in its cells, and in the browser's own draft.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from race import (
    entry_columns,
    entry_sheet,
    entry_template,
    links,
    payments,
    registration,
    regulations,
    self_service,
    teams,
)
from race.entry_rules import EntryRules
from race.entry_sheet import JudgedRow
from race.models import Category, Edition, Entry, PrivateLink, Registration
from race.particulars import Signature
from race.refused import Refused
from race.views import entering, my_parts, team_form
from race.views.my import private
from race.views.numbers import whole
from race.views.team_form import TeamForm

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, slug: str | None = None) -> HttpResponse:
    """`/enter/team/`: a list is pasted or uploaded, judged, mended in place, and entered."""
    edition = entering.found(slug)
    form = team_form.read(request) if request.method == "POST" else TeamForm()
    form.judge(edition)
    form.texts["key"] = form.texts["key"] or str(uuid.uuid4())
    if request.POST.get("do") == "register" and not form.problem:
        try:
            made = _register(request, edition, form)
        except Refused as refused:
            form.problem = refused.message
        else:
            return _entered(request, edition, form, made)
    context = _form_context(edition, form) | {"closed": closed(edition)}
    return render(request, "race/team.html", context, status=409 if form.problem else 200)


def closed(edition: Edition) -> str:
    """Why nobody can enter now; empty where one can."""
    try:
        registration.refuse_closed(edition, by=None)
    except Refused as refused:
        return refused.message
    return ""


def _register(request: HttpRequest, edition: Edition, form: TeamForm) -> Registration:
    if not request.POST.get("accept"):
        raise Refused("not_accepted", _("Accept the regulations for the team."))
    signature = Signature(form.texts["signer"] or form.texts["contact_name"], whole(form.texts["version"]) or 0)
    return teams.register(
        edition, form.texts["team"], form.good, contact=form.contact(), signature=signature, key=form.texts["key"],
        language=get_language() or "zh-hans", queue=request.POST.get("queue") != "no",
    )  # fmt: skip


def _entered(request: HttpRequest, edition: Edition, form: TeamForm, made: Registration) -> HttpResponse:
    """On to the team's page; what could not be entered goes along, to be mended there."""
    link = links.make(made)
    entered = set(made.entries.values_list("identity_hash", flat=True))
    numbers = {row.number for row in form.judged if not (row.ok and row.digest in entered)}
    form.rows = [row for row in form.rows if row.number in numbers]
    if not form.rows:
        return redirect(f"{links.path(link)}?entered=1")
    form.judge(edition)
    context = _form_context(edition, form) | {"link_path": links.path(link), "made": made, "adding": True}
    return render(request, "race/team_rest.html", context)


def _form_context(edition: Edition, form: TeamForm) -> dict[str, Any]:
    categories = list(Category.objects.filter(race__edition=edition).order_by("race__day", "race__order", "code"))
    return {
        "edition": edition, "form": form, "texts": form.texts, "categories": categories,
        "version": regulations.current(edition).version, "most": teams.MOST,
        "columns": [(name, entry_columns.LABELS[name]) for name in team_form.SHOWN],
        "hold_minutes": EntryRules.of(edition.entry_rules).hold_minutes,
    }  # fmt: skip


@require_safe
def template(request: HttpRequest, slug: str | None = None) -> HttpResponse:
    """The list to fill in."""
    return _file(entry_template.blank(entering.found(slug)), "team.xlsx")


def grid(
    request: HttpRequest, link: PrivateLink, *, problem: str = "", told: str = "", sort: str = "ok", status: int = 200
) -> HttpResponse:
    """The manager's page: who has a place, who has still to do what, what is to be paid. `sort`: the banner of `told`."""
    context = _grid_context(link) | {"problem": problem, "told": told, "told_as": sort, "secret": _secret(link)}
    if request.GET.get("entered"):
        context["told"] = _("The riders are entered, and each has a private link of their own.")
    return render(request, "race/team_grid.html", context, status=status)


def _grid_context(link: PrivateLink) -> dict[str, Any]:
    context = my_parts.context(link)
    entries = [one.entry for person in context["people"] for one in person.entries]
    positions = {one.entry.pk: one.position for person in context["people"] for one in person.entries}
    missing = teams.missing_of(entries)
    rows = [
        {
            "entry": entry, "position": positions[entry.pk], "alive": entry.state in Entry.ALIVE,
            "missing": [teams.missing_word(code) for code in missing[entry.pk] if code != "payment"],
        }
        for entry in sorted(entries, key=lambda one: (one.state not in Entry.ALIVE, one.day, one.category_id, one.pk))
    ]  # fmt: skip
    alive = [row for row in rows if row["alive"]]
    return context | {
        "team": teams.team_of(link.registration), "rows": rows, "alive": alive,
        "placed": sum(row["entry"].state in Entry.PLACED for row in alive),
        "waiting": sum(row["entry"].state == Entry.State.WAITING for row in alive),
        "incomplete": sum(bool(row["missing"]) for row in alive),
    }  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@private
def add(request: HttpRequest, link: PrivateLink) -> HttpResponseBase:
    """More riders for the team, by the same grid."""
    booked = _manager(link)
    form = team_form.read(request) if request.method == "POST" else TeamForm()
    form.judge(booked.edition)
    form.texts["key"] = form.texts["key"] or str(uuid.uuid4())
    if request.POST.get("do") == "register" and not form.problem:
        try:
            teams.add(booked, form.good, key=form.texts["key"], queue=request.POST.get("queue") != "no")
        except Refused as refused:
            form.problem = refused.message
        else:
            rest = [row.number for row in form.judged if not row.ok]
            form.rows = [row for row in form.rows if row.number in rest]
            if not form.rows:
                return redirect(f"{links.path(link)}?entered=1")
            form.texts["key"] = str(uuid.uuid4())
            form.judge(booked.edition)
    context = _form_context(booked.edition, form) | {"link_path": links.path(link), "adding": True, "made": booked}
    return render(request, "race/team_rest.html", context, status=409 if form.problem else 200)


@require_POST
@private
def act(request: HttpRequest, link: PrivateLink) -> HttpResponseBase:
    """What the manager does with the chosen riders: send the links again, or give up their places."""
    booked = _manager(link)
    chosen = _chosen(request, booked)
    if not chosen:
        return grid(request, link, problem=_("Choose the riders first."), status=409)
    if request.POST.get("do") == "links":
        sent = teams.send_links(booked, [entry.rider for entry in chosen])
        if not sent:
            return grid(
                request, link, told=_("No link was sent: each went out less than five minutes ago."), sort="note"
            )
        return grid(
            request, link, told=_("Links sent: %(n)s. Nobody is written to twice in five minutes.") % {"n": sent}
        )
    if request.POST.get("sure"):
        try:
            gone = teams.withdraw(booked, chosen)
        except Refused as refused:
            return grid(request, link, problem=refused.message, status=409)
        return grid(request, link, told=_("Places given up: %(n)s.") % {"n": gone})
    back = sum(payments.refund_preview(entry) for entry in chosen if entry.paid_fen)
    context = {"edition": booked.edition, "entries": chosen, "back": back, "secret": _secret(link)}
    return render(request, "race/team_leave.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@private
def substitute(request: HttpRequest, link: PrivateLink, entry: int) -> HttpResponseBase:
    """Another rider for one who cannot ride: the same place, the same money."""
    booked = _manager(link)
    mine = booked.entries.select_related("rider", "category__race__edition", "race", "edition", "team").filter(pk=entry)
    found = mine.first()
    if found is None:
        raise Http404
    cells = team_form.cells_of(request.POST)
    row = entry_columns.Row(1, (dict(cells[0].cells) if cells else {}) | {"category": found.category.code})
    judged = entry_sheet.judge([row], booked.edition)[0] if cells else JudgedRow(1, row.cells)
    problem, status = "", 200
    if request.method == "POST" and judged.ok and judged.person:
        try:
            self_service.substitute(found, judged.person)
        except Refused as refused:
            problem, status = refused.message, 409
        else:
            return grid(request, link, told=_("%(rider)s rides now.") % {"rider": judged.cells["name"]})
    form = TeamForm(rows=[row], judged=[judged])
    context = {"edition": booked.edition, "entry": found, "problem": problem, "secret": _secret(link)}
    cells_shown = [team_form.cell(judged, name) for name in SUBSTITUTE]
    return render(request, "race/team_substitute.html", context | {"form": form, "cells": cells_shown}, status=status)


SUBSTITUTE = ("name", "number", "phone", "email", "sex", "birth_date", "nation", "region")


@require_safe
@private
def export(request: HttpRequest, link: PrivateLink) -> HttpResponseBase:
    """The team's list as a spreadsheet: numbers, places, what is missing."""
    context = _grid_context(_managers(link))
    rows = [
        {
            "bib": str(row["entry"].bib or ""), "name": str(row["entry"].rider), "category": row["entry"].category.name,
            "state": entering.state_word(row["entry"].state), "missing": ", ".join(row["missing"]),
        }
        for row in context["rows"]
    ]  # fmt: skip
    return _file(entry_template.of_team([], rows), "team.xlsx")


def _chosen(request: HttpRequest, booked: Registration) -> list[Entry]:
    keys = [pk for value in request.POST.getlist("entry") if (pk := whole(value)) is not None]
    rows = booked.entries.filter(pk__in=keys, state__in=Entry.ALIVE)
    return list(rows.select_related("rider", "category", "edition", "race__edition").order_by("pk"))


def _managers(link: PrivateLink) -> PrivateLink:
    _manager(link)
    return link


def _manager(link: PrivateLink) -> Registration:
    """The team's registration; 404 for anybody but its manager."""
    if link.registration.kind != Registration.Kind.TEAM or link.rider_id is not None:
        raise Http404
    return link.registration


def _secret(link: PrivateLink) -> str:
    return links.path(link).split("/")[2]


def _file(content: bytes, name: str) -> HttpResponse:
    answer = HttpResponse(content, content_type=XLSX)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Cache-Control"] = "no-store"
    return answer
