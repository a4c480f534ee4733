"""A race's laps and special regulations: edited with a reason, each edit a fact that "the board at N" can undo.

The words of `Race.rules` are those that the scoring core reads (docs/scoring.md, "Rules as data"); here stands what each
may be, so that a slip of the pen is told to whoever makes it and not to the board.
"""

from collections.abc import Callable, Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from race import changes
from race.models import Category, Gun, Race, TimingPoint, User, Wave
from race.refused import Refused

DAY_S, DAY_US, MOST_LAPS = 86_400, 86_400_000_000, 999
Value = Any


@transaction.atomic
def change(
    race: Race, *, laps: int | None = None, rules: Mapping[str, Any] | None = None, by: User | None, reason: str = ""
) -> Race:
    """Other laps, other rules: `rules` holds the keys to set, null takes one away; the others stay as they are.

    Refused: `bad_rule` with the key and what it may be; `reason_missing` once the race has its gun.
    """
    race = Race.objects.select_for_update(of=("self",)).select_related("edition").get(pk=race.pk)
    wanted: dict[str, Any] = {}
    if laps is not None:
        wanted["laps"] = _laps("laps", laps, race)
    if rules is not None:
        merged = race.rules | {key: _judged(key, value, race) for key, value in rules.items()}
        wanted["rules"] = {key: value for key, value in merged.items() if value is not None}
    if not reason.strip() and Gun.objects.filter(wave__race=race).exists():
        raise Refused("reason_missing", _("The race has begun: say why this changes now."))
    changes.edit(race.edition, [race], [(race, wanted)], by=by, reason=reason.strip())
    return race


def _judged(key: str, value: Value, race: Race) -> Value:
    if key not in RULES:
        raise Refused("bad_rule", _("There is no rule called %(key)s.") % {"key": key})
    return None if value is None else RULES[key](key, value, race)


def _number(key: str, value: Value, most: int, least: int = 0) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        said = {"key": key, "low": least, "high": most}
        raise Refused("bad_rule", _("%(key)s is a number from %(low)s to %(high)s.") % said)
    return value


def _laps(key: str, value: Value, race: Race) -> int:
    return _number(key, value, MOST_LAPS, 1)


def _time(key: str, value: Value, race: Race) -> int:
    return _number(key, value, DAY_US)


def _yes_or_no(key: str, value: Value, race: Race) -> bool:
    if not isinstance(value, bool):
        raise Refused("bad_rule", _("%(key)s is true or false.") % {"key": key})
    return value


def _one_of(*names: str) -> Callable[[str, Value, Race], str]:
    def judge(key: str, value: Value, race: Race) -> str:
        if value not in names:
            raise Refused("bad_rule", _("%(key)s is one of: %(names)s.") % {"key": key, "names": ", ".join(names)})
        return str(value)

    return judge


def _object(key: str, value: Value, names: frozenset[str] | set[str]) -> dict[str, Any]:
    """An object with no other keys than these."""
    if not isinstance(value, dict) or not set(value) <= names:
        said = {"key": key, "names": ", ".join(sorted(names))}
        raise Refused("bad_rule", _("%(key)s holds these and nothing else: %(names)s.") % said)
    return value


def _limit(key: str, value: Value, race: Race) -> dict[str, int]:
    most = {"percent": 1000, "after_first_us": DAY_US, "absolute_us": DAY_US}
    return {name: _number(f"{key}.{name}", one, most[name]) for name, one in _object(key, value, set(most)).items()}


def _by_category(judge: Callable[[str, Value, Race], int]) -> Callable[[str, Value, Race], dict[str, int]]:
    def judged(key: str, value: Value, race: Race) -> dict[str, int]:
        codes = set(Category.objects.filter(race=race).values_list("code", flat=True))
        return {code: judge(f"{key}.{code}", one, race) for code, one in _object(key, value, codes).items()}

    return judged


def _point(key: str, value: Value, race: Race) -> str:
    codes = list(TimingPoint.objects.filter(course=race.course_id).values_list("code", flat=True))
    return _one_of(*codes)(key, value, race)


def _windows(key: str, value: Value, race: Race) -> list[dict[str, Any]]:
    """Per point, and per wave where one is named: from when until when a passing counts, in seconds from the gun."""
    if not isinstance(value, list):
        raise Refused("bad_rule", _("%(key)s is a list of windows.") % {"key": key})
    waves = list(Wave.objects.filter(race=race).values_list("code", flat=True))
    windows = [_window(f"{key}[{number}]", said, race, waves) for number, said in enumerate(value)]
    places = [(window["point"], window.get("wave", "")) for window in windows]
    if len(places) != len(set(places)):
        raise Refused("bad_rule", _("%(key)s: one window for a wave at a point.") % {"key": key})
    return windows


def _window(key: str, value: Value, race: Race, waves: list[str]) -> dict[str, Any]:
    said = _object(key, value, {"point", "wave", "from_s", "until_s"})
    window: dict[str, Any] = {"point": _point(f"{key}.point", said.get("point"), race)}
    if said.get("wave"):
        window["wave"] = _one_of(*waves)(f"{key}.wave", said["wave"], race)
    for edge in ("from_s", "until_s"):
        if said.get(edge) is not None:
            window[edge] = _number(f"{key}.{edge}", said[edge], 2 * DAY_S)
    if window.get("from_s", 0) >= window.get("until_s", 3 * DAY_S):
        raise Refused("bad_rule", _("%(key)s closes before it opens.") % {"key": key})
    if set(window) <= {"point", "wave"}:
        raise Refused("bad_rule", _("%(key)s needs from_s, until_s or both.") % {"key": key})
    return window


#: Every key of `Race.rules` and what it may be; a test holds them equal to what the scoring core reads.
RULES: dict[str, Callable[[str, Value, Race], Value]] = {
    "min_lap_us": _time,
    "min_lap_us_by_category": _by_category(_time),
    "min_first_us": _time,
    "windows": _windows,
    "bunch": _yes_or_no,
    "bunch_scope": _one_of("race", "category"),
    "gap_us": _time,
    "wheel_us": _time,
    "together_us": _time,
    "lapped": _one_of("complete", "lead_lap"),
    "lapped_ranked": _yes_or_no,
    "laps_by_category": _by_category(_laps),
    "rank_by": _one_of("order", "net"),
    "rank_scope": _one_of("category", "race"),
    "limit": _limit,
    "time_point": _point,
    "without_gun": _yes_or_no,
}
