"""Lists: what leaves the house on paper or as a file, and who made it when."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from race import list_files, lists
from race.models import Edition, LogLine, Race
from race.refused import Refused
from race.staff_pages import actor, office_page


@require_safe
@office_page()
def page(request: HttpRequest, edition: Edition, refused: str = "") -> HttpResponse:
    """`/office/lists/`: every list with what it is for; below, who made one of personal data."""
    races = list(Race.objects.filter(edition=edition).order_by("day", "order", "slug"))
    lines = LogLine.objects.filter(edition=edition, what="list_made").select_related("by").order_by("-pk")[:20]
    made = [{"line": line, "name": lists.BY_CODE[line.details["list"]].name} for line in lines]
    context = {"edition": edition, "kinds": lists.KINDS, "races": races, "made": made, "refused": refused}
    return render(request, "race/office/lists.html", context, status=409 if refused else 200)


@require_safe
@office_page()
def file(request: HttpRequest, edition: Edition, code: str, form: str) -> HttpResponse:
    """A list as a file; `?race=` for one race. One of personal data is noted in the log each time it is made."""
    if code not in lists.BY_CODE or form not in list_files.FORMS:
        raise Http404(_("There is no such list."))
    wanted = request.GET.get("race", "")
    race = Race.objects.filter(edition=edition, slug=wanted).select_related("edition").first() if wanted else None
    if wanted and race is None:
        raise Http404(_("There is no such list."))
    if request.method == "HEAD":
        return HttpResponse(content_type=list_files.FORMS[form])
    try:
        listing = lists.make(edition, code, by=actor(request), race=race, form=form)
    except Refused as refused:
        return page(request, slug=edition.slug, refused=refused.message)
    body, kind, name = list_files.file(listing, form)
    answer = HttpResponse(body, content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{edition.slug}-{race.slug + "-" if race else ""}{name}"'
    return answer
