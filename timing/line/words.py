"""The line in sentences: ages, states, and for each alarm the fact and what happens next."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from race.models import TimingPoint
from race.models.edition import in_language
from timing.channels import PAD, UPLOADS_OF
from timing.decoders.wall_clock import local_text
from timing.line.alarms import Alarm
from timing.line.health import SourceHealth

MINUS = "\N{MINUS SIGN}"
MAKES = {
    "mylaps": "MYLAPS", "raceresult": "race result", "ultra": "RFID Timing Ultra", "feibot": gettext_lazy("Feibot"),
    "ipico": "IPICO", "chronotrack": "ChronoTrack", "amb_p3": "AMB P3", "jchip": "JChip", "wiclax": "Wiclax",
    "impinj": "Impinj", "csv": gettext_lazy("File"), "json": "JSON", "pad": gettext_lazy("Phone pad"),
    "phone": gettext_lazy("Phone pad"), "": "",
}  # fmt: skip
#: Under ten seconds of event time data are fresh, at any speed; up to a minute a source is in order and no more than that.
FRESH_US = 10_000_000
FRESH = pgettext_lazy("source", "fresh")
STATES: dict[str, str | Promise] = {
    "ok": pgettext_lazy("source", "in order"),
    "slow": pgettext_lazy("source", "slow"),
    "silent": pgettext_lazy("source", "silent"),
    "idle": pgettext_lazy("source", "quiet"),
    "unmapped": pgettext_lazy("source", "not placed"),
}
LOST = pgettext_lazy("source", "line lost")


class Told(NamedTuple):
    """An alarm in words: the fact, and what follows from it."""

    fact: str
    consequence: str


def make_word(make: str) -> str:
    """The maker's own name."""
    return str(MAKES.get(make, make))


def zone(name: str) -> str:
    """A zone by how far it is from UTC today: `UTC+8`."""
    offset = ZoneInfo(name).utcoffset(datetime.now(UTC).replace(tzinfo=None))
    minutes = int(offset.total_seconds()) // 60 if offset is not None else 0
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{MINUS if minutes < 0 else '+'}{hours}" + (f":{rest:02}" if rest else "")


def channel(label: str) -> str:
    """What a channel is called: whoever sends in files has one that is named after the account, a pad after its source."""
    if label.startswith(UPLOADS_OF):
        return _("Files sent by %(who)s") % {"who": label.removeprefix(UPLOADS_OF)}
    if label.startswith(PAD):
        return _("Phone pad: %(name)s") % {"name": label.removeprefix(PAD)}
    return label


def place(point: TimingPoint) -> str:
    """A timing point with its course: each course has a finish."""
    return f"{point.course.name} {in_language(point.name_zh, point.name_en)}"


def state_word(source: SourceHealth) -> str:
    """The state in a word."""
    if source.state == "ok" and source.quiet_us is not None and source.quiet_us < FRESH_US:
        return str(FRESH)
    return str(LOST if source.why == "lost" else STATES[source.state])


def age(us: int | None) -> str:
    """An age: tenths under ten seconds, then seconds, minutes, hours."""
    if us is None:
        return "–"
    seconds = us // 1_000_000
    if seconds < 10:
        return _("%(seconds)s s") % {"seconds": f"{seconds}.{us // 100_000 % 10}"}
    if seconds < 60:
        return _("%(seconds)s s") % {"seconds": seconds}
    minutes, hours = seconds // 60, seconds // 3600
    if minutes < 60:
        return _("%(minutes)s min %(seconds)s s") % {"minutes": minutes, "seconds": seconds % 60}
    if hours < 24:
        return _("%(hours)s h %(minutes)s min") % {"hours": hours, "minutes": minutes % 60}
    return ngettext("%(days)s day", "%(days)s days", hours // 24) % {"days": hours // 24}


def wall(local_us: int) -> str:
    """A reading of a machine's own clock: day and time to the millisecond."""
    return local_text(local_us).replace("T", " ")


def time_of_day(at: datetime) -> str:
    """A time of day to the millisecond: `10:39:49.912`."""
    return at.strftime("%H:%M:%S.") + f"{at.microsecond // 1000:03}"


def signed(us: int, digits: int = 2) -> str:
    """An offset in seconds, or in hours and minutes where it is that large: `+0.31 s`, `−8 h 0 min`."""
    sign = MINUS if us < 0 else "+"
    if abs(us) >= 60_000_000:
        return sign + age(abs(us))
    unit = 10 ** (6 - digits)
    whole = (abs(us) + unit // 2) // unit
    sign = sign if whole else ""
    figures = f"{whole // 10**digits}.{whole % 10**digits:0{digits}}"
    return sign + _("%(seconds)s s") % {"seconds": figures}


def alarm(one: Alarm) -> Told:
    """An alarm in sentences."""
    return _SENTENCES[one.code](one)


def _silent(one: Alarm) -> Told:
    source = one.source
    assert source is not None
    name = {"name": source.source.name, "age": age(source.quiet_us), "count": source.missed}
    if source.why == "lost":
        return Told(
            _("%(name)s: line lost for %(age)s.") % name,
            _("The box goes on recording and sends what is missing once it is back; nothing is counted twice."),
        )
    if source.why == "never":
        fact = _("%(name)s has not read anybody, while the other source at its point saw %(count)s riders.") % name
    else:
        fact = _("%(name)s reads nobody any more: %(count)s riders missed.") % name
    return Told(fact, _("The other source counts in its place. Check antenna, mat and power."))


def _gateway(one: Alarm) -> Told:
    return Told(
        _("The gateway does not answer."),
        _(
            "Machines cannot deliver over the network until it runs again; they go on recording, and uploads still work."
        ),
    )


def _worker(one: Alarm) -> Told:
    said = {"count": one.values["count"], "age": age(one.values["seconds"] * 1_000_000)}
    fact = ngettext(
        "%(count)s delivery has waited to be taken in for %(age)s.",
        "%(count)s deliveries wait to be taken in, the first for %(age)s.",
        one.values["count"],
    )
    return Told(fact % said, _("What arrives is kept and acknowledged; boards stand still until a worker runs again."))


def _zone(one: Alarm) -> Told:
    assert one.source is not None
    source, ahead = one.source.source, one.values["ahead_us"]
    said = {"name": source.name, "hours": age(abs(ahead)), "zone": source.zone}
    if ahead % 86_400_000_000 == 0:
        fact = _("%(name)s is a whole %(hours)s off: the date on the box is wrong.")
    elif ahead < 0:
        fact = _("%(name)s is %(hours)s behind: its clock does not show the time of %(zone)s.")
    else:
        fact = _("%(name)s is %(hours)s ahead: its clock does not show the time of %(zone)s.")
    return Told(
        fact % said,
        _("A wrong zone, not a wrong clock. Its reads count once the zone is set here; the box stays as it is."),
    )


def _clock(one: Alarm) -> Told:
    assert one.source is not None
    said = {"name": one.source.source.name, "offset": signed(one.values["ahead_us"])}
    fact = _("The clock of %(name)s is off by %(offset)s.") % said
    if one.source.measured is not None and one.source.measured.sure:
        riders = {"count": one.source.measured.riders, "base": one.source.against}
        consequence = _("Measured with %(count)s riders whom %(base)s saw, too. Times move by it once it is applied.")
        return Told(fact, consequence % riders)
    return Told(fact, _("Its times stay as they are until an offset is set."))


def _parked(one: Alarm) -> Told:
    count = one.values["count"]
    fact = ngettext("%(count)s file looks like another race's.", "%(count)s files look like another race's.", count)
    return Told(
        fact % {"count": count}, _("It is kept and counts nowhere until somebody says whether it belongs here.")
    )


def _holes(one: Alarm) -> Told:
    assert one.source is not None
    count, said = one.values["count"], one.values | {"name": one.source.source.name}
    fact = ngettext(
        "%(name)s: %(count)s message is missing, number %(first)s.",
        "%(name)s: %(count)s messages are missing, the newest up to number %(last)s.",
        count,
    )
    return Told(fact % said, _("They are on the box: have it send again, or read in its file."))


def _rejected(one: Alarm) -> Told:
    count = one.values["count"]
    fact = ngettext("%(count)s row could not be read.", "%(count)s rows could not be read.", count) % {"count": count}
    return Told(fact, _("They are kept word for word with the reason; everything else of the delivery counts."))


def _unmapped(one: Alarm) -> Told:
    assert one.source is not None
    count, said = one.values["count"], {"count": one.values["count"], "name": one.source.source.name}
    fact = ngettext(
        "%(name)s stands nowhere yet: %(count)s read waits.",
        "%(name)s stands nowhere yet: %(count)s reads wait.",
        count,
    )
    return Told(fact % said, _("They are kept and count from the moment the source has a timing point."))


_SENTENCES: dict[str, Callable[[Alarm], Told]] = {
    "silent": _silent, "gateway_silent": _gateway, "worker_deaf": _worker, "zone_mistake": _zone, "clock_off": _clock,
    "parked": _parked, "holes": _holes, "rejected": _rejected, "unmapped": _unmapped,
}  # fmt: skip
