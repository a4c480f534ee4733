"""What every resource here shares: which edition it is about, and who may."""

from typing import Any

from django.conf import settings
from django.http import Http404
from django.shortcuts import get_object_or_404
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from race.models import Edition, Race, Token, User
from race.permissions import HasRole


class Unkept(APIView):
    """What somebody is told because of who they are is kept by no cache."""

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        """The answer, with its header."""
        answer = super().finalize_response(request, response, *args, **kwargs)
        if "HTTP_AUTHORIZATION" in request.META or settings.SESSION_COOKIE_NAME in request.COOKIES:
            answer.headers.setdefault("Cache-Control", "no-store")
        return answer


class Scoped(Unkept):
    """A view that belongs to one edition. `roles`: method -> role names, "public" for everybody, "*" for the rest."""

    permission_classes = [HasRole]
    roles: dict[str, tuple[str, ...]] = {}

    def race(self) -> Race:
        """The race the address names; 404 for an unknown one."""
        return get_object_or_404(Race.objects.select_related("edition", "course"), slug=self.kwargs["slug"])

    def edition(self) -> Edition | None:
        """The edition the address names: by its race, its own slug or `?edition=`, else the token's own."""
        if "slug" in self.kwargs:
            return self.race().edition
        slug = self.request.query_params.get("edition")
        if slug:
            return get_object_or_404(Edition, slug=slug)
        if (token := self.token()) is not None:
            return token.edition
        if not self.request.user.is_authenticated:
            raise NotAuthenticated  # a key says which edition is meant; "not found" would not tell that it is missing
        raise Http404

    def token(self) -> Token | None:
        """The machine's key, if that is who asks."""
        key: object = self.request.auth
        return key if isinstance(key, Token) else None

    def actor(self) -> User | None:
        """Who acts, for the record."""
        return self.request.user if isinstance(self.request.user, User) else None
