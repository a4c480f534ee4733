"""Files of the line: drop one in, see what it holds, count it; what came of those before, and how one is undone."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from typing import Any
from zoneinfo import available_timezones

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_POST, require_safe

from race.models import Edition, Role
from race.staff_pages import actor, desk, done
from timing import corrections, decoders, file_list, parking, preview, preview_values
from timing.decoders.field_text import file_name, is_name
from timing.decoders.sheet.columns import BadColumns, said_columns
from timing.line import words
from timing.models import Delivery, Source
from timing.staff import line_page, number

CREW = (Role.Name.TIMING_CREW,)
#: Makes a file can be of, as people call them.
MAKES: tuple[tuple[str, str | Promise], ...] = (
    ("csv", gettext_lazy("Table (CSV, Excel)")), ("mylaps", "MYLAPS"), ("raceresult_file", "race result"),
    ("raceresult_json", "race result JSON"), ("ultra", "RFID Timing Ultra"), ("feibot", gettext_lazy("Feibot")),
    ("ipico", "IPICO"), ("chronotrack", "ChronoTrack"), ("jchip", "JChip"), ("crossmgr_rfid_js", "CrossMgr JSON"),
    ("impinj", "Impinj / Alien"), ("wiclax", "Wiclax"), ("amb_p3", "AMB P3"), ("json", "JSON"),
)  # fmt: skip
SAME = {"mylaps_tcp_v1": "mylaps", "mylaps_tcp_v2": "mylaps", "mylaps_file": "mylaps"}
#: What a column can hold, in the order of use.
FIELDS: tuple[tuple[str, str | Promise], ...] = (
    ("chip", gettext_lazy("Chip")), ("time", pgettext_lazy("column", "Time")), ("date", gettext_lazy("Date")),
    ("reader", pgettext_lazy("line", "Source")), ("lap", pgettext_lazy("column", "Lap")), ("bib", gettext_lazy("Bib")),
    ("antenna", gettext_lazy("Antenna")), ("device", gettext_lazy("Device")), ("record", gettext_lazy("Record number")),
    ("rssi", gettext_lazy("Signal")),
)  # fmt: skip
WHY: dict[str, str | Promise] = {
    "own_mark": gettext_lazy("it bears the marks of this make"),
    "reads": gettext_lazy("its rows can be read this way"),
    "few_read": gettext_lazy("only some of its rows can be read this way"),
    "table_only": gettext_lazy("a table; say which column is what"),
    "mark_only": gettext_lazy("it bears the marks of this make, and no row can be read"),
}
ZONES = ("Asia/Shanghai", "UTC", "Asia/Hong_Kong", "Asia/Tokyo", "Asia/Singapore", "Europe/Amsterdam", "Europe/Berlin")


@require_safe
@line_page()
def page(request: HttpRequest, edition: Edition) -> HttpResponse:
    """The page: where a file is dropped, and the files before."""
    return render(request, "timing/line/uploads.html", listed(request, edition) | {"edition": edition})


@require_safe
@line_page()
def recent(request: HttpRequest, edition: Edition) -> HttpResponse:
    """The files before, alone."""
    return render(request, "timing/line/uploads_list.html", listed(request, edition))


def listed(request: HttpRequest, edition: Edition) -> dict[str, Any]:
    """What the list of files shows."""
    files = file_list.recent(edition)
    return {
        "files": files,
        "moving": any(file.status == "pending" for file in files),
        "may": desk(request).may(*CREW, Role.Name.ADMINISTRATOR),
    }


@require_safe
@line_page()
def rejects(request: HttpRequest, edition: Edition, pk: int) -> HttpResponse:
    """The rows of a file that could not be read, verbatim."""
    rows = file_list.rejects(_delivery(edition, pk))
    return render(request, "timing/line/uploads_rejects.html", {"rows": rows})


@require_POST
@line_page(*CREW)
def look(request: HttpRequest, edition: Edition) -> HttpResponse:
    """What a file would do; nothing is stored."""
    sent = request.FILES.get("file")
    if sent is None or not sent.size:
        return render(request, "timing/line/uploads_preview.html", {"empty": True}, status=422)
    name = file_name(request.POST.get("name") or sent.name or "")
    size = number(request.POST.get("size", "")) or None
    found = preview.look(edition, sent.read(), options_of(request.POST, name), size=size)
    return render(request, "timing/line/uploads_preview.html", _shown(edition, found, name))


def options_of(said: Mapping[str, str], name: str) -> dict[str, str]:
    """How the form says that a file is to be read; what it cannot mean is left out, and the preview shows that it is."""
    options = {"name": file_name(name)}
    make, zone, day, source = (said.get(key, "").strip() for key in ("make", "zone", "date", "source"))
    if make in dict(MAKES):
        options["make"] = make
    if zone in available_timezones():
        options["zone"] = zone
    if source and is_name(source):
        options["source"] = source
    with suppress(ValueError):  # no day was named
        options["date"] = date.fromisoformat(day).isoformat()
    with suppress(BadColumns):  # the headings decide
        said_columns(said.get("columns", ""))
        options["columns"] = said["columns"]
    return options


def _shown(edition: Edition, found: preview.Preview, name: str) -> dict[str, Any]:
    told = preview_values.told(found)
    for one in told["sources"]:
        at = found.sources[one["name"]].point if one["known"] else None
        one["place"] = words.place(at) if at is not None else ""
    make = SAME.get(found.options["make"], found.options["make"])
    make = make if make in dict(MAKES) else decoders.decoder(make).make
    guess = found.guesses[0] if found.guesses else None
    same = guess is not None and guess.make == decoders.decoder(make).make
    return {
        "edition": edition,
        "name": name,
        "told": told,
        "make": make,
        "options": found.options | {"make": make},
        "why": WHY[guess.why] if guess is not None and same else "",
        "sure": guess.confidence if guess is not None and same else 0,
        "makes": MAKES,
        "fields": FIELDS,
        "zones": sorted({edition.zone, *ZONES}, key=lambda zone: (zone != edition.zone, zone)),
        "days": [edition.starts_on, edition.ends_on],
        "sources": list(Source.objects.filter(edition=edition).values_list("name", flat=True)),
        "reads": told["counts"]["reads"] + told["counts"]["markers"],
        "rows": told["counts"]["reads"] + told["counts"]["rejected"],
        "reasons": [row | {"word": file_list.reason(row["reason"])} for row in told["rejects"]],
        "parks": file_list.PARKED.get(found.parks, ""),
    }


@require_POST
@line_page(*CREW)
def park(request: HttpRequest, edition: Edition, pk: int) -> HttpResponse:
    """A parked file counts, or is left out."""
    delivery = _delivery(edition, pk)
    if request.POST.get("decision") == "count":
        parking.count(delivery, by=actor(request))
        return done(request, edition, _("The file counts. Its rows are being taken in."))
    parking.leave_out(delivery, by=actor(request))
    return done(request, edition, _("The file is left out. Its bytes are kept, and it can still be counted."))


@require_POST
@line_page(*CREW)
def undo(request: HttpRequest, edition: Edition, pk: int) -> HttpResponse:
    """What a file brought no longer counts; or it counts again."""
    delivery, evidence = _delivery(edition, pk), request.POST.get("evidence", "")
    if request.POST.get("again"):
        corrections.count_delivery_again(delivery, by=actor(request), evidence=evidence)
        return done(request, edition, _("What the file brought counts again."))
    corrections.ignore_delivery(delivery, by=actor(request), evidence=evidence)
    return done(request, edition, _("What the file brought no longer counts. Its rows are kept."))


def _delivery(edition: Edition, pk: int) -> Delivery:
    ours = Delivery.objects.filter(channel__edition=edition).select_related("channel__edition").defer("body")
    return get_object_or_404(ours, pk=pk)
