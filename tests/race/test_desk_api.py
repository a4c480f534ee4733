"""Numbers, chips and lists through the API: the same actions as the pages."""

from __future__ import annotations

import json

import pytest

from race import bibs
from race.models import Entry, LogLine
from tests import cast, desk_field
from tests.race.test_transponders import desk, history

pytestmark = pytest.mark.django_db


class Machine:
    """A program with a key of the office."""

    def __init__(self, client, made: cast.Cast, role: str = "office") -> None:
        self.client, self.headers = client, cast.bearer(made.edition, role)

    def post(self, path: str, **body) -> tuple[int, dict]:
        answer = self.client.post(
            f"/api/v1/{path}", json.dumps(body), content_type="application/json", headers=self.headers
        )
        return answer.status_code, answer.json()

    def refused(self, path: str, **body) -> tuple[int, str]:
        status, answer = self.post(path, **body)
        return status, answer["errors"][0]["code"]

    def get(self, path: str):
        return self.client.get(f"/api/v1/{path}", headers=self.headers)


def test_a_plan_is_a_dry_run_and_its_digest_carries_it_out(client):
    made = cast.make(riders=0, published=False)
    desk_field.ranged(made.category, 12, 199)
    entries = desk_field.confirmed(made, 2)
    office = Machine(client, made)
    status, plan = office.post("entries/bibs/", categories=["ME"], seeds=[entries[1].pk])
    assert (status, {key: value for key, value in plan.items() if key != "digest"}) == (
        200,
        {
            "new": 2,
            "rows": [
                {"entry": entries[1].pk, "category": "ME", "bib": 12, "why": "seeded"},
                {"entry": entries[0].pk, "category": "ME", "bib": 14, "why": "next"},
            ],
            "problems": [
                {
                    "code": "range_too_small",
                    "category": "ME",
                    "count": 13,
                    "detail": "男子组有 200 个名额，却只有 187 个号码。",
                }
            ],
        },
    )
    assert Entry.objects.filter(bib__isnull=False).count() == 0
    wanted = {"categories": ["ME"], "seeds": [entries[1].pk]}
    assert office.refused("entries/bibs/assign/", digest="x", **wanted) == (409, "plan_is_stale")
    assert office.post("entries/bibs/assign/", digest=plan["digest"], **wanted) == (200, {"assigned": 2})
    assert office.refused("entries/bibs/", categories=["XX"])[0] == 400
    assert LogLine.objects.filter(what="bib_given", by__username__startswith="office").count() == 2


def test_single_numbers(client):
    made = cast.make(published=False)
    desk_field.ranged(made.category, 1, 99)
    office, (one, other) = Machine(client, made), (made.entries[1], made.entries[2])
    change = lambda **body: office.post("entries/bibs/change/", **body)
    assert change(entry=one.pk, bib=50) == (200, {"entry": one.pk, "bib": 50})
    assert office.refused("entries/bibs/change/", entry=one.pk, bib=2) == (409, "bib_taken")
    assert change(entry=one.pk, swap_with=other.pk) == (200, {"entry": one.pk, "bib": 2})
    assert change(entry=one.pk, lost=True, reason="torn") == (200, {"entry": one.pk, "bib": 1})
    bibs.freeze(made.edition, by=None)
    assert office.refused("entries/bibs/change/", entry=one.pk, bib=None) == (409, "reason_missing")
    assert change(entry=one.pk, bib=None, reason="ill") == (200, {"entry": one.pk, "bib": None})
    assert office.refused("entries/bibs/change/", entry=one.pk)[0] == 400
    assert office.refused("entries/bibs/change/", entry=999_999, bib=1)[0] == 404


def test_chips_are_handed_out_swapped_and_brought_back(client):
    made = desk()
    office = Machine(client, made)
    cast.enter(made, 5)
    assert office.post("transponders/", chip="n1", bib=5) == (
        201,
        {
            "entry": Entry.objects.get(bib=5).pk, "bib": 5, "race": made.race.slug, "since": "2024-05-25T08:00:00+08:00",
            "until": None,
        },
    )  # fmt: skip
    assert office.refused("transponders/", chip="c2", bib=5) == (409, "chip_taken")
    assert office.post("transponders/", chip="c2", bib=5, swap=True)[0] == 201
    assert office.refused("transponders/return/", chip="C1") == (409, "before_the_gun")
    status, answer = office.post("transponders/return/", chip="C1", reason="does not start")
    assert (status, answer["bib"], answer["until"]) == (200, 1, "2024-05-25T08:00:00+08:00")
    listed = office.get("transponders/").json()["results"]
    assert [(row["code"], row["holder"] and row["holder"]["bib"]) for row in listed] == [
        ("C1", None), ("C2", 5), ("C3", 3), ("C4", 4), ("N1", 5),
    ]  # fmt: skip
    assert history("C2") == ["2 ..-60", "5 -60.."]


def test_many_chips_at_once(client):
    made = desk()
    office = Machine(client, made)
    rows = [{"bib": 1, "chips": ["A1"]}, {"bib": 9, "chips": ["A2"]}]
    problems = [{"row": 2, "detail": "没有这个号码的车手。"}]
    assert office.post("transponders/import/", rows=rows, dry_run=True) == (200, {"new": 1, "problems": problems})
    assert office.refused("transponders/import/", rows=rows) == (409, "bad_rows")
    for new in (1, 0):
        assert office.post("transponders/import/", rows=rows[:1]) == (200, {"new": new, "problems": []})


def test_lists(client):
    made = cast.make(riders=2)
    office = Machine(client, made)
    answer = office.get("lists/insurer/").json()
    assert [row["number"] for row in answer["rows"]] == ["SYNTHETIC0001", "SYNTHETIC0002"]
    assert office.get("lists/insurer/?as=xlsx").content[:2] == b"PK"
    assert office.get(f"lists/call_up/?as=pdf&race={made.race.slug}").content[:4] == b"%PDF"
    wrong = ("call_up/", "nothing/", "police/?as=doc", "police/?race=x")
    assert [office.get(f"lists/{path}").status_code for path in wrong] == [409, 409, 400, 404]
    crew = Machine(client, made, "timing_crew")
    assert crew.get("lists/insurer/").status_code == 403
    assert LogLine.objects.filter(what="list_made").count() == 2
