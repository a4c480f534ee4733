"""The sign-on desk: one page for a tablet, that works without a network once it was open."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from race.models import Edition, Race, Role
from race.sign_on import MAY_LET_THROUGH
from race.staff_links import staff_path
from race.staff_pages import actor, desk, office_page
from race.views.sign_on_words import words

MODULES = (
    "sign_on/app", "sign_on/store", "sign_on/sync", "sign_on/find", "sign_on/rows", "sign_on/list", "sign_on/rider",
    "sign_on/dialogs", "sign_on/cards", "sign_on/scan", "live/clock", "live/dom", "live/words",
    "offline/database", "offline/keys", "offline/talker",
)  # fmt: skip
LOOK = (
    "theme.js",
    "tokens.css",
    "ui.css",
    "print.css",
    "forms.css",
    "sign_on.css",
    "icons.svg",
    "marks.svg",
    "mark.svg",
)


@require_safe
def page(request: HttpRequest, slug: str | None = None) -> HttpResponse:
    """`/office/sign-on/?desk=2&race=<slug>`; the edition is that of the race, or of `?edition=`, or the current one.

    There is one address for all editions, so that one service worker looks after it.
    """
    if slug:
        asked = {"edition": slug, **request.GET.dict()}
        return redirect(f"{reverse('office_sign_on')}?{urlencode(asked)}")
    race = Race.objects.select_related("edition").filter(slug=request.GET.get("race", "")).first()
    wanted = race.edition.slug if race else request.GET.get("edition", "")
    return _page(request, slug=wanted or None)


@ensure_csrf_cookie
@office_page(Role.Name.OFFICE, Role.Name.ORGANISER, Role.Name.CHIEF)
def _page(request: HttpRequest, edition: Edition) -> HttpResponse:
    user = actor(request)
    data = {
        "edition": edition.slug,
        "zone": edition.zone,
        "lang": get_language() or "zh-hans",
        "words": words(),
        "sprites": {"icons": static("ui/icons.svg"), "marks": static("ui/marks.svg")},
        "may_let_through": bool(desk(request).roles & MAY_LET_THROUGH),
        "urls": {
            "roster": f"/api/v1/sign-on/roster/?edition={edition.slug}",
            "ticks": "/api/v1/sign-on/ticks/?edition=",
            "office": staff_path("office", edition.slug),
            "sign_in": reverse("sign_in"),
            "worker": reverse("office_sign_on_worker"),
        },
    }
    modules = [f"ui/{name}.js" for name in MODULES]
    name = user.get_full_name() or user.get_username()
    return render(
        request, "race/office/sign_on.html", {"edition": edition, "page": data, "modules": modules, "name": name}
    )


@never_cache
@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """The page's service worker. It holds no data, so it needs no account: an update must not be sent to sign in."""
    assets = [static(f"ui/{name}.js") for name in MODULES] + [static(f"ui/{name}") for name in LOOK]
    context = {"assets": assets, "shell": reverse("office_sign_on"), "cache": "sign-on", "version": 2}
    return render(request, "ui/offline_worker.js", context, content_type="text/javascript; charset=utf-8")
