"""Sources: where each stands, how its clock is set; and the channels over which they reach us."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from race.models import Edition, Role, TimingPoint
from race.refused import Refused
from race.staff_pages import actor, desk, done
from timing import channels, clocks, decoders, sources
from timing.clocks import Clock, instant
from timing.line import alarms, health, measured, words
from timing.line.health import ChannelHealth, SourceHealth
from timing.models import Channel, ClockOffset, Read, Reject, Source
from timing.staff import line_page
from timing.views.line import offset, role_word, row

#: Who sets what the line is made of; everybody else of the line only looks.
SETS = (Role.Name.TIMING_CREW, Role.Name.ORGANISER)
CREW = (Role.Name.TIMING_CREW,)
READS, REJECTS = 20, 10


@require_safe
@line_page()
def page(request: HttpRequest, edition: Edition) -> HttpResponse:
    """All sources, those that stand nowhere first; and all channels."""
    return shown(request, edition)


def shown(request: HttpRequest, edition: Edition, secret: str = "") -> HttpResponse:
    """The page; once with the secret of a new key, which is kept nowhere."""
    told = health.of(edition)
    rows = sorted((row(one, told) for one in told.sources), key=lambda one: one["health"].state != "unmapped")
    context = {
        "edition": edition, "rows": rows, "points": points(edition), "may": desk(request).may(*SETS),
        "machines": [machine(one) for one in told.channels if one.channel.kind == Channel.Kind.TCP],
        "keys": [key(one) for one in told.channels if one.channel.kind == Channel.Kind.HTTP],
        "makes": [(name, words.make_word(name), one.port) for name, one in decoders.MAKES.items() if one.open_session],
        "sources": [one.source for one in told.sources], "secret": secret,
    }  # fmt: skip
    return render(request, "timing/line/sources.html", context)


@require_safe
@line_page()
def one(request: HttpRequest, edition: Edition, pk: int) -> HttpResponse:
    """One source: where it stands, its clock, what it read last, what is missing and what could not be read."""
    told, found = measured.of(find(edition, pk))
    source = found.source
    suggested = measured.suggestion(found, told)
    context = {
        "edition": edition, "row": row(found, told), "source": source, "health": found, "points": points(edition),
        "may": desk(request).may(*SETS), "may_clock": desk(request).may(*CREW), "suggested": suggested,
        "suggested_words": suggestion_words(found) if suggested else {}, "offset": offset(found),
        "drift": words.signed(found.measured.drift_us) if found.measured and found.measured.drift_us else "",
        "told": words.signed(found.told_us) if found.told_us is not None else "",
        "segments": segments(source), "reads": last_reads(source, told.at), "rejects": last_rejects(found),
        "alarms": [words.alarm(alarm) for alarm in alarms.of(told) if alarm.source and alarm.source.source.pk == pk],
        "role": role_word(found), "zone_word": words.zone(source.zone), "zones": [edition.zone, "UTC"],
    }  # fmt: skip
    return render(request, "timing/line/source.html", context)


@require_POST
@line_page(*SETS)
def place(request: HttpRequest, edition: Edition, pk: int) -> HttpResponse:
    """Say where it stands. What the form shows unchanged stays as it is by now: a colleague may have set it since."""
    source, data = find(edition, pk), request.POST
    known = {str(point.pk): point for point in points(edition)} | {"": None}

    def said(name: str, stands: str) -> str:
        text = data.get(name, stands).strip()
        return stands if text == data.get(f"was_{name}") else text

    at = said("point", str(source.point_id or ""))
    if at not in known:
        raise Refused("unknown_point", _("There is no such timing point here: load the page again."))
    point, role = known[at], said("role", source.role)
    sources.place(
        source,
        point=point,
        role=role if role in Source.Position.values else source.role,
        zone=said("zone", source.zone) or source.zone,
        by=actor(request),
        reason=data.get("reason", "")[:200],
    )
    where = words.place(point) if point is not None else _("nowhere")
    return done(request, edition, _("%(name)s: %(place)s. Boards follow.") % {"name": source.name, "place": where})


@require_POST
@line_page(*CREW)
def apply(request: HttpRequest, edition: Edition, pk: int) -> HttpResponse:
    """Set what is measured."""
    source = find(edition, pk)
    found = measured.apply(source, ahead_us=whole(request.POST.get("ahead_us", "")), by=actor(request))
    if found.zone:
        said = _("%(name)s now stands in the zone %(zone)s. Boards follow.") % {"name": source.name, "zone": found.zone}
    else:
        said = _("%(offset)s is added to the clock of %(name)s. Boards follow.") % {
            "name": source.name, "offset": words.signed(found.offset_us, 3),
        }  # fmt: skip
    return done(request, edition, said)


@require_POST
@line_page(*CREW)
def set_offset(request: HttpRequest, edition: Edition, pk: int) -> HttpResponse:
    """Set an offset by hand, or take a segment back by a zero at the same moment."""
    source, data = find(edition, pk), request.POST
    if data.get("segment"):
        segment = get_object_or_404(ClockOffset, source=source, pk=whole(data["segment"]))
        sources.set_offset(
            source, since=segment.since, offset_us=0, evidence=_("Taken back: %(what)s") % {"what": segment.evidence[:150]},
            by=actor(request),
        )  # fmt: skip
        return done(request, edition, _("Taken back. Boards follow."))
    sources.set_offset(
        source,
        since=moment(data.get("since", ""), edition.zone),
        offset_us=thousandths(data.get("seconds", "")) * 1000,
        evidence=data.get("evidence", "")[:200],
        by=actor(request),
    )
    return done(request, edition, _("The offset is set. Boards follow."))


@require_POST
@line_page(*SETS)
def add_channel(request: HttpRequest, edition: Edition) -> HttpResponse:
    """A port that machines call, or a machine to dial."""
    data = request.POST
    port = data.get("port", "").strip()
    values = {
        "make": data.get("make", ""), "label": data.get("label", ""), "host": data.get("host", ""),
        "port": whole(port) if port else None, "allowed": data.get("allowed", "").replace(",", " ").split(),
    }  # fmt: skip
    made = channels.add(edition, values, by=actor(request))
    return done(request, edition, _("%(label)s is open within a second.") % {"label": made.label})


@require_POST
@line_page(*SETS)
def switch_channel(request: HttpRequest, edition: Edition, pk: int) -> HttpResponse:
    """Close a channel, or open it again; withdraw the key of one that has one."""
    channel = get_object_or_404(Channel, edition=edition, pk=pk)
    if channel.kind == Channel.Kind.HTTP:
        channels.withdraw_key(channel, by=actor(request))
        return done(
            request, edition, _("The key of %(label)s no longer works.") % {"label": words.channel(channel.label)}
        )
    wanted = request.POST.get("open") == "yes"
    channels.change(channel, {"open": wanted}, by=actor(request))
    said = _("%(label)s is open within a second.") if wanted else _("%(label)s is closed within a second.")
    return done(request, edition, said % {"label": channel.label})


@require_POST
@line_page(*SETS)
def give_key(request: HttpRequest, edition: Edition) -> HttpResponse:
    """A key for a bridge; the answer shows it once."""
    data = request.POST
    secret = channels.give_key(edition, data.get("label", ""), data.getlist("source"), by=actor(request))
    return shown(request, edition, secret)


def find(edition: Edition, pk: int) -> Source:
    """The source the address names; 404 for one of another edition."""
    return get_object_or_404(Source.objects.select_related("edition", "point__course"), edition=edition, pk=pk)


def points(edition: Edition) -> list[TimingPoint]:
    """Every timing point of the edition."""
    return list(
        TimingPoint.objects.filter(course__edition=edition)
        .select_related("course__edition")
        .order_by("course__code", "at_m", "code")
    )


def machine(one: ChannelHealth) -> dict[str, Any]:
    """A TCP channel in words."""
    channel = one.channel
    peers = [line.peer for line in one.lines or ()]
    return {
        "channel": channel, "make": words.make_word(channel.make), "peers": peers, "known": one.lines is not None,
        "heard": one.heard, "new": one.new, "rejected": one.rejected,
    }  # fmt: skip


def key(one: ChannelHealth) -> dict[str, Any]:
    """A channel over HTTP: whose key, when it was heard last."""
    token = one.channel.token
    works = token is not None and token.revoked_at is None
    return {"channel": one.channel, "token": token, "works": works, "heard": one.heard, "new": one.new}


def suggestion_words(found: SourceHealth) -> Mapping[str, Any]:
    """How sure the suggestion is: riders, their base, how closely they agree."""
    one = found.measured
    if one is None or not one.sure:
        return {}
    return {"count": one.riders, "base": found.against, "spread": words.signed(one.spread_us, 3).lstrip("+")}


def segments(source: Source) -> list[dict[str, Any]]:
    """What has been set of its clock, the newest first; which of it is in force."""
    made = list(source.offsets.select_related("by").order_by("-revision", "-pk"))
    newest: set[datetime | None] = set()
    rows = []
    for segment in made:
        stands = segment.since not in newest
        newest.add(segment.since)
        rows.append(
            {
                "segment": segment, "figure": words.signed(segment.offset_us, 3), "stands": stands,
                "revocable": stands and segment.offset_us != 0,
            }
        )  # fmt: skip
    return rows


def last_reads(source: Source, at: datetime) -> list[dict[str, Any]]:
    """The newest reads by the machine's clock: as it wrote them, and in true time; with the bib where the chip is held."""
    rows = list(Read.objects.filter(source=source).order_by("-local_us")[:READS])
    clock: Clock = clocks.of([source])[source.pk]
    bibs, zone = health.bibs(source.edition, at), ZoneInfo(source.edition.zone)
    return [
        {
            "read": read,
            "written": words.wall(read.local_us),
            "true": words.time_of_day(instant(clock.true_us(read.local_us)).astimezone(zone)),
            "bib": bibs.get(read.chip),
        }
        for read in rows
    ]


def last_rejects(found: SourceHealth) -> list[Reject]:
    """The newest rows of its channel that could not be read: a row that cannot be read does not say whose it is."""
    if found.channel is None:
        return []
    rows = Reject.objects.filter(ingestion__delivery__channel=found.channel).select_related("ingestion__delivery")
    return list(rows.defer("ingestion__delivery__body").order_by("-pk")[:REJECTS])


def whole(text: str) -> int:
    """A whole number as somebody typed it; refused (`bad_number`) where it is none."""
    try:
        return int(text.strip())
    except ValueError as problem:
        raise Refused("bad_number", _("%(text)s is no whole number.") % {"text": text[:20]}) from problem


def thousandths(text: str) -> int:
    """Seconds with up to three decimals as milliseconds, exactly; a true minus sign is one, too."""
    plain = text.strip().replace("\N{MINUS SIGN}", "-").replace(",", ".")
    sign = -1 if plain.startswith("-") else 1
    seconds, _point, rest = plain.lstrip("+-").partition(".")
    if not (seconds + rest).isascii() or not (seconds + rest).isdigit() or len(rest) > 3 or len(seconds) > 9:
        raise Refused("bad_number", _("Seconds are written like −0.310."))
    return sign * (int(seconds or "0") * 1000 + int(rest.ljust(3, "0") or "0"))


def moment(text: str, zone: str) -> datetime | None:
    """An instant as a page's field writes it, on the venue's clock; None where it is empty: from the beginning."""
    if not text.strip():
        return None
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=ZoneInfo(zone))
    except ValueError as problem:
        raise Refused("bad_number", _("A moment is written like 2024-05-25T09:00:00.")) from problem
