"""Who may do what: one predicate, used by every screen and every resource. Deny by default."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from race.models import Edition, Role, Token, User

Name = Role.Name
#: A role that includes others: the chief may do all a commissaire may.
INCLUDES: dict[str, set[str]] = {Name.CHIEF: {Name.COMMISSAIRE}}


def roles(user: User | AnonymousUser, edition: Edition, token: Token | None = None) -> set[str]:
    """What this person (or the machine behind this token) is at the edition, with what each role includes.

    A token is exactly one role of one edition, whatever else its owner may be.
    """
    if token is not None:
        held = {token.role} if token.edition_id == edition.pk else set()
    elif isinstance(user, AnonymousUser) or not user.is_active:
        held = set()
    elif user.is_superuser:
        held = set(Name.values)
    else:
        held = set(Role.objects.filter(user=user, edition=edition).values_list("name", flat=True))
    if Name.ADMINISTRATOR in held:
        return set(Name.values)
    return held.union(*(INCLUDES.get(name, set()) for name in held))


def may(user: User | AnonymousUser, edition: Edition, *wanted: str, token: Token | None = None) -> bool:
    """Whether the person holds one of the wanted roles at the edition."""
    return bool(roles(user, edition, token) & set(wanted))


def living(token: Token, at: datetime | None = None) -> bool:
    """Whether a token may still be used."""
    at = at or timezone.now()
    return token.revoked_at is None and (token.expires_at is None or token.expires_at > at)


class AdministratorOnly(BasePermission):
    """The default of every resource: nobody but a superuser, so that a forgotten permission shows itself."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return bool(getattr(request.user, "is_superuser", False)) and request.auth is None


class Anyone(BasePermission):
    """Public, and read only."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return request.method in ("GET", "HEAD", "OPTIONS")


class HasRole(BasePermission):
    """One of the view's `roles` (method -> role names; "*" for the rest) at the edition the view's `edition()` names.

    A method that names no roles is refused; `Anyone` under a method makes it public.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        wanted: dict[str, tuple[str, ...]] = view.roles
        names = wanted.get(request.method or "", wanted.get("*", ()))
        if "public" in names:
            return True
        if not names:
            return False
        edition: Edition | None = view.edition()
        return edition is not None and may(request.user, edition, *names, token=view.token())
