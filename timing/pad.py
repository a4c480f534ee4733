"""The phone pad: a source at a timing point whose reads a person types. A pad is a token that may do that and nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import orjson
from django.db import transaction
from django.db.models import Max
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from race import clock, log, revision, tokens
from race.models import Category, Edition, Entry, Race, TimingPoint, Token, User
from race.refused import Refused
from timing import sources, typed
from timing.channels import PAD
from timing.decoders.field_text import is_name
from timing.models import Channel, Correction, Read, Source, Status

MAKE = "pad"
#: How long a volunteer's key works: until so long after the edition, and at a rehearsal of a past one so long from now.
AFTER_DAYS = 2
MOST_BACK = 500
#: Stands before what a pad takes back itself, so that a page can tell it from what a timekeeper says.
TAKEN_BACK = "Taken back at the pad"


class Pad(NamedTuple):
    """A pad that was opened just now. `secret` is shown once and kept nowhere."""

    source: Source
    token: Token
    secret: str


@transaction.atomic
def open_pad(edition: Edition, point: TimingPoint, name: str, *, by: User) -> Pad:
    """A key with which one phone adds reads of the pad called `name`, which stands at the point at once, as a backup.

    The same name at the same point again is another phone's key to the same source. Refused: `bad_name`, `name_taken` (a
    machine is called so), `other_point` (a pad elsewhere is), `other_edition`.
    """
    name = name.strip()
    if not name or not is_name(name):
        raise Refused("bad_name", _("A pad needs a name, of at most 60 letters."))
    source, made = Source.objects.get_or_create(
        edition=edition, name=name, defaults={"make": MAKE, "zone": edition.zone, "role": Source.Position.BACKUP}
    )
    if source.make != MAKE:
        raise Refused("name_taken", _("Another source is called %(name)s.") % {"name": name})
    if source.point_id is not None and source.point_id != point.pk:
        raise Refused(
            "other_point", _("The pad %(name)s stands at another point. Choose another name.") % {"name": name}
        )
    if source.point_id is None:
        role = Source.Position.BACKUP if made else source.role
        sources.place(source, point=point, role=role, zone=source.zone, by=by, reason=MAKE)
    token, secret = tokens.issue(edition, by, Token.DELIVERIES, f"{PAD}{name}"[:80])
    Token.objects.filter(pk=token.pk).update(expires_at=_expires(edition))
    channel = Channel.objects.create(
        edition=edition, kind=Channel.Kind.HTTP, make="json", label=token.label, token=token
    )
    channel.sources.set([source])
    log.note(edition, "pad_opened", by=by, source=source.pk, name=name, token=token.pk)
    return Pad(source, token, secret)


def _expires(edition: Edition) -> datetime:
    end = datetime.combine(edition.ends_on, time(), ZoneInfo(edition.zone))
    return max(end, timezone.now()) + timedelta(days=AFTER_DAYS)


@transaction.atomic
def withdraw(token: Token, *, by: User | None) -> None:
    """The phone's key stops working. What the phone sent stays; what it still holds stays on the phone."""
    tokens.revoke(token)
    log.note(token.edition, "pad_withdrawn", by=by, name=token.label, token=token.pk)


def source_of(token: Token | None) -> Source:
    """The pad that a key belongs to. Refused (`not_a_pad`) for every other key."""
    named = Source.objects.filter(make=MAKE, channels__token=token).select_related("edition", "point__course")
    found = list(named[:2]) if token is not None else []
    if len(found) != 1:
        raise Refused("not_a_pad", _("This key is not that of a phone pad."))
    return found[0]


class Taken(NamedTuple):
    """A read that a pad takes back: what it was sent as."""

    chip: str
    local_us: int


@transaction.atomic
def take_back(source: Source, wanted: Sequence[Taken], *, by: User | None) -> list[str]:
    """What was typed by mistake does not count: one correction a read. Told again, nothing more happens.

    For each: `done`, `known` (somebody ignored it before, also where a timekeeper took that back since), or `later` where
    the read is not taken in yet.
    """
    Source.objects.select_for_update().get(pk=source.pk)  # two tabs of one phone, one after the other
    there = Read.objects.filter(source=source, local_us__in={one.local_us for one in wanted})
    reads = {Taken(read.chip, read.local_us): read for read in there}
    said = Correction.objects.filter(read__in=[read.pk for read in there], kind=Correction.Kind.IGNORE)
    known = set(said.values_list("read", flat=True))
    fresh = {one: reads[one] for one in wanted if one in reads and reads[one].pk not in known}
    if fresh:
        evidence = f"{TAKEN_BACK} {source.name}"[:200]
        made = Correction.objects.bulk_create(
            Correction(edition=source.edition, kind=Correction.Kind.IGNORE, read=read, by=by, evidence=evidence)
            for read in fresh.values()
        )
        worn = typed.riders(source.edition, {one.chip for one in fresh})
        revision.advance(source.edition, {race for places in worn.values() for race, _course in places}, made)
    return ["done" if one in fresh else "known" if one in reads else "later" for one in wanted]


def tell(source: Source, told: Mapping[str, Any]) -> None:
    """Keep what the phone said of itself: battery, mains, queue, clock_us; what it did not say is null."""
    known = {name: told.get(name) for name in ("battery", "mains", "queue", "clock_us")}
    Status.objects.update_or_create(source=source, defaults={"at": timezone.now(), "said": dict(told), **known})


def roster(source: Source) -> tuple[dict[str, Any], str]:
    """All that a pad knows of the riders, so that it can name them without a network, and the hash of what it says.

    Bib, name and category of everybody who rides, and which races come past this pad; nothing else of anybody.
    """
    edition, point = source.edition, source.point
    body = {
        "edition": edition.slug, "zone": source.zone, "source": source.name, "source_id": source.pk,
        "point": point and {"code": point.code, "name": point_name(point), "course": point.course.name},
        "wipe_after": (datetime.combine(edition.ends_on, time(), ZoneInfo(edition.zone)) + timedelta(days=1.5)).isoformat(),
        "races": _races(edition, point), "rows": _rows(edition),
    }  # fmt: skip
    language = translation.get_language() or ""
    digest = hashlib.sha256(language.encode() + orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]
    return body, digest


def point_name(point: TimingPoint) -> str:
    """What the point is called, in the language in force."""
    english = (translation.get_language() or "").startswith("en")
    return (point.name_en if english else "") or point.name_zh


def _races(edition: Edition, point: TimingPoint | None) -> list[dict[str, Any]]:
    """The races; `here`: they come past this pad."""
    return [
        {
            "race": race.slug, "name": race.name, "here": point is not None and race.course_id == point.course_id,
            "min_lap_ms": int(race.rules.get("min_lap_us", 0)) // 1000,
        }
        for race in Race.objects.filter(edition=edition).order_by("day", "order", "slug")
    ]  # fmt: skip


def _rows(edition: Edition) -> list[list[Any]]:
    """[bib, 汉字, Latin name, race, category code, its mark, its name] of everybody who rides, by bib."""
    marks = {one.pk: one for one in Category.objects.filter(race__edition=edition)}
    riding = Entry.objects.filter(edition=edition, state=Entry.State.CONFIRMED, bib__isnull=False)
    rows = []
    for entry in riding.select_related("rider", "race").order_by("bib"):
        category, rider = marks[entry.category_id], entry.rider
        rows.append(
            [entry.bib, rider.name_zh, rider.latin, entry.race.slug, category.code, category.mark, category.name]
        )
    return rows


def pads(edition: Edition) -> list[dict[str, Any]]:
    """The keys of pads that were handed out, the newest first: `token`, its `source`, and when it was `heard_at` last."""
    placed = Source.objects.filter(edition=edition, make=MAKE).select_related("point__course", "status")
    by_channel = {
        channel.pk: source for source in placed.prefetch_related("channels") for channel in source.channels.all()
    }
    keys = Token.objects.filter(channel__in=by_channel).select_related("channel", "user").order_by("-pk")
    return [
        {"token": token, "source": by_channel[token.channel.pk], "heard_at": token.heard_at}
        for token in keys.annotate(heard_at=Max("channel__deliveries__received_at"))
    ]


def instants(edition: Edition) -> dict[str, Any]:
    """The time here (real), and the law of the edition's time: what a phone measures itself against."""
    return {"now": timezone.now().isoformat(timespec="microseconds"), "clock": clock.segment(edition)}
