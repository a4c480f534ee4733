"""The living page: every part of the look once, with true-looking data."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from ui import showcase


@require_safe
def living_page(request: HttpRequest) -> HttpResponse:
    """`/ui/`: change a part and it changes everywhere; look here first."""
    return render(request, "ui/living_page.html", showcase.page())
