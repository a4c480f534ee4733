"""Result sheets: what stands in each form, that no cell is a formula, who may have which, and that a tag spares the making."""

import io
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override
from python_calamine import CalamineWorkbook

from race import gun, transponders
from race.models import Category, Edition, Race, Rider, Team
from results import publication, rulings, sheet_answers, sheet_files, sheets
from tests import cast, pdf
from tests.results.test_publication import at, refusal

pytestmark = pytest.mark.django_db
FORMULA = '=HYPERLINK("http://x","y")'
FOREIGN = "ROJAS DE LA SANTÍSIMA TRINIDAD Andrés Felipe"


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch):
    """Sheets that another test made are not handed out."""
    monkeypatch.setattr(sheet_answers, "_kept", type(sheet_answers._kept)())


@pytest.fixture
def stage():
    """Men: 1 and 2 with the same time, 3 ten seconds later, 4 gave up. Women: 5 home between them, 6 stayed away."""
    made = cast.make()
    Race.objects.filter(pk=made.race.pk).update(rules=made.race.rules | {"limit": {"percent": 1}})
    women = Category.objects.create(
        race=made.race, wave=made.wave, code="WE", name_zh="女子组", name_en="Women", capacity=9
    )
    Category.objects.filter(pk=made.category.pk).update(name_en="Men")
    team = Team.objects.create(edition=made.edition, name_zh="@SUM(A1)", name_en="@SUM(A1)")
    with_women = replace(made, category=women)
    made.entries |= {bib: cast.enter(with_women, bib, team if bib == 5 else None) for bib in (5, 6)}
    transponders.hand_out(made.edition, [(made.entries[bib], f"C{bib}", None, None) for bib in (5, 6)], by=None)
    people = {
        1: {"name_zh": FORMULA, "region_zh": "河南", "region_en": "Henan", "uci_id": "10012345678"},
        2: {"name_zh": "䶮喆犇", "region_zh": "山东", "region_en": "Shandong"},
        3: {"name_zh": "安德烈斯·罗哈斯", "nation": "COL",
            "surname_latin": "Rojas de la Santísima Trinidad", "given_latin": "Andrés Felipe"},
        5: {"name_zh": "赵㛃", "region_zh": "河南", "region_en": "Henan", "sex": "F"},
    }  # fmt: skip
    for bib, told in people.items():
        Rider.objects.filter(pk=made.entries[bib].rider_id).update(**told)
    gun.fire(made.wave, cast.GUN, by=None)
    made.reads("C1 09:20:00", "C2 09:20:00.5", "C3 09:20:01", "C4 09:20:30", "C5 09:20:02")
    made.reads("C1 09:40:00", "C2 09:40:00.5", "C5 09:40:05", "C3 09:40:10")
    rulings.issue(made.race, "dnf", bib=4, reason="got off", by=None)
    rulings.issue(made.race, "dns", bib=6, reason="not there", by=None)
    rulings.issue(made.race, "close", reason="all in", by=None)
    Edition.objects.filter(pk=made.edition.pk).update(rehearsal=True)
    at(made, 60)
    made.race = Race.objects.select_related("edition", "course").get(pk=made.race.pk)
    return made


def plain(stage, *keys, **asked):
    """The named columns of the sheet, a text a row."""
    with override("zh-hans"):
        listing = sheet_files.listing(sheets.make(stage.race, **asked))
    return [" ".join(row[key] for key in keys) for row in listing.rows]


def test_csv_for_programs_and_for_spreadsheets(stage):
    head = "rank,status,bib,name,latin,team,from,nation,category,laps,time,gap,down,time_ms,gap_ms,notes"
    name = '"\'=HYPERLINK(""http://x"",""y"")"'
    told = [
        head,
        f"1,FIN,1,{name},RIDER No1,洛阳飞驰车队,河南,CHN,男子组,2,0:40:00,0:00:00,0,2400000,0,",
        "2,FIN,2,䶮喆犇,RIDER No2,洛阳飞驰车队,山东,CHN,男子组,2,0:40:00,0:00:00,0,2400000,0,",
        f"3,FIN,3,安德烈斯·罗哈斯,{FOREIGN},洛阳飞驰车队,COL,COL,男子组,2,0:40:10,0:00:10,0,2410000,10000,",
        ",DNF,4,车手4,RIDER No4,洛阳飞驰车队,,CHN,男子组,1,,,0,,,",
        "1,FIN,5,赵㛃,RIDER No5,'@SUM(A1),河南,CHN,女子组,2,0:40:05,0:00:00,0,2405000,0,",
        ",DNS,6,车手6,RIDER No6,,,CHN,女子组,0,,,0,,,",
    ]
    with override("zh-hans"):
        sheet = sheets.make(stage.race)
        body, kind = sheet_files.file(sheet, "plain.csv")
        for_people, _kind = sheet_files.file(sheet, "csv")
    assert (body.decode().split("\r\n")[:-1], kind) == (told, "text/csv; charset=utf-8")
    first, rest = for_people.decode("utf-8-sig").split("\r\n", 1)
    assert (
        first
        == "名次,状态,号码,姓名,拉丁字母姓名,车队,地区,国籍,组别,圈数,成绩,差距,落后圈数,成绩（毫秒）,差距（毫秒）,备注"
    )
    assert for_people.startswith(b"\xef\xbb\xbf") and rest == body.decode().split("\r\n", 1)[1]


def test_xlsx_holds_numbers_as_numbers_and_no_formula(stage):
    with override("en"):
        body, _kind = sheet_files.file(sheets.make(stage.race), "xlsx")
    rows = CalamineWorkbook.from_filelike(io.BytesIO(body)).get_sheet_by_index(0).to_python()
    title, standing, made, head, *riders = rows
    assert (title[0], standing[0]) == ("Men", f"Live order at revision {stage.race.revision}, not a result")
    assert made[0].endswith(f"Data up to revision {stage.race.revision}.")
    assert head[:5] == ["Rank", "Status", "Bib", "Name", "Chinese name"]
    assert riders[0] == [
        1.0, "FIN", 1.0, "RIDER No1", f"'{FORMULA}", "Luoyang Feichi", "Henan", "CHN", "Men", 2.0, "0:40:00", "0:00:00", 0.0,
        2400000.0, 0.0, "",
    ]  # fmt: skip
    assert (riders[2][3], riders[4][5]) == (FOREIGN, "'@SUM(A1)") and b"<f>" not in body


def test_overall_by_province_by_team_and_one_category(stage):
    assert plain(stage, "rank", "bib", "gap", by="overall") == [
        "1 1 0:00:00", "2 2 0:00:00", "3 5 0:00:05", "4 3 0:00:10", " 4 ", " 6 ",
    ]  # fmt: skip
    with override("zh-hans"):
        by = {by: sheets.make(stage.race, by=by).groups for by in ("province", "team")}
    told = {key: [(group.name, [line.bib for line in group.lines()]) for group in groups] for key, groups in by.items()}
    assert told == {
        "province": [("山东", [2]), ("河南", [1, 5]), ("COL", [3]), ("未填地区", [4, 6])],
        "team": [("@SUM(A1)", [5]), ("洛阳飞驰车队", [1, 2, 3, 4]), ("无车队", [6])],
    }
    assert plain(stage, "rank", "bib", category="WE") == ["1 5", " 6"]
    for asked, code in (({"by": "age"}, "grouping"), ({"category": "XX"}, "category"), ({"at": 99999}, "revision")):
        assert refusal(sheets.make, stage.race, **asked) == f"unknown_{code}"


def test_the_columns_of_the_uci(stage):
    rulings.issue(stage.race, "relegate_last", bib=1, reason="sprint", by=None)
    with override("zh-hans"):
        body, _kind = sheet_files.file(sheets.make(Race.objects.get(pk=stage.race.pk), by="overall"), "uci.csv")
    assert body.decode("utf-8-sig").split("\r\n")[:-1] == [
        "Rank,BIB,UCI ID,Last Name,First Name,Country,Team,Gender,Phase,Heat,Result,IRM,Sort Order",
        "1,2,,RIDER,No2,CHN,Luoyang Feichi,Men,Final,,0:40:00,,1",
        "2,5,,RIDER,No5,CHN,'@SUM(A1),Women,Final,,0:40:05,,2",
        "3,3,,ROJAS DE LA SANTÍSIMA TRINIDAD,Andrés Felipe,COL,Luoyang Feichi,Men,Final,,0:40:10,,3",
        "4,1,10012345678,RIDER,No1,CHN,Luoyang Feichi,Men,Final,,0:40:00,REL,4",
        ",4,,RIDER,No4,CHN,Luoyang Feichi,Men,Final,,,DNF,5",
        ",6,,RIDER,No6,CHN,,Men,Final,,,DNS,6",
    ]


def test_laps_down_are_a_number_in_the_columns_of_the_uci(stage):
    sheet = sheets.make(stage.race, category="WE")
    lapped = replace(sheet.groups[0], ranked=(replace(sheet.groups[0].ranked[0], status="LAP", down=1),), out=())
    sheet = replace(sheet, groups=(lapped,))
    told = sheet_files.file(sheet, "uci.csv")[0].decode().split("\r\n")[1]
    assert told == "1,5,,RIDER,No5,CHN,'@SUM(A1),Women,Final,,-1,LAP,1"
    cells = CalamineWorkbook.from_filelike(io.BytesIO(sheet_files.file(sheet, "uci.xlsx")[0])).get_sheet_by_index(0)
    assert cells.to_python()[1][-3:] == [-1.0, "LAP", 1.0]


def test_a_published_sheet_holds_what_was_frozen_and_its_paper_until_the_next(client, stage):
    made = publication.publish(stage.race, by=None)
    rulings.issue(stage.race, "dsq", bib=2, reason="cut the course", by=None)
    answer = client.get("/races/open/results.json")
    told = answer.json()
    code, n = made.communique.code, made.revision
    assert told["sheet"] == {
        "by": "category", "category": "", "standing": "provisional", "at": None,
        "groups": [{"name": "男子组", "limit_ms": 2424000, "bibs": [1, 2, 3, 4]},
                   {"name": "女子组", "limit_ms": 2429000, "bibs": [5, 6]}],
    }  # fmt: skip
    assert (told["standing"], told["revision"], told["publication"]) == ("provisional", n, {
        "version": 1, "at": "2024-05-25T10:00:00.000+08:00", "protest_until": "2024-05-25T10:30:00.000+08:00",
        "revision": n, "communique": 1, "code": code,
    })  # fmt: skip
    assert [row[:3] for row in told["rows"]][:2] == [[1, 1, "FIN"], [2, 2, "FIN"]]
    paper = pdf.text(client.get("/races/open/results.pdf?lang=en").content).replace("\xa0", " ")
    for word in (
        "Provisional result (version 1)", f"No. 1 · {code}", "Time limit 40:24", "Time limit 40:29", "Women", "2 riders",
        "Did not finish (DNF) · 1", "Did not start (DNS) · 1", FOREIGN, "+0:10", "s.t.", "Chief commissaire", "Page 1 of",
        f"/verify/{code}", f"Data up to revision {n}.", "A provisional result is not an official one.",
    ):  # fmt: skip
        assert word in paper, word
    name = "open-results-provisional-v1.json"
    assert answer["Content-Disposition"] == f'inline; filename="{name}"'
    assert client.get("/races/open/results.json", headers={"If-None-Match": answer["ETag"]}).status_code == 304
    publication.publish(stage.race, by=None)
    newer = client.get("/races/open/results.json", headers={"If-None-Match": answer["ETag"]})
    assert (newer.status_code, newer.json()["publication"]["version"], len(newer.json()["rows"])) == (200, 2, 6)
    assert {row[0]: row[2] for row in newer.json()["rows"]}[2] == "DSQ"


def test_an_amended_sheet_says_so_and_a_paper_in_chinese_holds_rare_characters(client, stage):
    publication.publish(stage.race, by=None)
    at(stage, 95)
    publication.publish(stage.race, by=None, standing="official")
    rulings.issue(stage.race, "dsq", bib=2, reason="cut the course", by=None)
    publication.publish(stage.race, by=None, standing="amended", reason="判罚", cause="disciplinary")
    text = "".join(pdf.text(client.get("/editions/edition-open/races/open/results.pdf?by=overall").content).split())
    for word in (
        "更正后的正式成绩（第3版）·合并排名",
        "䶮喆犇",
        "赵㛃",
        "取消成绩（DSQ）·1",
        "第3号公告",
        "第1页，共1页",
        "裁判长",
    ):
        assert word in text, word
    assert "暂定成绩不是" not in text


def test_who_may_have_which_sheet(client, stage):
    past = f"?at={stage.race.revision - 2}"  # before the rulings on 6 and on the end
    bearer = {role: cast.bearer(stage.edition, role) for role in ("commissaire", "office", "announcer")}
    page, api = "/races/open/results", "/api/v1/races/open/results/"
    seen = {
        (who, path): client.get(path, headers=headers).status_code
        for who, headers in {"public": {}, **bearer}.items()
        for path in (f"{api}?as=plain.csv", f"{api}{past}", f"{api}?as=uci.csv")
    }
    assert list(seen.values()) == [200, 401, 401, 200, 200, 200, 200, 403, 200, 200, 403, 403]
    assert client.get(f"{page}.pdf{past}").status_code == 302
    client.force_login(cast.person(stage.edition, "commissaire"))
    copy = client.get(f"{page}.json{past}")
    assert (copy["Cache-Control"], copy.json()["sheet"]["standing"]) == ("no-store", "copy")
    assert {row[0]: row[2] for row in copy.json()["rows"]}[6] == "racing"
    paper = client.get(f"{page}.pdf{past}&lang=en")
    assert f"Working copy at revision {stage.race.revision - 2}, not published" in pdf.text(paper.content)
    client.force_login(cast.person(stage.edition, "announcer"))
    assert [client.get(f"{page}.{form}").status_code for form in (f"pdf{past}", "uci.xlsx", "csv")] == [403, 403, 200]
    wrong = ["docx", "csv?by=age", "csv?category=XX", "csv?at=x"]
    assert [client.get(f"{page}.{form}").status_code for form in wrong] == [404] * 4
    assert client.get("/editions/another/races/open/results.csv").status_code == 404
    codes = [
        client.get(f"{api}{asked}").json()["errors"][0]["code"] for asked in ("?as=docx", "?by=age", "?category=XX")
    ]
    assert codes == ["unknown_form", "unknown_grouping", "unknown_category"]
    Race.objects.update(published_at=None)
    assert [client.get(path).status_code for path in (f"{page}.csv", api)] == [404, 404]


def test_more_riders_cost_no_more_queries_and_a_live_sheet_is_made_once_for_all(client, stage):
    def asked(form="pdf", **query):
        sheet_answers._kept.clear()
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(f"/races/open/results.{form}", query).status_code == 200
        return len(queries)

    few = [asked(), asked(by="overall"), asked(by="team")]
    for bib in range(10, 40):
        cast.enter(stage, bib)
    assert [asked(), asked(by="overall"), asked(by="team")] == few and max(few) < 30
    first = client.get("/races/open/results.csv").content
    rulings.issue(stage.race, "dsq", bib=2, reason="cut the course", by=None)
    assert client.get("/races/open/results.csv").content == first
    publication.publish(stage.race, by=None)
    assert b"DSQ" in client.get("/races/open/results.csv").content


def test_the_page_shows_the_sheet_and_offers_its_files(client, stage):
    made = publication.publish(stage.race, by=cast.person(stage.edition, "chief"))
    page = client.get("/editions/edition-open/races/open/results/?by=overall").content.decode()
    for said in (
        "暂定成绩（第 1 版） · 合并排名", "䶮喆犇", "赵㛃", f"/verify/{made.communique.code}", "时限 40:24", "退赛（DNF） · 1",
        "/races/open/results.xlsx?by=overall", "?category=WE", "=HYPERLINK(&quot;http://x&quot;,&quot;y&quot;)",
    ):  # fmt: skip
        assert said in page, said
    assert page.count("<tr") == 1 + 6 + 3  # the head, riders, the limit and two headings
    assert client.get("/races/open/results/?at=3").status_code == 404
    assert client.get("/races/open/results.page").status_code == 404
    client.force_login(cast.person(stage.edition, "commissaire"))
    desk = client.get("/editions/edition-open/officials/results/open/?at=3").content.decode()
    assert "/races/open/results.uci.xlsx?at=3" in desk and "修订 3 的工作稿，不得张贴。" in desk
