"""The bridge for a crew's laptop: how it is started, and the file itself."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from race.models import Edition
from timing import decoders, packing
from timing.line import words
from timing.staff import line_page

#: Ports that machines which call are set to as they leave the factory (docs/timing-crew.md); any free one does.
PORTS = {"mylaps": 3097, "chronotrack": 61611, "jchip": 53135}


@require_safe
@line_page()
def page(request: HttpRequest, edition: Edition) -> HttpResponse:
    """What it does, and the line that starts it on each system."""
    server = request.build_absolute_uri("/").rstrip("/")
    live = [(name, one) for name, one in decoders.MAKES.items() if one.open_session]
    context = {
        "edition": edition, "server": server, "name": packing.NAME, "size": len(packing.packed()) // 1024,
        "calling": [(name, words.make_word(name), PORTS.get(name, 3097)) for name, one in live if one.port is None],
        "dialled": [(name, words.make_word(name), one.port) for name, one in live if one.port is not None],
        "secure": request.is_secure(),
    }  # fmt: skip
    return render(request, "timing/line/bridge.html", context)


@require_safe
@line_page()
def download(request: HttpRequest, edition: Edition) -> HttpResponse:
    """The file, packed by the same code as `manage.py bridge`."""
    answer = HttpResponse(packing.packed(), content_type="application/octet-stream")
    answer["Content-Disposition"] = f'attachment; filename="{packing.NAME}"'
    return answer
