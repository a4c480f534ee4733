"""The phone pad: the crew's page that hands out keys, and the pad itself, which anybody with a key may open.

The pad's page knows nothing and needs no account: the key stands behind the # of its address, which no server is sent.
"""

from __future__ import annotations

from typing import Any

import segno
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from race.models import Edition, Role, TimingPoint, Token
from race.permissions import living
from race.staff_pages import actor, desk, done
from timing import pad
from timing.channels import PAD
from timing.staff import line_page, number
from timing.views.pad_words import words

CREW = (Role.Name.TIMING_CREW, Role.Name.ORGANISER)
MODULES = (
    "pad/app", "pad/clock", "pad/drawing", "pad/entries", "pad/store", "pad/sync", "live/clock", "live/dom", "live/words",
    "offline/database", "offline/keys", "offline/talker",
)  # fmt: skip
LOOK = ("theme.js", "tokens.css", "ui.css", "print.css", "pad.css", "icons.svg", "marks.svg", "mark.svg")


@require_safe
@line_page()
def page(request: HttpRequest, edition: Edition) -> HttpResponse:
    """Which pads there are, and a key for another phone."""
    return _page(request, edition)


@require_POST
@line_page(*CREW)
def open_pad(request: HttpRequest, edition: Edition) -> HttpResponse:
    """A key for a phone, shown this once: as a code to scan and as a link."""
    point = get_object_or_404(
        TimingPoint.objects.select_related("course"), course__edition=edition, pk=number(request.POST.get("point", ""))
    )
    made = pad.open_pad(edition, point, request.POST.get("name", ""), by=actor(request))
    link = f"{request.build_absolute_uri(reverse('line_pad_keys'))}#key={made.secret}"
    return _page(request, edition, made=made, link=link, point=pad.point_name(point))


@require_POST
@line_page(*CREW)
def withdraw(request: HttpRequest, edition: Edition) -> HttpResponse:
    """A phone's key stops working."""
    tokens = Token.objects.filter(edition=edition, channel__sources__make=pad.MAKE).select_related("edition").distinct()
    token = get_object_or_404(tokens, pk=number(request.POST.get("token", "")))
    pad.withdraw(token, by=actor(request))
    return done(request, edition, _("The key of %(name)s no longer works.") % {"name": token.label.removeprefix(PAD)})


def _page(request: HttpRequest, edition: Edition, **more: Any) -> HttpResponse:
    points = TimingPoint.objects.filter(course__edition=edition).select_related("course").order_by("course", "at_m")
    handed = [
        one | {"works": living(one["token"]), "name": one["source"].name, "point": _standing(one["source"].point)}
        for one in pad.pads(edition)
    ]
    context = {
        "edition": edition, "pads": handed, "may": desk(request).may(*CREW), "now": timezone.now(),
        "points": [(point.pk, point.course.name, pad.point_name(point)) for point in points],
        "suggested": _("Pad %(n)s") % {"n": len({one["name"] for one in handed}) + 1},
    }  # fmt: skip
    if "link" in more:
        # Browsers keep a page for later over HTTPS only, and on the machine itself.
        more |= {
            "code": _drawn(more["link"]),
            "stays_open": not more["link"].startswith(("https:", "http://127.", "http://localhost")),
        }
    return render(request, "timing/line/pad.html", context | more)


def _standing(point: TimingPoint | None) -> str:
    return f"{point.course.name} · {pad.point_name(point)}" if point else _("at no timing point")


def _drawn(text: str) -> str:
    """The code as an SVG element, dark on light in both looks: phones read no other."""
    return mark_safe(segno.make(text, error="m").svg_inline(scale=5, border=4, light="#FFFFFF"))


@never_cache
@require_safe
def keys(request: HttpRequest) -> HttpResponse:
    """The pad itself."""
    data = {
        "lang": get_language() or "zh-hans",
        "words": words(),
        "sprites": {"icons": static("ui/icons.svg"), "marks": static("ui/marks.svg")},
        "urls": {
            "clock": "/api/v1/timing/clock/?edition=",
            "own": "/api/v1/timing/pad/",
            "reads": "/api/v1/timing/reads/",
            "worker": reverse("line_pad_worker"),
        },
    }
    modules = [f"ui/{name}.js" for name in MODULES]
    return render(request, "timing/line/pad_keys.html", {"page": data, "modules": modules, "digits": "123456789"})


@never_cache
@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """The pad's service worker. It holds no data, so it needs no account. Where the crew's page cannot be reached it
    shows the pad."""
    assets = [static(f"ui/{name}.js") for name in MODULES] + [static(f"ui/{name}") for name in LOOK]
    context = {
        "assets": assets,
        "shell": reverse("line_pad_keys"),
        "lead": [reverse("line_pad")],
        "cache": "pad",
        "version": 1,
    }
    return render(request, "ui/offline_worker.js", context, content_type="text/javascript; charset=utf-8")
