"""PDFs: data is set as text, never as markup; the same data gives the same bytes; lists and labels."""

import io

import pytest
from django.utils.translation import override
from pypdf import PdfReader

from race import typesetting
from tests import pdf

COLUMNS = [
    {"key": "bib", "title": ["号码", "Bib"], "width": "16mm", "align": "right"},
    {"key": "name", "title": ["姓名", "Name"], "width": 2},
    {"key": "here", "title": "到", "width": "14mm", "align": "center", "box": True},
]
HOSTILE = ['#import "x": *', "#panic()", "*b* _i_ $x$ `c`", "= heading", "</svg><script>", "\\ [a] <l> @a // /* ~"]


def listing(rows: list[dict[str, object]], **more: object) -> dict[str, object]:
    return {
        "title": "检录名单",
        "subtitle": "男子公路精英组",
        "columns": COLUMNS,
        "rows": rows,
        "footer": "按号码",
    } | more


def lines(made: bytes) -> list[str]:
    return "\n".join(pdf.pages(made)).split("\n")


def test_a_name_that_looks_like_markup_comes_out_as_it_is() -> None:
    made = lines(typesetting.pdf("table", listing([{"bib": at, "name": name} for at, name in enumerate(HOSTILE)])))
    assert [line for line in made if line[:1].isdigit()] == [f"{at} {name}" for at, name in enumerate(HOSTILE)]


def test_hostile_texts_do_no_harm_anywhere_else() -> None:
    hostile = " ".join(HOSTILE[:4])
    everywhere = listing(
        [{"group": hostile}], title=hostile, subtitle=hostile, footer=hostile, event=hostile, facts=[[hostile, hostile]]
    )
    assert pdf.text(typesetting.pdf("table", everywhere)).count("#panic()") >= 6
    labels = {
        "labels": [{"bib": 7, "name": hostile, "latin": hostile, "category": hostile, "team": hostile, "qr": hostile}]
    }
    assert pdf.text(typesetting.pdf("labels", labels)).count("#panic()") == 4


def test_a_long_list_repeats_its_headings_and_counts_its_pages() -> None:
    with override("en"):
        made = pdf.pages(typesetting.pdf("table", listing([{"bib": at, "name": "张三"} for at in range(1, 91)])))
    assert [page.count("Bib") for page in made] == [1] * len(made)
    assert [f"Page {at} of {len(made)}" in page for at, page in enumerate(made, 1)] == [True] * len(made)
    assert len(made) == 3


def test_a_page_lies_down_when_told() -> None:
    sizes = [
        PdfReader(io.BytesIO(typesetting.pdf("table", listing([], landscape=lying)))).pages[0].mediabox
        for lying in (False, True)
    ]
    assert [(round(float(box.width)), round(float(box.height))) for box in sizes] == [(595, 842), (842, 595)]


def test_an_empty_cell_is_a_dash_and_a_group_a_heading() -> None:
    made = lines(
        typesetting.pdf("table", listing([{"group": "第一批"}, {"bib": 4, "name": None}, {"bib": 5, "name": ""}]))
    )
    assert made[made.index("第一批") :][:3] == ["第一批", "4 –", "5 –"]


def test_rare_characters_are_set() -> None:
    assert "张㛃䶮𬍛𫖯" in pdf.text(typesetting.pdf("table", listing([{"bib": 1, "name": "张㛃䶮𬍛𫖯"}])))


def test_labels_fill_sheets() -> None:
    label = {
        "name": "买买提江·艾力",
        "latin": "AILI Maimaitijiang",
        "category": "男子公路精英组",
        "mark": "peak",
        "team": "",
        "qr": "DG1",
    }
    made = pdf.pages(
        typesetting.pdf("labels", {"footer": "Made by us", "labels": [label | {"bib": at} for at in range(25)]})
    )
    assert len(made) == 2
    assert made[1].split("\n") == ["24", "买买提江·艾力", "AILI Maimaitijiang", "男子公路精英组", "Made by us"]
    assert made[0].count("Made by us") == 1


def test_the_same_data_gives_the_same_bytes_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    first = typesetting.pdf("table", listing([{"bib": 1, "name": "甲"}]))
    typesetting._kept.clear()
    assert typesetting.pdf("table", listing([{"name": "甲", "bib": 1}])) == first
    monkeypatch.setattr(typesetting.typst, "Compiler", None)
    assert typesetting.pdf("table", listing([{"bib": 1, "name": "甲"}])) == first


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    typesetting._kept.clear()
    monkeypatch.setattr(typesetting, "KEPT_BYTES", 100)
    for at in range(3):
        typesetting.pdf("labels", {"labels": [{"bib": at}]})
    assert len(typesetting._kept) == 1


def test_of_private_data_no_copy_is_kept() -> None:
    typesetting._kept.clear()
    typesetting.pdf("labels", {"labels": [{"bib": 1}]}, keep=False)
    assert len(typesetting._kept) == 0


@pytest.mark.parametrize(
    ("template", "data", "message"),
    [
        ("../settings", {}, "../settings: no such template"),
        ("nothing", {}, "nothing: no such template"),
        ("table", {"title": object()}, "data: Type is not JSON serializable: object"),
        (
            "table",
            {"columns": [{"key": "a", "title": "a", "width": "3in"}], "rows": []},
            "table: panicked with: width: 3in",
        ),
    ],
)
def test_what_cannot_be_printed_says_why(template: str, data: dict[str, object], message: str) -> None:
    with pytest.raises(typesetting.Unprintable) as refused:
        typesetting.pdf(template, data)
    assert str(refused.value) == message
