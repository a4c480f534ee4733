"""The modules ask only for words that the page gives them, and every reason of the engine has its sentence."""

import re
from pathlib import Path

import pytest
from django.utils import translation

from results.scoring import explain
from results.views.live_words import words

LIVE = Path(__file__).resolve().parents[2] / "ui" / "static" / "ui" / "live"
BUILT = (
    "facts.", "part.", "status.", "role.", "event.", "reason.", "ruling.", "tab.", "result.", "standing.", "note.",
    "why.stands.",
)  # fmt: skip


def asked() -> set[str]:
    keys: set[str] = set()
    for path in LIVE.glob("*.js"):
        source = path.read_text("utf-8")
        for call in re.findall(r"\bsay\(([^()]*(?:\([^()]*\))?[^()]*)", source):
            keys |= set(re.findall(r'"([a-z][A-Za-z0-9.]*)"', call.split("{", 1)[0]))
    return keys


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_word_asked_for_is_there(language: str):
    with translation.override(language):
        assert asked() - set(words()) - {"official", "closed", "live", "racing"} == set()


def test_every_word_given_is_asked_for():
    source = "".join(path.read_text("utf-8") for path in LIVE.glob("*.js"))
    assert [key for key in words() if not key.startswith(BUILT) and f'"{key}"' not in source] == []


def test_placeholders_survive_translation():
    def holes(word: "str | list[str]") -> set[str]:
        return set(re.findall(r"\{(\w+)\}", word if isinstance(word, str) else "".join(word)))

    with translation.override("en"):
        english = {key: holes(word) for key, word in words().items()}
    with translation.override("zh-hans"):
        assert {key: holes(word) for key, word in words().items()} == english


def test_every_reason_and_ruling_of_the_engine_has_a_sentence():
    source = Path(explain.__file__).read_text("utf-8")
    reasons = set(re.findall(r'return "(?:used|set_aside)", "(\w+)"', source)) | set(
        re.findall(r'_step\(\s*"(?:used|merged|rule)", "(\w+)"', source)
    )
    reasons |= set(explain.FLAGGED)
    assert {f"reason.{reason}" for reason in reasons} - set(words()) == set()
