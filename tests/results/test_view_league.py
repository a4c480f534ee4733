"""The league's pages: the desk that brings rounds in and joins rows, and what the public sees of changes in the season."""

import io
import re
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from race import workbook
from results import live, protests, rulings
from results.league import joining, standings
from results.models import Communique, League, RoundResult
from tests import cast
from tests.results.test_league import posted, raced, season, sheet
from tests.results.test_view_officials import browser, words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis")]
HERE = "/officials/league/city/"
LIST = "名次,姓名,车队,组别\n1,车手4,洛阳飞驰车队,男子组\n2,=外地人,嵩山车队,ME\nDNF,别人,,ME\n".encode("gbk")
BAD = "名次,姓名,组别\nx,甲,ME\n2,乙,铁人组\n3,丙,ME\n".encode()


def upload(client, body):
    sent = {"list": SimpleUploadedFile("round3.csv", body)}
    return client.post(f"{HERE}rounds/3/", sent)


def test_a_round_is_brought_in_looked_at_first_and_by_one_at_a_time(django_assert_max_num_queries):
    stage = raced()
    season(stage)
    client = browser(stage, "organiser")
    with django_assert_max_num_queries(16):
        first = words(client.get("/officials/league/"))
    assert "1 First 2024-04-01 · ridden elsewhere Final 4 rows · 3 known by document · 1 by name alone" in first
    # What is wrong is named by its row; nothing is written, and the rows pasted stay in the field.
    looked = client.get(upload(client, BAD)["Location"])
    told = words(looked)
    assert "2 rows are not right. Nothing is taken in until every row is" in told
    assert (
        "2 – 甲 Men Place Neither a place nor DNF, DSQ, OTL or LAP: x. 3 2 乙 – Group No group of this league: 铁人组."
        in told
    )
    assert client.post(looked.request["PATH_INFO"], {"seen": ""}).status_code == 409
    lost = client.post(f"{HERE}rounds/3/", {"pasted": "a,b\n1,2\n"})
    assert (lost.status_code, "a,b\n1,2\n</textarea>" in lost.content.decode()) == (409, True)
    assert RoundResult.objects.count() == 4
    # Two people at once: the second one's look is of a round that is another meanwhile.
    colleague = browser(stage, "chief")
    mine, theirs = (upload(one, LIST)["Location"] for one in (client, colleague))
    seen = [re.search(r'name="seen" value="(\w+)"', client.get(at).content.decode())[1] for at in (mine, theirs)]
    assert client.post(mine, {"seen": seen[0]})["Location"] == HERE
    again = colleague.post(theirs, {"seen": seen[1]})
    assert again.status_code == 409
    again.status_code = 200
    assert "The round was changed meanwhile: look at what the list does now. Nothing was changed." in words(again)
    page = words(client.get(HERE))
    assert "Brought in: 3 new, 0 changed, 0 removed, 0 as they were." in page
    assert "3 丙站" not in page and "round3.csv · 3 new, 0 changed, 0 removed" in page


def test_rows_are_joined_at_one_press_or_one_by_one_and_parted():
    stage = raced()
    made = season(stage)
    client = browser(stage, "organiser")
    client.post(upload(client, LIST)["Location"], {})
    # One press joins what only one rider can be; the others one by one.
    line = made.rounds.get(order=3).results.get(name="车手4")
    client.post(f"{HERE}join/", {"pair": f"{line.pk}:{stage.entries[4].pk}", "reason": "same name and team"})
    assert RoundResult.objects.get(pk=line.pk).entry == stage.entries[4]
    other = made.rounds.get(order=3).results.get(name="=外地人")
    searched = words(client.get(f"{HERE}rows/{other.pk}/?q=外地"))
    assert "1 found for “外地” 外地人 嵩山车队 · Men · another row ridden elsewhere" in searched
    target = made.rounds.get(order=1).results.get(name="外地人")
    sent = {"do": "join", "to": f"line:{target.pk}", "reason": ""}
    client.post(f"{HERE}rows/{other.pk}/", sent)
    assert RoundResult.objects.get(pk=other.pk).member == ""
    client.post(f"{HERE}rows/{other.pk}/", sent | {"reason": "known to the jury"})
    assert sheet(standings.of(made, "ME"))[:2] == ["1 =外地人 12: 5 - 7", "2 车手4 10: - - 10"]
    part = {"do": "part", "seen": joining.mark(RoundResult.objects.get(pk=other.pk)), "reason": "a namesake"}
    for _twice in range(2):
        client.post(f"{HERE}rows/{other.pk}/", part)
    page = words(client.get(HERE))
    assert "The row stood alone already." in page
    assert "Row parted · round 3 · =外地人 a namesake" in page
    # Cells that a spreadsheet would take for formulas are quoted.
    csv = client.get("/league/city/ME/standings.csv").content.decode()
    assert ["'=外地人" in csv, "\n2,=外地人" in csv] == [True, False]
    book = client.get("/league/city/ME/standings.xlsx").content
    assert b"<v>10</v>" in zipfile.ZipFile(io.BytesIO(book)).read("xl/worksheets/sheet1.xml")  # points are numbers
    name, rows = workbook.sheets(book)[0]
    assert [row for row in rows if "'=外地人" in row] != [] and name.startswith("City League")


def test_a_late_disqualification_stands_in_the_changes_of_the_season_with_its_paper():
    stage = raced()
    season(stage)
    posted(stage)
    chief = browser(stage, "chief")
    # The preview says it first: five totals, and who moves in the season.
    looked = words(
        chief.post("/officials/rulings/open/preview/", {"kind": "dsq", "bib": "1", "reason": "x", "seen": ""})
    )
    assert "League 4 riders" in looked
    assert looked.split("Nobody else changes. ")[1] == (
        "City League 2024 Men 4 riders have other points Rider Points Place "
        "RIDER No1 1 Luoyang Feichi before: 17 → 7 before: 1 → 3 RIDER No3 3 Luoyang Feichi before: 15 → 17 before: 2 → 1 "
        "RIDER No2 2 Luoyang Feichi before: 7 → 10 before: 3 → 2 RIDER No4 4 Luoyang Feichi before: 3 → 5 before: 5 → 4 "
        "1 more 外地人 嵩山车队 5 before: 4 → 5"
    )
    asked = {"kind": "dsq", "bib": 1, "reason": "helmet"}
    sent = chief.post("/api/v1/races/open/rulings/preview/", asked, content_type="application/json").json()
    assert [(move["bib"], move["points_before"], move["points_after"]) for move in sent["league"] if move["group"] == "ME"] == [
        (3, 15, 17), (2, 7, 10), (1, 17, 7), (4, 3, 5), (None, 5, 5),
    ]  # fmt: skip
    # A row under protest has no points until it is decided, and the page says that it waits.
    protest = protests.file(stage.race, bibs=[2], text="drafting", filed_by="Team")
    everybody = Client(headers={"accept-language": "en"})
    waiting = words(everybody.get("/league/city/ME/changes/"))
    assert "Second: 1 row under protest Its points wait; the change stands here when the protest is decided." in waiting
    protests.decide(protest, "rejected", reason="not seen", by=None)
    rulings.issue(stage.race, "dsq", bib=1, reason="helmet", by=None)
    posted(stage)
    page = words(everybody.get("/league/city/ME/changes/"))
    paper = Communique.objects.order_by("-number")[0]
    assert f"Version 2 · 05-25 10:00 · Communiqué No. {paper.number}" in page
    told = everybody.get("/api/v1/league/changes/?league=city&group=ME").json()
    assert [(step["version"], step["first"], step["communique"]) for step in told] == [
        (2, False, paper.code), (1, True, Communique.objects.order_by("number")[0].code),
    ]  # fmt: skip
    assert [
        (move["bib"], move["points_before"], move["points_after"], move["rank_before"], move["rank_after"])
        for move in told[0]["moved"]
    ] == [(3, 15, 17, 2, 1), (2, 7, 10, 3, 2), (1, 17, 7, 1, 3), (4, 3, 5, 5, 4), (None, 5, 5, 4, 5)]
    assert all(entry.identity_hash not in page + str(told) for entry in stage.entries.values())
    teams = words(everybody.get("/league/city/teams/"))
    assert "Whose points" in teams
    live.refresh(stage.race.pk)
    assert League.objects.count() == 1


def test_rows_are_joined_and_parted_by_machines():
    stage = raced()
    made = season(stage)
    client = Client()
    client.force_login(cast.person(stage.edition, "organiser"))
    there, more = "/api/v1/league/rows/", {"content_type": "application/json"}
    rows = client.get(f"{there}?edition=edition-open&league=city").json()
    assert [(row["name"], row["joined"], row["likely"]) for row in rows] == [("外地人", False, [])]
    at = f"{there}{rows[0]['row']}/"
    sent = {"entry": stage.entries[4].pk, "reason": "told by the team"}
    done = [client.post(f"{at}join/?edition=edition-open", sent, **more).json() for _twice in range(2)]
    assert done == [{"changed": True}, {"changed": False}]
    row = client.get(f"{there}?edition=edition-open&league=city").json()[0]
    assert (row["joined"], row["bib"], stage.entries[4].identity_hash in str(row)) == (True, 4, False)
    wrong = client.post(f"{at}part/?edition=edition-open", {"reason": "x", "seen": "0"}, **more)
    assert (wrong.status_code, wrong.json()["errors"][0]["code"]) == (409, "joined_meanwhile")
    assert client.post(f"{at}join/?edition=edition-open", {"reason": "x"}, **more).status_code == 400
    parted = client.post(f"{at}part/?edition=edition-open", {"reason": "x", "seen": row["seen"]}, **more)
    assert (parted.json(), joining.loose(made)[0].line.pk) == ({"changed": True}, row["row"])
