"""Every sentence is in the catalogue, and the check finds each way it can go wrong."""

from pathlib import Path

from django.core.management import call_command

from ui import translations
from ui.translations import Sentence

ROOT = Path(__file__).resolve().parents[2]
PO = ROOT / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"


def test_every_sentence_is_translated_and_compiled(capsys):
    call_command("check_translations")
    assert capsys.readouterr().out == "Every sentence is translated.\n"


def test_sentences_are_found_in_code_and_templates():
    code = 'a = _("One"); b = ngettext("{n} lap", "{n} laps", n); c = pgettext("menu", "Live"); d = say("not this")'
    html = '{% load i18n %}{% translate "Two (2)" %}{% translate "Live" context "menu" %}'
    html += "{% blocktranslate with a=b %}Three {{ a }}{% endblocktranslate %}"
    assert sorted(translations.said_in(code, True, "code.py")) == [
        Sentence("Live", "", "menu"),
        Sentence("One"),
        Sentence("{n} lap", "{n} laps"),
    ]
    assert sorted(translations.said_in(html, False, "page.html")) == [
        Sentence("Live", "", "menu"),
        Sentence("Three %(a)s"),
        Sentence("Two (2)"),
    ]


def project(folder: Path, said: str) -> Path:
    (folder / "ui").mkdir()
    (folder / "ui" / "page.py").write_text(said, "utf-8")
    return folder / "django.po"


def test_a_new_sentence_is_missing_until_updated_and_then_not_translated(tmp_path: Path):
    po = project(tmp_path, '_("Old")')
    translations.update(tmp_path, po, {Sentence("Old"): "旧"})
    assert translations.problems(tmp_path, po) == []
    (tmp_path / "ui" / "page.py").write_text('_("New")', "utf-8")
    assert translations.problems(tmp_path, po) == [
        "ui/page.py: not in the catalogue: 'New'",
        "said nowhere any more: 'Old'",
    ]
    translations.update(tmp_path, po)
    assert translations.problems(tmp_path, po) == ["not translated: 'New'"]


def test_fuzzy_and_uncompiled_catalogues_are_found(tmp_path: Path):
    po = project(tmp_path, '_("Old")')
    translations.update(tmp_path, po, {Sentence("Old"): "旧"})
    po.write_text(po.read_text("utf-8").replace('msgid "Old"', '#, fuzzy\nmsgid "Old"'), "utf-8")
    assert translations.problems(tmp_path, po) == ["fuzzy: 'Old'", "django.mo is not what django.po compiles to"]
