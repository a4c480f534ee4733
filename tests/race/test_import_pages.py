"""The office's import by page and by API; what is exported goes in again and changes nothing."""

from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import connection
from django.test import Client

from race import entry_import, import_jobs, transponders
from race.models import Entry, LogLine, Registration
from race.refused import Refused
from tests import cast
from tests.entering import Field, open_entries, resident_number
from tests.race.test_entry_import import lines, sheet_of, told

pytestmark = pytest.mark.django_db
WHERE = "/editions/edition-entering/office/"


@pytest.fixture
def field(redis: Any) -> Field:
    return open_entries(capacity=400)


@pytest.fixture
def office(client: Client, field: Field) -> Client:
    client.force_login(cast.person(field.edition, "office"))
    return client


def upload(office: Client, body: bytes) -> str:
    """Where a pasted list is shown."""
    return office.post(f"{WHERE}import/", {"pasted": body.decode("gb18030")})["Location"]


def test_a_list_is_shown_and_then_taken_in(office: Client) -> None:
    there = upload(office, sheet_of(lines(3)))
    assert told(office.get(there).context["outcome"]) == (3, 0, 0, 0)
    assert Entry.objects.count() == 0
    done = office.post(there, {"do": "take"})["Location"]
    assert office.get(done.replace("done", "progress")).json() == {
        "step": "done", "added": 3, "updated": 0, "unchanged": 0, "wrong": 0,
    }  # fmt: skip
    office.post(done.replace("done", "now"))
    assert (Entry.objects.count(), Registration.objects.count()) == (3, 1)
    line = LogLine.objects.get(what="imported")
    assert (line.by.username if line.by else "", line.details) == (
        "office@edition-entering", {"added": 3, "updated": 0, "unchanged": 0},
    )  # fmt: skip


def test_a_wrong_list_is_not_taken_in_and_a_column_is_told_by_hand(office: Client) -> None:
    there = upload(office, sheet_of(lines(1), lines(1, 9, id="410311199003073000")))
    assert (office.post(there, {"do": "take"}).status_code, Entry.objects.count()) == (409, 0)
    there = upload(office, sheet_of(lines(2)).replace("车队".encode("gb18030"), "所属".encode("gb18030"), 1))
    assert office.get(there).context["unknown"] == [(3, "所属")]
    office.post(there, {"do": "columns", "map_3": "team"})
    assert office.get(there).context["unknown"] == []
    office.post(there, {"do": "take"})
    assert list(Entry.objects.order_by("bib").values_list("team__name_zh", flat=True)) == ["车队1", "车队2"]


def test_a_long_list_waits_for_a_worker_and_is_told_when_it_is_lost(
    office: Client, field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[list[Any]] = []
    monkeypatch.setattr(
        import_jobs.doorbell, "ring", lambda task, arguments: bool(rung.append(list(arguments)) or True)
    )
    there = upload(office, sheet_of(lines(300)))
    done = office.post(there, {"do": "take"})["Location"]
    token = done.split("/")[-3]
    assert (rung, import_jobs.progress(token)) == (
        [[field.edition.pk, token]], {"step": "waiting", "done": 0, "total": 300},
    )  # fmt: skip
    from race.tasks import import_entries

    import_entries(field.edition.pk, token)
    assert (import_jobs.progress(token)["added"], Entry.objects.count()) == (300, 300)
    import_entries(field.edition.pk, token)
    assert Entry.objects.count() == 300
    assert office.get(f"{WHERE}import/unknown/").status_code == 409


def test_a_list_that_a_worker_is_taking_in_is_not_taken_in_beside_it(office: Client, field: Field) -> None:
    there = upload(office, sheet_of(lines(3)))
    token = there.split("/")[-2]
    job = import_jobs.find(token, field.edition)
    import_jobs.say(token, {"step": "writing", "done": 1, "total": 3})
    name = f"{entry_import.import_key(job.body, token)}{field.edition.pk}"
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [name])
        with pytest.raises(Refused) as refused:
            entry_import.apply(field.edition, job.body, key=token, by=None)
        now = office.post(f"{there}now/")
        assert (refused.value.code, now.status_code, Entry.objects.count()) == ("import_running", 302, 0)
        assert import_jobs.progress(token)["step"] == "writing"
    finally:
        other.close()
    office.post(f"{there}now/")
    assert (import_jobs.progress(token)["added"], Entry.objects.count()) == (3, 3)


def test_a_list_that_breaks_a_worker_is_told_and_can_be_started_again(
    office: Client, field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = upload(office, sheet_of(lines(3)))
    token = there.split("/")[-2]

    def out_of_time(*_given: Any) -> None:
        raise SoftTimeLimitExceeded

    with monkeypatch.context() as patch, pytest.raises(SoftTimeLimitExceeded):
        patch.setattr(entry_import, "_money", out_of_time)
        import_jobs.run(field.edition, token)
    told = import_jobs.progress(token)
    assert (told["step"], told["code"], Entry.objects.count()) == ("refused", "failed", 0)
    assert office.post(there, {"do": "take"}).status_code == 302
    assert (import_jobs.progress(token)["added"], Entry.objects.count()) == (3, 3)


def test_what_is_exported_goes_in_again_and_changes_nothing(office: Client, field: Field) -> None:
    foreign = "GÓMEZ Juan,AB123456,ME,,,juan@x.org,77,F1,是,COL,1990-03-07,M"
    body = sheet_of(lines(4)).decode("gb18030") + "\n"
    entry_import.apply(field.edition, body.encode(), key="k", by=None)
    headings = "Name,ID,Category,Team,Region,E-mail,Bib,Chip,Paid,Nation,Birth date,Sex"
    entry_import.apply(field.edition, f"{headings}\n{foreign}".encode(), key="k", by=None)
    # A chip that went to another rider is told of that one alone.
    one, two = Entry.objects.order_by("bib")[:2]
    was = one.assignments.get().transponder.code
    transponders.swap_to(two, was, by=None)
    exported = office.get(f"{WHERE}export/entries.xlsx").content
    outcome = entry_import.dry_run(field.edition, exported)
    assert [[(p.column, p.code, p.text) for p in row.problems] for row in outcome.rows] == [[]] * 5
    assert told(outcome) == (0, 0, 5, 0)
    assert LogLine.objects.get(what="entries_exported").details == {"count": 5}


def test_the_empty_list_has_its_examples_left_out(office: Client, field: Field) -> None:
    body = office.get(f"{WHERE}import/list.xlsx").content
    assert told(entry_import.dry_run(field.edition, body)) == (0, 0, 0, 0)
    team = office.get("/editions/edition-entering/enter/team/list.xlsx").content
    assert told(entry_import.dry_run(field.edition, team)) == (0, 0, 0, 0)


@pytest.mark.parametrize("role", ["timing_crew", "commissaire", "announcer", ""])
def test_only_the_office_imports_and_exports(client: Client, field: Field, role: str) -> None:
    if role:
        client.force_login(cast.person(field.edition, role))
    pages = ("import/", "import/x/", "import/x/done/", "import/x/progress/", "import/list.xlsx", "export/entries.xlsx")
    assert [client.get(WHERE + page).status_code for page in pages] == [403 if role else 302] * len(pages)


def test_the_api_judges_takes_in_and_answers_again(client: Client, field: Field) -> None:
    headers = cast.bearer(field.edition, "office")

    def send(body: bytes, query: str = "", **more: str) -> Any:
        return client.post(f"/api/v1/entries/import/{query}", body, content_type="text/csv", headers=headers | more)

    bad = sheet_of(lines(1), lines(1, 9, id="410311199003073000"))
    judged = send(bad, "?dry_run=1").json()
    assert (judged["written"], judged["added"], judged["wrong"], judged["rows"][0]["row"]) == (False, 1, 1, 3)
    assert judged["rows"][0]["problems"][0]["code"] == "identity_check_digit"
    refused = send(bad)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (409, "rows_wrong")
    good = sheet_of(lines(2))
    first, second = send(good, **{"Idempotency-Key": "a"}), send(good, **{"Idempotency-Key": "a"})
    assert (first.status_code, first.json()["added"], second.status_code, second.json()["added"]) == (201, 2, 200, 2)
    assert Entry.objects.count() == 2


def test_a_team_by_the_api(client: Client, field: Field) -> None:
    body = {
        "edition": field.edition.slug, "team": "飞驰", "contact": {"name": "经理", "email": "m@example.org"},
        "signature": {"signer": "经理", "version": 1},
        "rows": [{"name": name, "number": resident_number(name), "phone": "13800000001"} for name in ("甲一", "乙二")],
    }  # fmt: skip
    wrong = body | {"rows": [{"name": "甲一", "number": "1"}]}
    judged = client.post("/api/v1/teams/?dry_run=1", wrong, content_type="application/json").json()
    assert [(row["row"], row["problems"][0]["code"]) for row in judged["rows"]] == [(1, "identity_length")]
    sent = [
        client.post("/api/v1/teams/", body, content_type="application/json", headers={"Idempotency-Key": "t"})
        for _time in range(2)
    ]
    assert [answer.json()["entries"] for answer in sent] == [
        [{"name": "甲一", "category": "ME", "state": "held"}, {"name": "乙二", "category": "ME", "state": "held"}]
    ] * 2
    listed = client.get("/api/v1/teams/", headers=cast.bearer(field.edition, "office")).json()
    assert [(team["name_zh"], team["riders"]) for team in listed if team["riders"]] == [("飞驰", 2)]
