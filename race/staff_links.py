"""Addresses of the staff's pages: `/office/...` for the current edition, `/editions/<slug>/office/...` for one named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.urls import URLPattern, path, reverse


def office(route: str, view: Callable[..., HttpResponse], name: str) -> list[URLPattern]:
    """Both addresses of a page of the office."""
    return staff("office", route, view, name)


def staff(place: str, route: str, view: Callable[..., HttpResponse], name: str) -> list[URLPattern]:
    """Both addresses of a page under `/<place>/`, under one name; the view is decorated with `staff_page`."""
    return [path(f"{place}/{route}", view, name=name), path(f"editions/<slug:slug>/{place}/{route}", view, name=name)]


def staff_path(name: str, slug: str = "", **arguments: Any) -> str:
    """The address of a page of the staff; of the edition of this slug where one is named."""
    return reverse(name, kwargs=arguments | ({"slug": slug} if slug else {}))
