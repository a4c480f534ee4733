"""No address of ours holds a NUL, and PostgreSQL's text cannot: such a request is refused before any query is made."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse


def refuse_nul(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """The middleware."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if "\x00" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            errors = [{"code": "invalid", "detail": "An address holds no NUL.", "attr": None}]
            return JsonResponse({"type": "client_error", "errors": errors}, status=400)
        return get_response(request)

    return middleware
