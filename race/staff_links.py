"""Addresses of the staff's pages: `/office/...` for the current edition, `/editions/<slug>/office/...` for one named."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.utils.functional import Promise

Places = Sequence[tuple[str, str | Promise]]
"""A menu: (URL name, word) of each place. A place stands in it from the day its page exists."""


def office(route: str, view: Callable[..., HttpResponse], name: str) -> list[URLPattern]:
    """Both addresses of a page of the office."""
    return staff("office", route, view, name)


def staff(place: str, route: str, view: Callable[..., HttpResponse], name: str) -> list[URLPattern]:
    """Both addresses of a page under `/<place>/`, under one name; the view is decorated with `staff_page`."""
    return [path(f"{place}/{route}", view, name=name), path(f"editions/<slug:slug>/{place}/{route}", view, name=name)]


def staff_path(name: str, slug: str = "", **arguments: Any) -> str:
    """The address of a page of the staff; of the edition of this slug where one is named."""
    return reverse(name, kwargs=arguments | ({"slug": slug} if slug else {}))


def staff_url(request: HttpRequest | None, name: str, **arguments: Any) -> str:
    """The address of a page of the staff, staying with the edition in hand; empty where nobody built that page."""
    desk = getattr(request, "desk", None)
    try:
        return staff_path(name, desk.slug if desk is not None else "", **arguments)
    except NoReverseMatch:
        return ""


def menu(request: HttpRequest, places: Places, home: str) -> list[dict[str, Any]]:
    """The places of a menu that exist, the one being read marked as such (`here`). `home` is its first page."""
    links = []
    for name, word in places:
        if url := staff_url(request, name):
            here = request.path == url or (name != home and request.path.startswith(url))
            links.append({"url": url, "word": word, "here": here})
    return links
