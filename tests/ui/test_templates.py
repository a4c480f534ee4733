"""Every part can be drawn, and no template needs what the content security policy forbids."""

import hashlib
import json
import re
from pathlib import Path

import pytest
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.test.signals import template_rendered
from django.urls import reverse
from django.utils import translation

from ui import showcase

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted(
    path for app in ("race", "timing", "results", "ui") for path in (ROOT / app).glob("templates/**/*.html")
)
SIZES = (("s", False), ("m", False), ("l", False), ("m", True))
FORBIDDEN = {
    "style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.I),
    "style element": re.compile(r"<style[\s>]", re.I),
    "event handler": re.compile(r"<[^>]*\son[a-z]+\s*=", re.I),
    "inline script": re.compile(r"<script(?![^>]*\bsrc=)[^>]*>", re.I),
    "script address": re.compile(r"javascript:", re.I),
    "foreign address": re.compile(r"""(?:src|href)\s*=\s*["']https?:""", re.I),
}


def draw(source: str, **values: object) -> str:
    return Template("{% load parts times %}" + source).render(Context(values)).strip()


def test_no_template_holds_what_the_policy_forbids():
    found = [
        (str(path.relative_to(ROOT)), what)
        for path in TEMPLATES
        for what, pattern in FORBIDDEN.items()
        if pattern.search(path.read_text("utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize(
    "source", ['<p style="color:red">', "<style>", '<a onclick="x()">', "<script>x()</script>", '<a href="http://x">']
)
def test_the_search_for_forbidden_things_finds_them(source: str):
    assert any(pattern.search(source) for pattern in FORBIDDEN.values())


def test_no_sheet_or_module_reaches_outside():
    files = [path for path in (ROOT / "ui" / "static" / "ui").rglob("*") if path.suffix in (".css", ".js")]
    outside = re.compile(r"""https?://(?!www\.w3\.org/)|@import|url\(""")
    assert [path.name for path in files if outside.search(path.read_text("utf-8"))] == []


def test_a_bib_has_three_sizes_and_a_filled_form():
    drawn = [draw('{% bib 88 "circle" size filled %}', size=size, filled=filled) for size, filled in SIZES]
    classes = [re.findall('class="([^"]*)"', html) for html in drawn]
    assert classes == [["bib bib-s"], ["bib"], ["bib bib-l"], ["bib bib-fill"]]


def test_a_change_of_place_is_said_in_words_too():
    with translation.override("en"):
        words = [re.sub("<[^>]+>", "", draw("{% move places %}", places=places)) for places in (3, -2, 0, None)]
    assert words == ["places gained 3", "places lost 2", "same place", ""]


def test_a_status_is_word_and_code_in_chinese_and_the_code_in_english():
    codes = ("FIN", "DNF", "DSQ", "provisional")
    with translation.override("zh-hans"):
        assert [re.sub("<[^>]+>", "", draw("{% status code %}", code=code)) for code in codes] == [
            "完赛 FIN",
            "退赛 DNF",
            "取消 DSQ",
            "暂定",
        ]
    with translation.override("en"):
        assert [re.sub("<[^>]+>", "", draw("{% status code %}", code=code)) for code in codes] == [
            "FIN",
            "DNF",
            "DSQ",
            "Provisional",
        ]


def test_every_icon_and_mark_asked_for_is_in_its_sprite():
    static = ROOT / "ui" / "static" / "ui"
    icons = set(re.findall('symbol id="([^"]+)"', (static / "icons.svg").read_text("utf-8")))
    marks = set(re.findall('symbol id="([^"]+)"', (static / "marks.svg").read_text("utf-8")))
    asked = {name for path in TEMPLATES for name in re.findall(r'{% icon "([^"]+)"', path.read_text("utf-8"))}
    asked |= {name for path in static.rglob("*.js") for name in re.findall(r'icon\("([^"]+)"', path.read_text("utf-8"))}
    assert asked - icons - {"star-on"} == set()
    assert icons == set(showcase.ICONS)
    assert marks == {shape for shape, *_rest in showcase.CATEGORIES}


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_living_page_shows_every_part(language: str):
    parts = {path.name for path in (ROOT / "ui" / "templates" / "ui" / "parts").glob("*.html")}
    request = RequestFactory().get("/ui/")
    drawn: set[str] = set()

    def note(sender: object, template: Template, **rest: object) -> None:
        drawn.add(Path(template.name or "").name)

    template_rendered.connect(note)
    try:
        with translation.override(language):
            html = render_to_string("ui/living_page.html", showcase.page(), request)
    finally:
        template_rendered.disconnect(note)
    assert parts - drawn == set()
    assert "{%" not in html and "{{" not in html
    assert f'lang="{"en" if language == "en" else "zh-Hans"}"' in html


def test_the_menu_leads_only_to_pages_that_exist():
    request = RequestFactory().get(reverse("live"))
    html = Template('{% load parts %}{% menu "menu" %}').render(Context({"request": request}))
    assert re.findall('href="([^"]+)"( aria-current="page")?', html)[0] == ("/live/", ' aria-current="page"')


def test_vendored_files_are_the_ones_we_looked_at():
    folder = ROOT / "ui" / "static" / "vendor"
    pinned = json.loads((folder / "vendor.json").read_text("utf-8"))
    hashes = {name: sha for one in pinned.values() for name, sha in one["files"].items()}
    there = {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }
    there.pop("vendor.json")
    assert there == hashes
    assert [set(one) for one in pinned.values()] == [{"version", "licence", "package", "files"}] * len(pinned)
