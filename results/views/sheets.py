"""Result sheets as files: `/races/<race>/results.<form>`, and the same under the edition's own address."""

from __future__ import annotations

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import get_language, override
from django.views.decorators.http import require_safe

from race.models import Race
from race.refused import Refused
from results import sheet_answers
from results.paper import LANGUAGES


@require_safe
def file(request: HttpRequest, race: str, form: str, slug: str = "") -> HttpResponse:
    """A result sheet; `?by=` groups it, `?category=` takes one, `?lang=` chooses the language, `?at=` is for officials."""
    found = _race(race, slug)
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
