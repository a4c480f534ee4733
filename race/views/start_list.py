"""The start list: who rides, one race a tab, before anybody has started."""

from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from race import list_files, lists
from race.models import Edition, Entry, Race


@require_safe
def page(request: HttpRequest, slug: str | None = None) -> HttpResponse:
    """The start lists of the current edition, or of the one named; `?race=` picks the race. Six queries at any size."""
    published = Edition.objects.filter(races__published_at__isnull=False).distinct()
    edition = get_object_or_404(Edition, slug=slug) if slug else published.order_by("-starts_on").first()
    if edition is None:
        raise Http404(_("No edition yet"))
    confirmed = Q(entries__state=Entry.State.CONFIRMED)
    races = list(
        Race.objects.filter(edition=edition)
        .prefetch_related("categories")
        .annotate(riders=Count("entries", filter=confirmed))
        .order_by("day", "order", "slug")
    )
    shown = next((race for race in races if race.slug == request.GET.get("race")), races[0] if races else None)
    entries = Entry.objects.filter(race=shown, state=Entry.State.CONFIRMED).select_related("rider", "team")
    return render(
        request,
        "race/start_list.html",
        {
            "edition": edition,
            "races": races,
            "shown": shown,
            "mark": shown.categories.all()[0].mark if shown and shown.categories.all() else "",
            "entries": entries.order_by("bib") if shown and shown.published_at else [],
            "total": sum(race.riders for race in races if race.published_at),
        },
    )


@require_safe
def file(request: HttpRequest, race: str, form: str, slug: str = "") -> HttpResponse:
    """`/races/<race>/start-list.<form>`: a start list that is out, as a file; `?by=category`, `team` or `province`."""
    out = Race.objects.select_related("edition").filter(published_at__isnull=False)
    shown = get_object_or_404(out.filter(edition__slug=slug) if slug else out, slug=race)
    by = request.GET.get("by", "")
    if form not in list_files.FORMS or by not in ("", *lists.GROUPED):
        raise Http404(_("There is no such list."))
    listing = lists.make(shown.edition, "start_list", by=None, race=shown, form=form)
    body, kind, _name = list_files.file(lists.grouped(listing, by) if by else listing, form)
    how = "inline" if form == "pdf" else "attachment"
    name = "-".join(filter(None, (shown.slug, "start-list", by)))
    answer = HttpResponse(body, content_type=kind, headers={"Cache-Control": "no-cache"})
    answer["Content-Disposition"] = f'{how}; filename="{name}.{form}"'
    return answer
