"""Whether the details of a ruling make sense: numbers in their range, bibs on the list, times on the day of the race."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from race.models import Entry, Gun, Race
from race.refused import Refused
from timing.clocks import microseconds

DAY_S = 86_400
Detail = Mapping[str, Any]


def check(race: Race, kind: str, entry: Entry | None, detail: Detail) -> None:
    """Refused as `bad_detail`, with the key and what it may be. The types have been checked before.

    `entry`: the rider the ruling is about, if it is about one.
    """
    for key, allowed in CHECKS.get(kind, {}).items():
        if key in detail:
            allowed(race, entry, detail, key)


def _between(detail: Detail, key: str, low: int, high: int) -> None:
    if not low <= detail[key] <= high:
        said = {"key": key, "low": low, "high": high}
        raise Refused("bad_detail", _("%(key)s is a number from %(low)s to %(high)s.") % said)


def _seconds(race: Race, entry: Entry | None, detail: Detail, key: str) -> None:
    """A penalty is a second at least and a day at most."""
    _between(detail, key, 1, DAY_S)


def _interval(race: Race, entry: Entry | None, detail: Detail, key: str) -> None:
    """What a neutralised race lost, in microseconds: no more than a day."""
    _between(detail, key, 1, DAY_S * 1_000_000)


def _most_laps(race: Race) -> int:
    """The laps of the race; of its longest category, where categories differ."""
    by_category: dict[str, int] = race.rules.get("laps_by_category", {})
    return max([race.laps, *by_category.values()])


def _lap(race: Race, entry: Entry | None, detail: Detail, key: str) -> None:
    _between(detail, key, 1, _most_laps(race))


def _laps_ridden(race: Race, entry: Entry | None, detail: Detail, key: str) -> None:
    _between(detail, key, 0, _most_laps(race))


def _instant(race: Race, entry: Entry | None, detail: Detail, key: str) -> None:
    """From the gun of the rider's wave (an hour before its programme while there is none) and for a day."""
    assert entry is not None
    wave = entry.category.wave
    gun = Gun.objects.filter(wave=wave).order_by("revision").last()
    first = gun.at if gun else wave.planned_at - timedelta(hours=1)
    last = (gun.at if gun else wave.planned_at) + timedelta(days=1)
    if not microseconds(first) <= detail[key] <= microseconds(last):
        zone = ZoneInfo(race.edition.zone)
        said = {
            "key": key,
            "low": microseconds(first),
            "high": microseconds(last),
            "from": first.astimezone(zone).isoformat(),
            "until": last.astimezone(zone).isoformat(),
        }
        sentence = _("%(key)s is a number from %(low)s to %(high)s: microseconds from %(from)s to %(until)s.")
        raise Refused("bad_detail", sentence % said)


def _another(race: Race, entry: Entry | None, detail: Detail, key: str) -> None:
    """Another rider of the race than the one the ruling is about."""
    if (entry is not None and detail[key] == entry.bib) or not _on_list(race, detail[key]):
        raise Refused("bad_detail", _("%(key)s is the bib of another rider on the start list.") % {"key": key})


def _other_than_a(race: Race, entry: Entry | None, detail: Detail, key: str) -> None:
    if detail[key] == detail["a"]:
        raise Refused("bad_detail", _("%(key)s is the bib of another rider on the start list.") % {"key": key})
    _another(race, entry, detail, key)


MOST_PLACED = 400


def _order(race: Race, entry: Entry | None, detail: Detail, key: str) -> None:
    """Groups of bibs in the order of the photo, each bib once and on the start list; a dead heat in one group."""
    groups = detail[key]
    bibs = [bib for group in groups if isinstance(group, list) for bib in group]
    shaped = all(isinstance(group, list) and group for group in groups) and all(type(bib) is int for bib in bibs)
    if not shaped or not 2 <= len(bibs) <= MOST_PLACED or len(set(bibs)) < len(bibs):
        raise Refused("bad_detail", _("%(key)s is a list of groups of bibs, each bib once.") % {"key": key})
    small = [bib for bib in bibs if 0 < bib < 2**31]
    there = set(
        Entry.objects.filter(race=race, bib__in=small, state=Entry.State.CONFIRMED).values_list("bib", flat=True)
    )
    missing = [str(bib) for bib in bibs if bib not in there]
    if missing:
        raise Refused("not_on_list", _("Not on the start list: %(bibs)s.") % {"bibs": ", ".join(missing[:20])})


def _on_list(race: Race, bib: int) -> bool:
    # A number beyond any bib is on no list, and the database could not even compare it.
    return 0 < bib < 2**31 and Entry.objects.filter(race=race, bib=bib, state=Entry.State.CONFIRMED).exists()


def _bibs(race: Race, entry: Entry | None, detail: Detail, key: str) -> None:
    """Who is still out there, by bib; one who has come home since does no harm."""
    if not all(type(bib) is int for bib in detail[key]):
        raise Refused("bad_detail", _("%(key)s is a list of bibs.") % {"key": key})


#: kind -> detail -> what it may be.
CHECKS: dict[str, dict[str, Callable[[Race, Entry | None, Detail, str], None]]] = {
    "time_penalty": {"seconds": _seconds},
    "neutralise": {"us": _interval},
    "results_at_lap": {"lap": _lap},
    "pulled": {"after_lap": _laps_ridden, "at_us": _instant},
    "credit_time_of": {"of": _another},
    "finish_order": {"order": _order},
    "close": {"out": _bibs},
    "chip_swap": {"a": _another, "b": _other_than_a},
    "manual_finish": {"at_us": _instant},
    "confirm_missed": {"at_us": _instant},
}
