"""The glossary holds the words that the pages show."""

import re
from pathlib import Path

from django.utils import translation

from results.views.live_words import words

GLOSSARY = (Path(__file__).resolve().parents[2] / "docs" / "glossary.md").read_text("utf-8")


def test_every_status_of_the_page_stands_in_the_glossary_with_both_words():
    rows = {code: (zh, en) for code, zh, en in re.findall(r"^\| (\w+) \| (\S+) \| ([A-Z][\w ]+?) \|", GLOSSARY, re.M)}
    del rows["REL"], rows["code"]
    found = {}
    for place, language in enumerate(("zh-hans", "en")):
        with translation.override(language):
            found[place] = {
                key.removeprefix("status."): word for key, word in words().items() if key.startswith("status.")
            }
    assert {code: (found[0][code], found[1][code]) for code in found[0]} == rows


def test_every_term_is_explained_once():
    terms = [term for row in re.findall(r"^\| ([A-Z][^|]+) \|", GLOSSARY, re.M) for term in row.split(", ")]
    assert sorted(terms) == sorted(set(terms))
    assert {
        "Event",
        "Edition",
        "Race",
        "Entry",
        "Bib",
        "Source",
        "Delivery",
        "Read",
        "Passing",
        "Ruling",
        "Board",
    } <= set(terms)
