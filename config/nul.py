"""No address and no form of ours holds a NUL, and PostgreSQL's text cannot: such a request is refused before any query is
made. The API looks after its own bodies."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse


def refuse_nul(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """The middleware."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if "\x00" in request.path or "%00" in request.META.get("QUERY_STRING", "") or _in_form(request):
            errors = [{"code": "invalid", "detail": "An address or a form holds no NUL.", "attr": None}]
            return JsonResponse({"type": "client_error", "errors": errors}, status=400)
        return get_response(request)

    return middleware


def _in_form(request: HttpRequest) -> bool:
    if request.method != "POST" or request.path.startswith("/api/"):
        return False
    return any("\x00" in value for name, values in request.POST.lists() for value in (name, *values))
