"""Riders who may be one person, side by side."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_POST

from race import dossier, duplicates, office_entries, vault
from race.duplicates import Pair
from race.models import Edition, LogLine, Rider
from race.models.edition import in_language
from race.refused import Refused
from race.staff_pages import actor, done, office_page
from race.views.office import wording

MOST = 40


@require_http_methods(["GET", "HEAD"])
@office_page()
def page(request: HttpRequest, edition: Edition) -> HttpResponse:
    """`/office/duplicates/`: pairs, and what was merged."""
    return _page(request, edition)


def _page(request: HttpRequest, edition: Edition, **typed: Any) -> HttpResponse:
    """The page; `typed` is what was chosen and written for a merge that was refused, with the reason why."""
    pairs = duplicates.pairs(edition, MOST)
    merged = LogLine.objects.filter(edition=edition, what=duplicates.MERGED, rider__merged_into__isnull=False)
    context = {
        "edition": edition,
        "pairs": [
            _shown(pair, edition) | {"refused": typed.get("pair") == {pair.one.pk, pair.other.pk}} for pair in pairs
        ],
        "count": duplicates.count(edition),
        "merged": merged.select_related("rider__merged_into", "by").order_by("-pk")[:MOST],
        "typed": typed,
    }
    return render(request, "race/office/duplicates.html", context, status=409 if typed else 200)


@require_POST
@office_page()
def judge(request: HttpRequest, edition: Edition) -> HttpResponse:
    """Merge two riders, keep them apart, or undo a merge."""
    given, by = request.POST, actor(request)
    what, reason = given.get("what"), given.get("reason", "")
    if what == "undo":
        duplicates.unmerge(_rider(edition, given.get("other")), by=by, reason=reason)
        return done(request, edition, _("The merge is undone: they are two riders again."))
    one, other = _rider(edition, given.get("one")), _rider(edition, given.get("other"))
    if what == "two":
        duplicates.two_people(edition, one, other, by=by)
        return done(request, edition, _("%(one)s and %(other)s stay two people.") % {"one": one, "other": other})
    keep, gone = (other, one) if given.get("keep") == str(other.pk) else (one, other)
    try:
        duplicates.merge(keep, gone, by=by, reason=reason)
    except Refused as refused:
        return _page(request, edition, problem=refused.message, pair={one.pk, other.pk}, keep=keep.pk, reason=reason)
    return done(request, edition, _("Merged into %(who)s. It can be undone below.") % {"who": keep})


def _rider(edition: Edition, pk: str | None) -> Rider:
    """A rider of the edition: entered there, or merged out of it."""
    key = int(pk) if pk and pk.isascii() and pk.isdigit() and len(pk) < 18 else 0
    rider = get_object_or_404(Rider, pk=key)
    known = rider.entries.filter(edition=edition).exists()
    if not known:
        get_object_or_404(LogLine.objects.filter(edition=edition, what=duplicates.MERGED, rider=rider)[:1])
    return rider


def _shown(pair: Pair, edition: Edition) -> dict[str, Any]:
    """Two columns, and for each line whether the two agree. Numbers and addresses are masked, and compared whole."""
    lines = [_line(*row) for row in zip(_facts(pair.one), _facts(pair.other), strict=True)]
    sides = [
        {"rider": rider, "entries": [entry for entry in rider.entries.all() if entry.edition_id == edition.pk]}
        for rider in (pair.one, pair.other)
    ]
    return {"pair": pair, "why": [wording.SAME[why] for why in pair.why], "sides": sides, "lines": lines}


def _line(one: tuple[str, str, str], other: tuple[str, str, str]) -> dict[str, Any]:
    return {"word": one[0], "one": one[1], "other": other[1], "same": one[2] == other[2] and bool(one[2])}


def _facts(rider: Rider) -> list[tuple[str, str, str]]:
    """(word, as shown, as compared) of what tells whether two are one."""
    private = dossier.read(rider)
    number = vault.unseal(rider.identity_sealed) if rider.identity_sealed else ""
    kind = str(wording.DOCUMENTS.get(rider.identity_kind, rider.identity_kind))
    born = rider.birth_date
    mask = office_entries.masked
    plain = [
        (_("Chinese name"), rider.name_zh, rider.name_zh),
        (_("Latin name"), rider.latin, rider.sort_key),
        (_("Born"), str(born.year), born.isoformat()),
        (_("Sex"), pgettext("sex", "M") if rider.sex == "M" else pgettext("sex", "F"), rider.sex),
        (_("Nation"), rider.nation, rider.nation),
        (_("Region"), in_language(rider.region_zh, rider.region_en), rider.region_code),
    ]
    sealed = [
        (_("Identity document"), f"{kind} {mask(number)}", rider.identity_hash),
        (_("Phone"), mask(private["phone"]), rider.phone_hash),
        (_("E-mail"), mask(private["email"]), rider.email_hash),
    ]
    return [*plain, *sealed]
