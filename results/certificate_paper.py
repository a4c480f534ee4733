"""A certificate on paper: what its PDF is given."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import override, pgettext

from race import dates, typesetting
from race.models.edition import in_language
from results import paper
from results.models import Certificate
from ui import times

LANGUAGES = paper.LANGUAGES
PDF = "application/pdf"
_DIGITS = "〇一二三四五六七八九"


def pdf(made: Sequence[Certificate], language: str) -> bytes:
    """The certificates in a language of LANGUAGES, a page each. Wants `edition`, `race` and `publication` fetched."""
    with override(LANGUAGES[language]):
        told = {"title": _title(), "certificates": [printed(one, language) for one in made]}
        return typesetting.pdf("certificate", told, keep=False)


def printed(made: Certificate, language: str) -> dict[str, Any]:
    """What the template is given of one, in the language in force."""
    said, zh = made.said, language == "zh"
    name, also = (said["name_zh"], said["latin"]) if zh else (said["latin"], said["name_zh"])
    name = name or also
    url = paper.address(made.code)
    return {
        "event": _lines(made.edition.name),
        "title": _title(),
        "name": name,
        "also": also if also != name else "",
        "sentences": sentences(made, zh=zh),
        "figures": figures(said, language),
        "signed": _signed(made),
        "proof": [_stands(made), _("Verify: %(url)s") % {"url": url.split("://", 1)[-1]}],
        "qr": url,
    }


def _title() -> str:
    return pgettext("certificate", "Finisher’s certificate")


def _lines(name: str) -> list[str]:
    """A long Chinese name of an event turns before 暨, which joins two of them."""
    before, joint, after = name.partition("暨")
    return [before, joint + after] if joint and before else [name]


def sentences(made: Certificate, *, zh: bool) -> list[str]:
    """When, where, and what was finished."""
    said, on = made.said, date.fromisoformat(made.said["day"])
    km = f"{said['metres'] / 1000:.1f}".removesuffix(".0")
    words = {
        "day": chinese_day(on) if zh else dates.with_year(on.year, dates.day(on)),
        "place": made.edition.venue,
        "category": in_language(said["category_zh"], said["category_en"]),
        "km": chinese(int(km)) if zh and km.isdigit() and int(km) < 1000 else km,
    }
    first = (
        pgettext("certificate", "On %(day)s in %(place)s,")
        if words["place"]
        else pgettext("certificate", "On %(day)s,")
    )
    return [first % words, pgettext("certificate", "finished the race of %(km)s km: %(category)s") % words]


def figures(said: dict[str, Any], language: str) -> list[list[str]]:
    """Time (or laps down), place, number."""
    spoken = LANGUAGES[language]
    time = (
        times.laps_down(said["down"], spoken)
        if said["status"] == "LAP"
        else times.race_time((said["time_s"] or 0) * 1000)
    )
    place = "–" if said["rank"] is None else str(said["rank"])
    return [
        [pgettext("certificate", "Time"), time],
        [pgettext("certificate", "Place"), place],
        [pgettext("certificate", "Number"), str(said["bib"])],
    ]


def _signed(made: Certificate) -> list[str]:
    """Who stands for it: the chief who made the result official, and the organiser."""
    by = made.publication.by.get_full_name() if made.publication.by else ""
    chief = [pgettext("certificate", "Chief commissaire: %(name)s") % {"name": by}] if by else []
    committee = pgettext("certificate", "Organising committee of the %(edition)s") % {
        "edition": made.edition.short_name
    }
    return [*chief, committee]


def _stands(made: Certificate) -> str:
    paper_made = getattr(made.publication, "communique", None)
    words = {
        "n": paper_made.number if paper_made else "–",
        "number": f"{made.edition.slug.upper()}-{made.said['category']}-{made.said['bib']:04}",
    }
    return _("Official result · Communiqué No. %(n)s · Certificate %(number)s") % words


def chinese_day(on: date) -> str:
    """二〇二四年五月二十五日."""
    year = "".join(_DIGITS[int(digit)] for digit in str(on.year))
    return f"{year}年{chinese(on.month)}月{chinese(on.day)}日"


def chinese(number: int) -> str:
    """A whole number from 0 to 999 in Chinese: 八十四, 一百零五, 十."""
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    if not hundreds:
        return _DIGITS[0].replace("〇", "零") if not number else _below_hundred(tens, ones, alone=True)
    tail = "" if not rest else ("零" + _DIGITS[ones] if not tens else _below_hundred(tens, ones, alone=False))
    return f"{_DIGITS[hundreds]}百{tail}"


def _below_hundred(tens: int, ones: int, *, alone: bool) -> str:
    """`alone`: nothing stands before it, so ten is 十 and not 一十."""
    first = "" if not tens else "十" if tens == 1 and alone else f"{_DIGITS[tens]}十"
    return first + (_DIGITS[ones] if ones else "")
