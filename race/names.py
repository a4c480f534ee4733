"""Names: which part is the surname, how it is read, how it sorts, and what a person may type to find it.

A Han surname is read in its own way (单 is Shan and not Dan); the readings here are those that a plain table of
characters gets wrong. Where regions differ (覃, 隗) the more frequent reading stands; a rider corrects the Latin name
on the form. `ü` is written YU, as in passports since 2012 (LYU), so that it survives ASCII.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from pypinyin import Style, lazy_pinyin

_COMPOUND = """
欧阳 上官 司马 诸葛 皇甫 尉迟 令狐 东方 夏侯 司徒 司空 司寇 长孙 宇文 慕容 独孤 拓跋 呼延 鲜于 淳于 濮阳 澹台 公孙 轩辕 钟离
申屠 赫连 端木 纳兰 闾丘 东郭 西门 南宫 南门 亓官 公冶 公羊 公西 宗政 太史 太叔 仲孙 完颜 耶律 万俟 左丘 梁丘 乐正 夹谷 羊舌
微生 百里 第五 闻人 谷梁 漆雕 壤驷 巫马 颛孙 叔孙 贺兰 宿勤 欧侯 爱新觉罗 叶赫那拉 孛儿只斤
"""
COMPOUND_SURNAMES = frozenset(_COMPOUND.split())
"""Surnames of more than one character. 单于 is left out: who is called 单于飞 is a 单."""

_READINGS = """
单:shan 曾:zeng 区:ou 仇:qiu 解:xie 查:zha 盖:ge 朴:piao 翟:zhai 乐:yue 员:yun 缪:miao 覃:qin 洗:xian 折:she 种:chong 秘:bi
召:shao 祭:zhai 乜:nie 藏:zang 么:yao 薄:bo 郇:xun 繁:po 句:gou 适:kuo 重:chong 都:du 角:jue
乐正:yue-zheng 孛儿只斤:bo-er-zhi-jin
"""
SURNAME_READINGS: dict[str, str] = dict(pair.split(":") for pair in _READINGS.split())
"""Surnames that are read otherwise than pypinyin reads the character, syllable by syllable."""

MIDDLE_DOT = "·"
_DOTS = re.compile(r"[·•・‧･⋅∙]|(?<=[^\W\d_a-zA-Z])[.．](?=[^\W\d_a-zA-Z])")
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"})
_LONGEST_COMPOUND = max(map(len, COMPOUND_SURNAMES))
SORT_KEY_LENGTH = 160


def tidy(name_zh: str) -> str:
    """A Chinese name as it is stored: no blanks between Han characters, one kind of middle dot."""
    text = _DOTS.sub(MIDDLE_DOT, unicodedata.normalize("NFKC", name_zh).strip())
    return re.sub(r"(?<![A-Za-z])\s+|\s+(?![A-Za-z])", "", text)


def split(name_zh: str) -> tuple[str, str]:
    """Surname and given name of a Chinese name.

    A name with a middle dot has no Han surname: its first part, and the others. A known surname of two or four
    characters goes before one of a single character, as long as something is left for the given name. A name in Latin
    letters stays whole.
    """
    name = tidy(name_zh)
    if MIDDLE_DOT in name:
        first, _, others = name.partition(MIDDLE_DOT)
        return first, others
    if not _is_han(name[:1]):
        return name, ""
    for length in range(min(_LONGEST_COMPOUND, len(name) - 1), 1, -1):
        if name[:length] in COMPOUND_SURNAMES:
            return name[:length], name[length:]
    return name[:1], name[1:]


def pinyin(name_zh: str) -> tuple[str, str]:
    """Surname in capitals and given name in toneless pinyin, as on a passport: 吕明 is ("LYU", "Ming").

    Of a name with middle dots each part is read whole, and the parts of the given name are words.
    """
    surname, given = split(name_zh)
    words = ("".join(_syllables(part)) for part in given.split(MIDDLE_DOT) if part)
    family = _passport("".join(_surname_syllables(surname))).upper()
    return family, " ".join(_passport(word).capitalize() for word in words)


def romanise(name_zh: str) -> str:
    """A Chinese name as `SURNAME Given` in pinyin without tones."""
    return " ".join(pinyin(name_zh)).strip()


def sort_key(name_zh: str, surname_latin: str, given_latin: str) -> str:
    """What lists sort by: the Latin name, else the pinyin, in lower case without accents, at most 160 characters."""
    surname, given = (surname_latin, given_latin) if surname_latin or given_latin else pinyin(name_zh)
    return " ".join(_plain(f"{surname} {given}").split())[:SORT_KEY_LENGTH]


def search_keys(name_zh: str, surname_latin: str, given_latin: str) -> str:
    """All a person may type for a name, between bars: `query_key(typed) in search_keys(...)` finds it.

    The Han name; pinyin and Latin name with the surname first and last; the initials of both in both orders.
    """
    keys = [query_key(name_zh)]
    if name_zh:
        surname, given = split(name_zh)
        family, own = _surname_syllables(surname), _syllables(given.replace(MIDDLE_DOT, ""))
        keys += _both_orders(family, own)
        if any("ü" in part for part in (*family, *own)):
            keys += _both_orders(map(_passport, family), map(_passport, own))
            # Keyboards write ü as v.
            keys += _both_orders((part.replace("ü", "v") for part in family), (part.replace("ü", "v") for part in own))
    keys += _both_orders(_words(surname_latin), _words(given_latin))
    return "|".join(dict.fromkeys(key for key in keys if key))


def query_key(text: str) -> str:
    """What a person typed, folded as the keys are: lower case, no accents, blanks, dots, hyphens or full-width letters."""
    plain = _plain(text)
    return plain if plain.isalnum() else "".join(char for char in plain if char.isalnum())


def _both_orders(family: Iterable[str], own: Iterable[str]) -> list[str]:
    """Whole words and initials of a name, with the surname first and last."""
    first = [word for part in family if (word := query_key(part))]
    last = [word for part in own if (word := query_key(part))]
    initials, own_initials = "".join(word[0] for word in first), "".join(word[0] for word in last)
    return ["".join(first + last), "".join(last + first), initials + own_initials, own_initials + initials]


def _words(latin: str) -> list[str]:
    """The words of a Latin name; a hyphen parts two, an apostrophe does not."""
    return re.split(r"[\s\-‐‑.]+", latin)


def _plain(text: str) -> str:
    """Lower case without accents and full-width letters."""
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKD", text).casefold().translate(_LETTERS)
    return "".join(char for char in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(char))


def _is_han(char: str) -> bool:
    return char == "〇" or unicodedata.name(char or " ", "").startswith("CJK UNIFIED IDEOGRAPH")


@lru_cache(1024)
def _syllables(zh: str) -> list[str]:
    """Toneless pinyin, a syllable a character, with ü. 卜 is never the `bo` of a radish in a name: 补 has its reading."""
    return [str(syllable) for syllable in lazy_pinyin(zh.replace("卜", "补"), style=Style.NORMAL, v_to_u=True)]


def _surname_syllables(surname: str) -> list[str]:
    """A surname in its reading as a surname."""
    reading = SURNAME_READINGS.get(surname)
    return reading.split("-") if reading else _syllables(surname)


def _passport(syllable: str) -> str:
    return syllable.replace("ü", "yu")
