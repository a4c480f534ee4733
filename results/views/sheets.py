"""Results of a race: `/races/<race>/results/` to read, `/races/<race>/results.<form>` as files; both also under the edition's
own address."""

from __future__ import annotations

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import get_language, override
from django.views.decorators.http import require_safe

from race.models import Race
from race.refused import Refused
from results import sheet_answers, sheet_files, sheets
from results.paper import LANGUAGES

#: The files that the page offers, with what each is called.
FORMS = (("pdf", "PDF"), ("xlsx", "Excel"), ("csv", "CSV"), ("json", "JSON"))


@require_safe
def page(request: HttpRequest, race: str, slug: str = "") -> HttpResponse:
    """The result to read and to print, without any script; grouped by `?by=`, with all its files."""
    found = _race(race, slug)
    try:
        want = sheet_answers.asked(found, sheet_files.PAGE, request.GET)
        if want.private:
            raise Http404
        made = sheet_answers.answer(want)
    except Refused as refused:
        raise Http404(refused.message) from refused
    categories = list(found.categories.order_by("code"))
    context = {
        "race": found, "edition": found.edition, "by": want.by, "category": want.category, "table": made.body.decode(),
        "views": [(by, sheets.by_word(by)) for by in sheets.BY if by != "overall" or len(categories) > 1],
        "categories": categories,
        "forms": FORMS, "races": found.edition.races.filter(published_at__isnull=False).order_by("day", "order", "slug"),
    }  # fmt: skip
    return render(request, "results/sheet.html", context)


@require_safe
def file(request: HttpRequest, race: str, form: str, slug: str = "") -> HttpResponse:
    """A file of a result sheet: `?by=` groups it, `?category=` takes one, `?lang=` is its language; `?at=` is for officials."""
    found = _race(race, slug)
    if form == sheet_files.PAGE:
        raise Http404
    with override(LANGUAGES.get(request.GET.get("lang", ""), get_language())):
        try:
            want = sheet_answers.asked(found, form, request.GET)
            if not sheet_answers.may(want, request.user):
                if not request.user.is_authenticated:
                    return redirect_to_login(request.get_full_path(), "/login/")
                raise PermissionDenied
            status, headers, body = sheet_answers.reply(want, request.headers.get("If-None-Match", ""))
        except Refused as refused:
            raise Http404(refused.message) from refused
    return HttpResponse(body, status=status, headers=headers)


def _race(race: str, slug: str) -> Race:
    """A race whose start list is out, of the edition named or of any: slugs of races are never given twice."""
    out = Race.objects.select_related("edition", "course").filter(published_at__isnull=False)
    return get_object_or_404(out.filter(edition__slug=slug) if slug else out, slug=race)
