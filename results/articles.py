"""The articles officials rule by: code, words, which sanctions each allows and which one is proposed.

Codes with UCI were seen in the regulations' text; R are model rules of an open race, for the event to replace by its own.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import orjson

from race.models.edition import in_language

FILE = Path(__file__).parent / "articles.json"


@dataclass(frozen=True, slots=True)
class Article:
    """An article. `may`: kinds of rulings it can lead to; `default`: the one that is proposed."""

    code: str
    zh: str
    en: str
    default: str
    may: tuple[str, ...]

    @property
    def words(self) -> str:
        """What it says, in the language in force."""
        return in_language(self.zh, self.en)


@cache
def articles() -> dict[str, Article]:
    """All articles by code, in the order of the file."""
    rows = orjson.loads(FILE.read_bytes())["articles"]
    return {row["code"]: Article(row["code"], row["zh"], row["en"], row["default"], tuple(row["may"])) for row in rows}
