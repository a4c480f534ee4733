"""The office's first page: what is left to do."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from race.models import Edition
from race.views.office.access import office_page


@require_safe
@office_page()
def page(request: HttpRequest, edition: Edition) -> HttpResponse:
    """`/office/`."""
    return render(request, "race/office/home.html", {"edition": edition})
