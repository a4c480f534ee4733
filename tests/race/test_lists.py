"""Lists that leave the house: who may have them, what stands in them, and that no cell becomes a formula."""

from __future__ import annotations

import io

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from python_calamine import CalamineWorkbook

from race import bibs, dossier, list_files, lists, regulations
from race.models import Document, Edition, Entry, LogLine, Race, Rider, Role, Team
from tests import cast, desk_field, pdf
from tests.race.test_bibs import refusal

pytestmark = pytest.mark.django_db


def stage(riders: int = 3) -> cast.Cast:
    made = cast.make(riders=0, published=False)
    desk_field.ranged(made.category, 1, 199)
    desk_field.teams(made, desk_field.confirmed(made, riders), riders)
    bibs.assign(bibs.plan(made.edition), by=None)
    return made


def office(made: cast.Cast):
    user = cast.person(made.edition, Role.Name.OFFICE)
    user.first_name, user.last_name = "婷", "周"
    return user


def cells(body: bytes) -> list[list[object]]:
    return CalamineWorkbook.from_filelike(io.BytesIO(body)).get_sheet_by_index(0).to_python()


def row(listing: lists.Listing, place: int = 0) -> list[str]:
    return [listing.rows[place][column.key] for column in listing.columns]


def test_the_insurer_gets_documents_in_full_and_the_log_says_who_made_the_list():
    made = stage()
    listing = lists.make(made.edition, "insurer", by=office(made), form="xlsx")
    assert row(listing) == [
        "1", "车手N1", "车手N1", "护照", "SYNTHETIC-N1", "1990-01-01", "男", "男子组", "2024-05-25",
    ]  # fmt: skip
    assert [column.title for column in listing.columns] == [
        "号码", "姓名", "证件上的姓名", "证件", "证件号码", "出生日期", "性别", "组别", "日期",
    ]  # fmt: skip
    assert listing.purpose == "用于为各比赛日的车手投保。仅供保险公司使用。"
    assert listing.made.startswith("制表：") and listing.made.endswith(listing.made[-16:])
    line = LogLine.objects.get(what="list_made")
    assert (line.details, line.by.username) == (
        {"list": "insurer", "rows": 3, "race": "", "form": "xlsx"}, office(made).username,
    )  # fmt: skip


@pytest.mark.parametrize("code", [kind.code for kind in lists.KINDS if kind.personal])
def test_personal_data_only_for_the_office_and_the_organiser(code):
    made = stage()
    for role in set(Role.Name.values) - {"office", "organiser", "administrator"}:
        assert refusal(lists.make, made.edition, code, by=cast.person(made.edition, role)) == "list_not_allowed"
    other = cast.make(riders=0, slug="other")
    assert refusal(lists.make, made.edition, code, by=cast.person(other.edition, "office")) == "list_not_allowed"
    assert refusal(lists.make, made.edition, code, by=None) == "list_not_allowed"
    assert not LogLine.objects.filter(what="list_made").exists()
    rows = 0 if code == "missing" else 3
    for role in ("office", "organiser"):
        assert len(lists.make(made.edition, code, by=cast.person(made.edition, role)).rows) == rows
    assert LogLine.objects.filter(what="list_made").count() == 2


def test_police_and_medics_know_whom_to_call():
    made = stage()
    told = {"blood": "AB", "medical": "青霉素过敏", "emergency_name": "李四", "emergency_phone": "13900000002"}
    rider = Rider.objects.get(given_latin="N1")
    Rider.objects.filter(pk=rider.pk).update(**dossier.columns({"phone": "13800000001"} | told))
    by = office(made)
    assert row(lists.make(made.edition, "police", by=by)) == [
        "1", "车手N1", "河南", "男子组", "车队0", "13800000001", "李四", "13900000002",
    ]  # fmt: skip
    medical = lists.make(made.edition, "medical", by=by)
    assert row(medical) == ["1", "车手N1", "男", "34", "AB", "青霉素过敏", "李四", "13900000002"]


def test_call_up_stands_in_the_order_of_the_numbers_with_boxes():
    made = stage()
    listing = lists.make(made.edition, "call_up", by=None, race=made.race)
    assert [row(listing, place) for place in range(3)] == [
        [str(place), "", str(place), f"车手N{place}", f"RIDER N{place}", "车队0", "河南", "男子组"]
        for place in (1, 2, 3)
    ]
    assert [column.key for column in listing.columns if column.box] == ["here"]
    assert refusal(lists.make, made.edition, "call_up", by=None) == "race_missing"
    assert refusal(lists.make, made.edition, "nonsense", by=None) == "unknown_list"


def test_the_same_list_in_english():
    made = stage()
    with translation.override("en"):
        listing = lists.make(made.edition, "start_list", by=None, race=made.race)
    assert [column.title for column in listing.columns] == [
        "Bib",
        "Name",
        "Chinese name",
        "Team",
        "From",
        "Category",
    ]
    assert row(listing) == ["1", "RIDER N1", "车手N1", "车队0", "Henan", "Men" if made.category.name_en else "男子组"]


def test_labels_carry_the_pass_and_envelopes_the_team():
    made = stage()
    entry = Entry.objects.get(bib=1)
    labels = lists.make(made.edition, "labels", by=office(made))
    assert labels.purpose == "贴在每位车手的物品袋上，带入场码。仅供装袋人员使用，作废的页要销毁。"
    assert labels.labels[0] | {"from": ""} == {
        "bib": "1", "name": "车手N1", "latin": "RIDER N1", "team": "车队0", "from": "", "category": "男子组",
        "qr": entry.pass_code, "chips": "", "mark": made.category.mark,
    }  # fmt: skip
    assert row(lists.make(made.edition, "envelopes", by=None)) == [
        "车队0",
        "3",
        "1 2 3",
        "1 车手N1；2 车手N2；3 车手N3",
        "",
    ]


def test_who_owes_papers():
    made = stage()
    Edition.objects.filter(pk=made.edition.pk).update(
        entry_rules={"documents": [{"kind": "insurance"}]}, waiver_zh="自愿参加", waiver_en="I ride"
    )
    edition = Edition.objects.get(pk=made.edition.pk)
    regulations.current(edition)
    for name, state in (("N1", "accepted"), ("N2", "refused")):
        Document.objects.create(
            rider=Rider.objects.get(given_latin=name), edition=edition, kind="insurance", file_name="a", content_type="a",
            size=1, sha256="", sealed=b"", state=state,
        )  # fmt: skip
    Rider.objects.filter(given_latin="N3").update(private_sealed="")
    listing = lists.make(edition, "missing", by=office(made))
    assert [line["missing"] for line in listing.rows] == [
        "免责声明",
        "保险凭证、免责声明",
        "保险凭证、免责声明、紧急联系人",
    ]


def test_a_workbook_says_what_it_is_for_and_its_cells_are_text():
    made = stage()
    Rider.objects.filter(given_latin="N1").update(name_zh='=HYPERLINK("http://x")')
    Rider.objects.filter(given_latin="N2").update(name_zh="@SUM(A1)")
    body = list_files.xlsx(lists.make(made.edition, "police", by=office(made)))
    table = cells(body)
    assert [line[0] for line in table[:4]] == [
        "公安名单", "第十届公开赛 · 全部比赛 · 3 行", "用于道路安全负责。仅供公安机关使用。", table[3][0],
    ]  # fmt: skip
    assert [line[1] for line in table[5:]] == ['\'=HYPERLINK("http://x")', "'@SUM(A1)", "车手N3"]
    assert [line[0] for line in table[5:]] == [1.0, 2.0, 3.0]
    assert [type(line[5]) for line in table[5:]] == [str] * 3


@pytest.mark.parametrize(
    ("text", "kept"),
    [("=1+1", "'=1+1"), ("+1+1|cmd", "'+1+1|cmd"), ("-2", "'-2"), ("@a", "'@a"), ("\t=1", "'\t=1"),
     ("+86 138-0000", "+86 138-0000"),
     ("A=1", "A=1"), ("", ""), ("007", "007")],
)  # fmt: skip
def test_what_could_be_a_formula_is_quoted(text, kept):
    assert list_files.safe(text) == kept


def test_every_list_has_both_files_in_both_languages():
    made = stage()
    for language in ("zh-hans", "en"):
        with translation.override(language):
            for kind in lists.KINDS:
                listing = lists.make(made.edition, kind.code, by=office(made), race=made.race)
                for form, start in (("xlsx", b"PK"), ("pdf", b"%PDF")):
                    body, _type, name = list_files.file(listing, form)
                    assert (body[: len(start)], name) == (start, f"{kind.code}.{form}")


@pytest.mark.parametrize("code", [kind.code for kind in lists.KINDS])
def test_the_same_number_of_queries_for_three_riders_and_for_three_hundred(code):
    counted = []
    for size in (3, 300):
        made = cast.make(riders=0, published=False, slug=f"l{size}")
        desk_field.teams(made, desk_field.confirmed(made, size, prefix=f"L{size}-"), 3)
        Entry.objects.filter(edition=made.edition).update(bib=F("pk"))
        by = office(made)
        with CaptureQueriesContext(connection) as queries:
            lists.make(made.edition, code, by=by, race=made.race)
        counted.append(len(queries))
    assert counted[0] == counted[1] <= 8


def test_a_start_list_that_is_out_is_there_for_everybody_grouped_as_asked(client):
    made = cast.make(riders=3)
    Rider.objects.filter(entries=made.entries[2]).update(region_zh="河南")
    other = Team.objects.create(edition=made.edition, name_zh="=㛃䶮车队")
    Entry.objects.filter(pk=made.entries[1].pk).update(team=other)
    address = "/editions/edition-open/races/open/start-list"
    told = client.get(f"{address}.csv?by=team")
    assert told.content.decode("utf-8-sig").split("\r\n")[:-1] == [
        "号码,姓名,拉丁字母姓名,车队,地区,组别",
        "1,车手1,RIDER No1,'=㛃䶮车队,,男子组",
        "2,车手2,RIDER No2,洛阳飞驰车队,河南,男子组", "3,车手3,RIDER No3,洛阳飞驰车队,,男子组",
    ]  # fmt: skip
    assert told["Content-Disposition"] == 'attachment; filename="open-start-list-team.csv"'
    paper = "".join(pdf.text(client.get("/races/open/start-list.pdf?by=province").content).split())
    assert paper.index("河南") < paper.index("车手2") < paper.index("车手1") and "截至20" in paper
    assert len(cells(client.get("/races/open/start-list.xlsx").content)) == 3 + 1 + 3
    assert "/races/open/start-list.pdf?by=team" in client.get("/start-list/").content.decode()
    wrong = ["docx", "csv?by=age"]
    assert [client.get(f"{address}.{form}").status_code for form in wrong] == [404, 404]
    Race.objects.update(published_at=None)
    assert client.get("/races/open/start-list.csv").status_code == 404
