"""The rules of entering an edition: an organiser's data, with the customs of comparable races where nothing is said.

| source | rule | field | |
|---|---|---|---|
| design, 4 | a place is held 15 minutes while its rider pays | `hold_minutes` | done |
| 柴古, 腾冲 2023 | money back in steps, 80 % before a date | `refund_percent` | done |
| 浦口 2024 | entries and changes end 10 days before | `change_days_before` | done |
| 湖北联赛 2015 | a team may still put in a rider shortly before the round | `substitute_days_before` | done |
| 凤凰山 2019 | chip deposit of 100 yuan | `chip_deposit_fen` | done |
| 千岛湖 2020 | under 18: a guardian and a written guarantee | `guardian_under`, `documents` | done |
| 拱墅 2024 | professionals stay barred for two years | `barred_years` | done |
| 莽山 2017, 平谷 2024 | call-up from 60 to 10 minutes before the start | `sign_on_opens_min`, `sign_on_closes_min` | done |
| 长三角, 辉县 2016 | a group of fewer than 20 is merged | `merge_below` | done |
| 武夷山 2019 | protests within 30 minutes with 500 yuan | `protest_minutes`, `protest_deposit_fen` | done |
| 乌梁素海 2024 | insured for 500 000 yuan at least | `insurance_min_fen` | done |

Money is in fen, hundredths of a yuan, and always a whole number. Days count back from the first day of the edition.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

Who = Literal["all", "foreign", "minor"]


@dataclass(frozen=True, slots=True)
class DocumentTerms:
    """A document riders hand in: its kind, and of whom it is asked. Not required: it may be handed in."""

    kind: str
    who: Who = "all"
    required: bool = True


@dataclass(frozen=True, slots=True)
class EntryRules:
    """An edition's rules of entering; each default is illustrative and may be replaced.

    `refund_steps`: (days before the first day, percent given back), the most days first; nothing after the last step.
    `exclusions`: pairs of category codes that nobody rides both of. `transfers_allowed`: whether a place may go to
    another person. `neutral_nations`: IOC codes of nations whose riders start without flag.
    """

    hold_minutes: int = 15
    offer_hours: int = 24
    offers_end_days_before: int = 7
    transfer_hold_hours: int = 72
    payment_methods: tuple[str, ...] = ("sandbox", "on_site", "transfer")
    refund_steps: tuple[tuple[int, int], ...] = ((10, 80),)
    change_days_before: int = 10
    substitute_days_before: int = 5
    transfers_allowed: bool = False
    chip_deposit_fen: int = 10_000
    guardian_under: int = 18
    one_a_day: bool = True
    exclusions: tuple[tuple[str, str], ...] = (("ME", "MM"), ("XO", "XM"))
    barred_years: int = 2
    reserved_bibs: tuple[int, ...] = (13,)
    bibs_frozen_days_before: int = 5
    sign_on_opens_min: int = 60
    sign_on_closes_min: int = 10
    merge_below: int = 20
    protest_minutes: int = 30
    protest_deposit_fen: int = 50_000
    documents: tuple[DocumentTerms, ...] = (DocumentTerms("guardian_consent", "minor"),)
    insurance_min_fen: int = 50_000_000
    retention_days: int = 365
    neutral_nations: tuple[str, ...] = ()

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "EntryRules":
        """The rules an organiser wrote down, with defaults for the rest.

        ValueError names the key that is unknown, of the wrong type, or makes no sense.
        """
        known = {column.name: column.default for column in fields(cls)}
        values: dict[str, Any] = {}
        for key, value in document.items():
            if key not in known:
                raise ValueError(f"{key}: no such rule")
            try:
                values[key] = _reader(key, known[key])(value)
            except ValueError as error:
                raise ValueError(f"{key}: {error}") from error
        rules = cls(**values)
        if rules.sign_on_closes_min > rules.sign_on_opens_min:
            raise ValueError("sign_on_closes_min: sign-on closes before it opens")
        return rules


def refund_percent(rules: EntryRules, days_before: int) -> int:
    """How much of the money comes back that many days before the first day, in percent; the first day itself is 0."""
    return next((percent for days, percent in rules.refund_steps if days_before >= days), 0)


def refund_fen(rules: EntryRules, paid_fen: int, days_before: int) -> int:
    """What comes back of what was paid, in fen, rounded down. ValueError: less than nothing was paid."""
    if paid_fen < 0:
        raise ValueError("paid_fen: below 0")
    return paid_fen * refund_percent(rules, days_before) // 100


def _reader(key: str, default: object) -> Callable[[Any], Any]:
    """What reads the value of a key: its own reader, or the one of its default's type."""
    if key in READERS:
        return READERS[key]
    return _flag if isinstance(default, bool) else _count


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError("must be a whole number, 0 or more")
    return value


def _word(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("must be a word")
    return value


def _listed(value: Any) -> Sequence[Any]:
    if not isinstance(value, list | tuple):
        raise ValueError("must be a list")
    return value


def _pair(value: Any) -> Sequence[Any]:
    if len(pair := _listed(value)) != 2:
        raise ValueError("must be a list of pairs")
    return pair


def _words(value: Any) -> tuple[str, ...]:
    return tuple(_word(word) for word in _listed(value))


def _numbers(value: Any) -> tuple[int, ...]:
    return tuple(_count(number) for number in _listed(value))


def _nations(value: Any) -> tuple[str, ...]:
    codes = _words(value)
    if any(len(code) != 3 or not code.isascii() or not code.isalpha() or not code.isupper() for code in codes):
        raise ValueError("must be IOC codes of three capitals")
    return codes


def _steps(value: Any) -> tuple[tuple[int, int], ...]:
    """Refund steps, the most days first. Coming later may never give back more."""
    steps = sorted(((_count(days), _count(percent)) for days, percent in map(_pair, _listed(value))), reverse=True)
    percents = [percent for _, percent in steps]
    if any(percent > 100 for percent in percents):
        raise ValueError("must not give back more than 100 percent")
    if len({days for days, _ in steps}) < len(steps) or percents != sorted(percents, reverse=True):
        raise ValueError("must give back less the later it is")
    return tuple(steps)


def _exclusions(value: Any) -> tuple[tuple[str, str], ...]:
    pairs = tuple((_word(one), _word(other)) for one, other in map(_pair, _listed(value)))
    if any(one == other for one, other in pairs):
        raise ValueError("must not exclude a category from itself")
    return pairs


def _documents(value: Any) -> tuple[DocumentTerms, ...]:
    return tuple(map(_document, _listed(value)))


def _document(value: Any) -> DocumentTerms:
    if not isinstance(value, Mapping) or "kind" not in value or value.keys() - {"kind", "who", "required"}:
        raise ValueError("must be a list of {kind, who, required}")
    who = value.get("who", "all")
    if who not in get_args(Who):
        raise ValueError(f"who must be one of {', '.join(get_args(Who))}")
    return DocumentTerms(_word(value["kind"]), who, _flag(value.get("required", True)))


READERS: Mapping[str, Callable[[Any], Any]] = {
    "payment_methods": _words,
    "refund_steps": _steps,
    "exclusions": _exclusions,
    "reserved_bibs": _numbers,
    "documents": _documents,
    "neutral_nations": _nations,
}
