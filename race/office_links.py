"""Addresses of the office's pages: `/office/...` for the current edition, `/editions/<slug>/office/...` for one named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.urls import URLPattern, path, reverse


def office(route: str, view: Callable[..., HttpResponse], name: str) -> list[URLPattern]:
    """Both addresses of a page of the office, under one name; the view is decorated with `office_page`."""
    return [path(f"office/{route}", view, name=name), path(f"editions/<slug:slug>/office/{route}", view, name=name)]


def office_path(name: str, slug: str = "", **arguments: Any) -> str:
    """The address of an office page; of the edition of this slug where one is named."""
    return reverse(name, kwargs=arguments | ({"slug": slug} if slug else {}))
