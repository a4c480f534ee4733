"""What the cells of an entry list say: names, documents, days, nations, regions, marks. No query.

Every reader returns a value or raises `BadCell` with a code and a sentence in the language in force.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache

from django.utils.translation import gettext as _

from race import identity, names, nations, particulars, regions, sheet
from race.refused import Refused

_KINDS = {
    "resident": "身份证 居民身份证 中国居民身份证 二代身份证 resident residentid idcard chineseid nationalid resident身份证",
    "passport": "护照 外国护照 passport",
    "permit_hm": "港澳居民来往内地通行证 港澳通行证 回乡证 permit_hm hongkongmacaopermit homereturnpermit",
    "permit_tw": "台湾居民来往大陆通行证 台胞证 permit_tw taiwanpermit",
    "residence_permit_hmt": "港澳台居民居住证 港澳台居住证 residence_permit_hmt residencepermit",
    "pr_card": "外国人永久居留身份证 永久居留证 外国人永久居留证 pr_card permanentresidencecard",
}
_BY_KIND = {word: kind for kind, words in _KINDS.items() for word in words.split()}
_SEXES = {
    "男": "M",
    "m": "M",
    "male": "M",
    "man": "M",
    "男子": "M",
    "女": "F",
    "f": "F",
    "female": "F",
    "woman": "F",
    "女子": "F",
}
_YES_WORDS = "是 已付 已付款 已缴 已缴费 有 y yes paid true 1 √ ✓ x ok"
_YES = frozenset(_YES_WORDS.split())
_NO_WORDS = "否 未付 未付款 未缴 未缴费 无 n no unpaid false 0 - – ×"
_NO = frozenset(_NO_WORDS.split())
_HAN = re.compile(r"[㐀-鿿〇]")
_CHIP_GAPS = re.compile(r"[\s,;，；、/]+")
BIBS = range(1, 100_000)


class BadCell(ValueError):
    """A cell that cannot be read: the code for machines, the sentence for people."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(code)
        self.code, self.text = code, text


def has_han(cell: str) -> bool:
    """Whether there are Chinese characters in a cell."""
    return _HAN.search(cell) is not None


def name(cell: str) -> tuple[str, str, str]:
    """(name_zh, surname, given) of a name: Chinese as it is, Latin with the surname in capitals or before a comma."""
    if has_han(cell):
        return names.tidy(cell), "", ""
    surname, comma, given = (part.strip() for part in cell.partition(","))
    if comma and surname and given:
        return "", surname, given
    words = cell.split()
    capitals = [word for word in words if word.isupper() and len(word) > 1]
    others = [word for word in words if word not in capitals]
    if capitals and others:
        return "", " ".join(capitals), " ".join(others)
    raise BadCell("name_order", _("Write the surname in capitals: GÓMEZ Juan."))


def document(kind: str, number: str) -> tuple[str, str]:
    """(kind, number) of a document; where no kind is written, the form of the number tells it."""
    if sheet.ruined(number):
        raise BadCell(
            "number_ruined", _("The spreadsheet program cut this number. Format the column as text and type it again.")
        )
    spelt = identity.normal(sheet.plain(number))
    if kind:
        found = _BY_KIND.get("".join(kind.casefold().split()))
        if found is None:
            raise BadCell("unknown_kind", _("This kind of document is not known."))
        return found, spelt
    if len(spelt) in (15, 18) and spelt[:-1].isdigit():
        return (
            "residence_permit_hmt" if spelt[:2] in identity.HMT else "pr_card" if spelt[0] == "9" else "resident"
        ), spelt
    if re.fullmatch(r"[HM]\d{8}", spelt):
        return "permit_hm", spelt
    return ("permit_tw" if re.fullmatch(r"\d{8}", spelt) else "resident" if spelt.isdigit() else "passport"), spelt


def sex(cell: str) -> str:
    """M or F; empty for an empty cell."""
    if cell and cell.casefold() not in _SEXES:
        raise BadCell("sex_unreadable", _("Write 男 or 女, M or F."))
    return _SEXES.get(cell.casefold(), "")


def phone(cell: str, name: str = "phone") -> str:
    """A number that can be dialled, in the international form; those without a country are Chinese."""
    if sheet.ruined(cell):
        raise BadCell("number_ruined", _("The spreadsheet program cut this number. Format the column as text."))
    return _particular(lambda: particulars.phone(sheet.plain(cell), name=name))


def email(cell: str) -> str:
    """An e-mail address."""
    return _particular(lambda: particulars.email(cell))


def nation(cell: str) -> str:
    """The IOC code of a nation named by its code or its name; CHN for an empty cell."""
    if not cell:
        return "CHN"
    found = _nations().get(_folded(cell))
    if found is None:
        raise BadCell("nation_unknown", _("Write the three letters of the nation, or its name."))
    return found


def region(cell: str, known: Mapping[str, regions.Region]) -> regions.Region | None:
    """The division (and the city, where a quota counts it) in which a rider lives; None for an empty cell."""
    text = _folded(cell)
    if not text:
        return None
    if text.isdigit() and len(text) in (2, 4, 6):
        return known.get(text.ljust(6, "0")) or _unknown_region()
    fitting = [one for one in known.values() if _stands_in(one, text)]
    return fitting[-1] if fitting else _unknown_region()


def bib(cell: str) -> int | None:
    """A bib; None for an empty cell."""
    text = sheet.plain(cell)
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and int(text) in BIBS):
        raise BadCell("bib_unreadable", _("A bib is a whole number from 1."))
    return int(text)


def chips(cell: str) -> tuple[str, ...]:
    """The codes of the chips in a cell, two at most."""
    if sheet.ruined(cell):
        raise BadCell("chip_ruined", _("The spreadsheet program cut this number. Format the column as text."))
    codes = tuple(dict.fromkeys(sheet.plain(code).upper() for code in _CHIP_GAPS.split(cell.strip()) if code))
    if len(codes) > 2 or any(len(code) > 32 for code in codes):
        raise BadCell("chip_unreadable", _("A rider has two chips at most."))
    return codes


def paid(cell: str) -> bool:
    """Whether the fee was paid: a word, a tick, or an amount above 0."""
    text = sheet.plain(cell).casefold()
    if not text or text in _NO:
        return False
    if text in _YES:
        return True
    try:
        return float(text.strip("¥￥元")) > 0
    except ValueError as problem:
        raise BadCell("paid_unreadable", _("Write yes or no.")) from problem


@cache
def _nations() -> Mapping[str, str]:
    spelt: dict[str, str] = {"中国大陆": "CHN", "prc": "CHN", "中华人民共和国": "CHN"}
    for code, one in nations.nations().items():
        spelt |= {_folded(code): code, _folded(one.zh): code, _folded(one.en): code}
    return spelt


def _folded(cell: str) -> str:
    return "".join(cell.split()).casefold()


def _stands_in(one: regions.Region, text: str) -> bool:
    """Whether a cell such as 河南省洛阳市 names this division; a city counts only behind its province."""
    if "·" in one.zh:
        province, city = one.zh.split("·")
        return city in text and text.startswith((province, city))
    return text.startswith(one.zh) or text == _folded(one.en)


def _particular(read: Callable[[], str]) -> str:
    try:
        return read()
    except Refused as refused:
        raise BadCell(refused.code, refused.message) from refused


def _unknown_region() -> regions.Region:
    raise BadCell("region_unknown", _("Write the name of the province."))
