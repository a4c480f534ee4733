"""What is kept about a rider, behind the private link: to take along, or to have forgotten."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from race import links, privacy
from race.models import PrivateLink, Rider
from race.refused import Refused
from race.views.my import sheltered


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, secret: str) -> HttpResponseBase:
    """The page; POST with `forget` and `sure` forgets the rider of that number."""
    link = _link(secret)
    riders = _riders(link)
    problem, done = "", ""
    if request.method == "POST":
        rider = next((one for one in riders if str(one.pk) == request.POST.get("forget")), None)
        if rider is None:
            raise Http404
        if request.POST.get("sure") != "yes":
            problem = _("Tick the box first: what is forgotten cannot be brought back.")
        else:
            try:
                privacy.erase(rider, by=None, reason="asked on the private page")
                done = _("The data is forgotten.")
            except Refused as refused:
                problem = refused.message
    context = {"link": link, "secret": secret, "riders": riders, "problem": problem, "done": done}
    return sheltered(render(request, "race/my_data.html", context, status=409 if problem else 200))


@never_cache
@require_safe
def download(request: HttpRequest, secret: str, rider: int) -> HttpResponseBase:
    """Everything about one rider of this link as a JSON file."""
    wanted = next((one for one in _riders(_link(secret)) if one.pk == rider), None)
    if wanted is None:
        raise Http404
    answer = JsonResponse(privacy.export(wanted), json_dumps_params={"ensure_ascii": False, "indent": 2})
    answer["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return sheltered(answer)


def _link(secret: str) -> PrivateLink:
    link = links.find(secret)
    if link is None:
        raise Http404
    return link


def _riders(link: PrivateLink) -> list[Rider]:
    """Whose data the holder of a link may see: a rider their own, a payer those of an entry that is theirs alone.

    A team's manager does not see the data of the riders: they have links of their own.
    """
    if link.rider is not None:
        return [link.rider]
    if link.registration.kind != link.registration.Kind.RIDER:
        return []
    return list(Rider.objects.filter(entries__registration=link.registration, erased_at=None).distinct().order_by("pk"))
