"""The words of the officials' desk: open items, kinds of rulings."""

from __future__ import annotations

from django.utils.translation import gettext as _

from results.ruling_words import KINDS, kind_word
from results.views.why_words import why_words

__all__ = ["KINDS", "item_word", "kind_word"]


def item_word(flag: str) -> str:
    """What an open item is about."""
    if flag == "no_result":
        return _("No result: a ruling says what became of the rider")
    word = why_words()[f"reason.{flag}"]
    return word if isinstance(word, str) else word[0]
