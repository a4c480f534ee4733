"""Who may open a page of the staff (office, timing line, officials), and which edition it is about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, cast
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from race import permissions, season
from race.models import Edition, Role, User
from race.refused import Refused
from race.staff_links import staff_path

OFFICE = (Role.Name.OFFICE, Role.Name.ORGANISER)
Page = Callable[..., HttpResponse]


@dataclass(frozen=True)
class Desk:
    """What every page of the staff knows: the edition, the others one may change to, and who one is there.

    `slug` is the edition's where the address names it, empty where the page is about the current one. `home` is the name
    of the place's first page.
    """

    edition: Edition
    editions: list[Edition]
    roles: frozenset[str]
    slug: str
    home: str = "office"

    def may(self, *wanted: str) -> bool:
        """Whether the reader holds one of these roles here."""
        return bool(self.roles & set(wanted))


def office_page(*roles: str) -> Callable[[Page], Page]:
    """A page of the office: for office and organiser where no roles are named. See `staff_page`."""
    return staff_page("office", *(roles or OFFICE))


def staff_page(home: str, *roles: str, race_day: bool = False) -> Callable[[Page], Page]:
    """Decorate `view(request, edition, ...)`: for people who hold one of `roles` at the edition, at `/<place>/...` and
    `/editions/<slug>/<place>/...`; `home` names the place's first page. `race_day`: of several editions one that is
    being raced comes first.

    Whoever is not signed in is sent to sign in and comes back; whoever may not is told so in words (403). What a page
    shows is never kept by a cache. A `Refused` that a POST lets through becomes a banner on the page it came from.
    """

    def decorate(view: Page) -> Page:
        @wraps(view)
        @never_cache
        def asked(request: HttpRequest, *args: Any, slug: str | None = None, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return _sign_in(request, home, slug or "")
            user = request.user
            editions = editions_of(user, roles)
            edition = chosen(editions, slug, race_day=race_day)
            if edition is None:
                return _forbidden(request, slug)
            held = frozenset(permissions.roles(user, edition))
            request.desk = Desk(edition, editions, held, slug or "", home)  # type: ignore[attr-defined]
            try:
                # Whatever a page of the staff says of time is the venue's.
                with timezone.override(ZoneInfo(edition.zone)):
                    return view(request, edition, *args, **kwargs)
            except Refused as refused:
                if request.method != "POST":
                    raise
                messages.error(request, refused.message, extra_tags=refused.code)
                return back(request, edition)

        return asked

    return decorate


def desk(request: HttpRequest) -> Desk:
    """What `staff_page` found out."""
    return cast(Desk, request.desk)  # type: ignore[attr-defined]


def actor(request: HttpRequest) -> User:
    """Who acts, for the record."""
    return cast(User, request.user)


def editions_of(user: User, wanted: tuple[str, ...]) -> list[Edition]:
    """The editions at which somebody holds one of the wanted roles, the newest first. One query."""
    if user.is_superuser:
        return list(Edition.objects.select_related("event"))
    names = {*wanted, Role.Name.ADMINISTRATOR}
    names |= {name for name, included in permissions.INCLUDES.items() if included & names}
    held = Role.objects.filter(user=user, name__in=names).values("edition")
    return list(Edition.objects.filter(pk__in=held).select_related("event"))


def chosen(editions: list[Edition], slug: str | None, *, race_day: bool = False) -> Edition | None:
    """The edition of the address; without one the next that is not over, else the last one.

    `race_day`: one that is raced now, in event time, comes first.
    """
    if slug:
        return next((edition for edition in editions if edition.slug == slug), None)
    racing = [edition for edition in editions if season.state(edition) == "racing"] if race_day else []
    if racing:
        return racing[0]
    coming = [edition for edition in editions if edition.ends_on >= timezone.localdate(timezone=ZoneInfo(edition.zone))]
    return min(coming, key=lambda edition: edition.starts_on) if coming else next(iter(editions), None)


def back(request: HttpRequest, edition: Edition) -> HttpResponseRedirect:
    """To the page that a form was sent from; to the place's first page where that is not known."""
    return HttpResponseRedirect(_came_from(request) or staff_path(desk(request).home, desk(request).slug))


def done(request: HttpRequest, edition: Edition, sentence: str) -> HttpResponseRedirect:
    """An action is done: say so on the page that the form was sent from."""
    messages.success(request, sentence)
    return back(request, edition)


def _came_from(request: HttpRequest) -> str:
    """The page that a form names as its own; empty where it names none of ours."""
    to = request.POST.get("next", "")
    # Browsers drop tabs and line ends of an address, so that "/<tab>/there" leads away.
    return to if to.startswith("/") and url_has_allowed_host_and_scheme(to, None) and to.isprintable() else ""


def _sign_in(request: HttpRequest, home: str, slug: str) -> HttpResponseRedirect:
    """To sign in, and back. Whoever sent a form after the session had ended comes back to its page and is told so: the
    address of the form itself opens for nobody."""
    if request.method in ("GET", "HEAD"):
        return redirect_to_login(request.get_full_path(), "/login/")
    messages.error(request, _("You had been signed out. Send the form once more."), extra_tags="signed_out")
    return redirect_to_login(_came_from(request) or staff_path(home, slug), "/login/")


def _forbidden(request: HttpRequest, slug: str | None) -> HttpResponse:
    if slug and not Edition.objects.filter(slug=slug).exists():
        raise Http404(_("No edition yet"))
    return render(request, "race/office/forbidden.html", {}, status=403)
