"""`Authorization: Bearer <secret>`: a machine's key; `Authorization: Link <secret>`: a private link."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from race import links, tokens
from race.models import PrivateLink, Token, User
from race.permissions import living


class TokenAuthentication(BaseAuthentication):
    """Looks the token up on every request, so that revoking it acts at once."""

    def authenticate(self, request: Request) -> tuple[User, Token] | None:
        """The token's owner and the token; None if the request carries none."""
        scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
        return self.holder(secret) if scheme.lower() == "bearer" else None

    def holder(self, secret: str) -> tuple[User, Token]:
        """Whose the secret is. Raises AuthenticationFailed."""
        token = Token.objects.select_related("user", "edition").filter(digest=tokens.digest(secret.strip())).first()
        if token is None or not living(token) or not token.user.is_active:
            raise AuthenticationFailed(_("The token is unknown, expired or revoked."), code="bad_token")
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """Makes a refused token a 401, not a 403."""
        return "Bearer"


class KeyInAddress(TokenAuthentication):
    """The same key as a part of the address, `<key>`, for machines that can send no header."""

    def authenticate(self, request: Request) -> tuple[User, Token]:
        """The token's owner and the token."""
        return self.holder(request.parser_context["kwargs"]["key"])


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the token is described in the OpenAPI document."""

    target_class = "race.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """HTTP bearer."""
        return {"type": "http", "scheme": "bearer"}


class LinkAuthentication(BaseAuthentication):
    """The secret of a private link, as it stands in `/my/<secret>/`."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, PrivateLink] | None:
        """Nobody in particular, and the link; None if the request carries none."""
        scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "link":
            return None
        link = links.find(secret.strip())
        if link is None:
            raise AuthenticationFailed(_("The link is unknown or no longer valid."), code="bad_link")
        return AnonymousUser(), link

    def authenticate_header(self, request: Request) -> str:
        """Makes a missing or unknown link a 401, not a 403."""
        return "Link"


class LinkScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the link is described in the OpenAPI document."""

    target_class = "race.api.authentication.LinkAuthentication"
    name = "link"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """A header."""
        return {"type": "apiKey", "in": "header", "name": "Authorization"}
