"""Which language a reader chose: kept in a cookie, so that a page needs no login to remember it."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_safe

A_YEAR = 365 * 24 * 3600


@require_safe
def choose(request: HttpRequest, code: str) -> HttpResponseRedirect:
    """Keep the language `code` and go back to the page named by `next` on this site; 404 for a language we do not speak."""
    if code not in dict(settings.LANGUAGES):
        raise Http404(code)
    page = request.GET.get("next", "/")
    if not url_has_allowed_host_and_scheme(page, allowed_hosts={request.get_host()}):
        page = "/"
    answer = HttpResponseRedirect(page)
    answer.set_cookie(settings.LANGUAGE_COOKIE_NAME, code, max_age=A_YEAR, samesite="Lax", secure=request.is_secure())
    return answer
