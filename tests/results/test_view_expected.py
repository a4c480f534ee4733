"""`/line/expected/`: rows in sentences, marks and passings by click, who may, in both languages, at few queries."""

import re
from html import unescape

import pytest
from django.test import Client

from race.models import Role
from results import expected, memory
from results.models import Ruling, Watch
from tests import cast
from tests.results.test_expected import at, raced
from timing.models import Correction

pytestmark = pytest.mark.django_db
PAGE = "/editions/edition-open/line/expected/"


@pytest.fixture(autouse=True)
def nothing_held(monkeypatch):
    monkeypatch.setattr(expected, "KEPT_S", 0.0)
    expected.forget()
    memory.forget()


def browser(stage, role):
    signed_in = Client(headers={"accept-language": "en"})
    signed_in.force_login(cast.person(stage.edition, role))
    return signed_in


def said(answer, mark):
    """The words of every element of a class."""
    html = answer.content.decode()
    found = re.findall(rf'<(\w+) class="{mark}[" ].*?</\1>', html, re.DOTALL)
    assert found or mark not in html
    texts = (match.group(0) for match in re.finditer(rf'<(\w+) class="{mark}[" ].*?</\1>', html, re.DOTALL))
    return [" ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split()) for text in texts]


def test_the_part_says_who_is_late_what_was_missed_and_what_a_backup_gave():
    stage = raced()
    part = browser(stage, Role.Name.TIMING_CREW).get(PAGE, headers={"HX-Request": "true"})
    assert "<html" not in part.content.decode()
    assert said(part, "look-what") == [
        "expected at 09:30:05 at P, lap 2", "F missed, lap 1: no mat read it", "F missed by the main mat, lap 1",
    ]  # fmt: skip
    assert said(part, "look-seen") == [
        "Read at F at 09:20:03, not since. 2 others of the group have passed",
        "Reckoned 09:20:03 ± 60 s by the pace of the field · read before at 09:10:04, after at 09:30:04",
        "Backup read 09:20:03.000, which is 09:20:03.000",
    ]
    assert said(part, "look-late") == ["overdue 2:54"]
    assert said(part, "look-ok") == ["Taken automatically"]
    assert said(part, "line-card-head") == ["Expected, not read 2 4 riders on course"]


def test_the_page_around_it_is_whole_and_in_chinese_too():
    stage = raced()
    reader = browser(stage, Role.Name.ORGANISER)
    assert "<html" in reader.get(PAGE).content.decode()
    chinese = reader.get(PAGE, headers={"accept-language": "zh-hans"})
    assert said(chinese, "look-what")[0] == "应在 09:30:05 过P，第 2 圈"


def test_before_the_gun_it_says_what_will_stand_here():
    stage = cast.make()
    at(stage, -10)
    told = browser(stage, Role.Name.TIMING_CREW).get(PAGE)
    assert said(told, "look-none") == [
        "Nobody is on course. From the gun on, those who should have passed and were not read stand here."
    ]


def test_a_mark_is_seen_by_the_others_and_can_be_cleared():
    stage = raced()
    crew, commissaire = browser(stage, Role.Name.TIMING_CREW), browser(stage, Role.Name.COMMISSAIRE)
    body = {"point": "P", "lap": "2", "next": "/editions/edition-open/line/"}
    answer = crew.post(f"{PAGE}open/3/note/", body | {"kind": "check"})
    assert (answer.status_code, answer["Location"]) == (302, "/editions/edition-open/line/")
    assert said(commissaire.get(PAGE), "look-mark") == ["To be checked since 09:33 · timing_crew@edition-open"]
    commissaire.post(f"{PAGE}open/3/note/", body | {"kind": "wait"})
    assert said(crew.get(PAGE), "look-state") == ["Waiting until 09:38 · commissaire@edition-open"]
    at(stage, 39)
    assert said(crew.get(PAGE), "look-state") == []
    crew.post(f"{PAGE}open/3/note/", body | {"kind": "clear"})
    assert Watch.objects.count() == 0
    crew.post(f"{PAGE}open/3/note/", body | {"kind": "nonsense"})
    assert said(crew.get(PAGE), "line-told")[-1].endswith("Nothing was changed.")


def test_a_commissaire_rules_at_the_line_and_the_crew_adds_what_was_seen():
    stage = raced()
    crew, commissaire = browser(stage, Role.Name.TIMING_CREW), browser(stage, Role.Name.COMMISSAIRE)
    page = commissaire.get(f"{PAGE}open/4/")
    assert 'value="09:20:03.' in page.content.decode()
    body = {"point": "F", "at": "09:20:04.250", "why": "film of the line"}
    commissaire.post(f"{PAGE}open/4/add/", body)
    ruling = Ruling.objects.get()
    assert (ruling.kind, ruling.detail, ruling.reason) == (
        "confirm_missed", {"at_us": cast.local_us("09:20:04.250") - 8 * 3_600_000_000}, "film of the line",
    )  # fmt: skip
    assert said(commissaire.get(PAGE), "look-what")[1:] == ["F missed by the main mat, lap 1"]
    crew.post(f"{PAGE}open/3/add/", body | {"point": "P", "at": "09:30:06", "why": "marshal at the pass"})
    made = Correction.objects.get()
    assert (made.kind, made.entry.bib, made.point.code, made.evidence) == ("add", 3, "P", "marshal at the pass")
    assert said(crew.get(PAGE), "look-late") == []


@pytest.mark.parametrize(("field", "value"), [("at", "25:00"), ("at", ""), ("at", "09:20+08:00"), ("why", " ")])
def test_what_cannot_be_written_down_changes_nothing(field, value):
    stage = raced()
    body = {"point": "F", "at": "09:20:04", "why": "film"} | {field: value}
    browser(stage, Role.Name.COMMISSAIRE).post(f"{PAGE}open/4/add/", body)
    browser(stage, Role.Name.TIMING_CREW).post(f"{PAGE}open/4/add/", body)
    assert (Ruling.objects.count(), Correction.objects.count()) == (0, 0)


def test_who_only_looks_is_told_who_may():
    stage = raced()
    page = browser(stage, Role.Name.ORGANISER).get(f"{PAGE}open/4/").content.decode()
    assert "A commissaire rules that it counts, or the timing crew adds what was seen." in page
    assert "<form class=" not in page
    body = {"point": "F", "at": "09:20:04", "why": "film"}
    assert browser(stage, Role.Name.ORGANISER).post(f"{PAGE}open/4/add/", body).status_code == 403
    assert browser(stage, Role.Name.TIMING_CREW).get(f"{PAGE}open/99/").status_code == 404
    assert browser(stage, Role.Name.TIMING_CREW).get(f"{PAGE}closed/4/").status_code == 404


def test_what_a_look_costs(django_assert_max_num_queries):
    stage = raced()
    crew = browser(stage, Role.Name.TIMING_CREW)
    crew.get(PAGE)
    with django_assert_max_num_queries(14):
        crew.get(PAGE, headers={"HX-Request": "true"})
    stage.reads("C3 09:31:00", source="Pass")
    with django_assert_max_num_queries(14 + 12):
        crew.get(PAGE, headers={"HX-Request": "true"})
