"""The page of files: what it lists, at what cost, and what its verbs do when they are clicked twice or by somebody else."""

from urllib.parse import urlencode

import pytest
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from race.models import Role
from tests import cast
from tests.results.test_facts import RACED, raced
from timing import file_list, ingest, intake
from timing.models import Correction, Pending

pytestmark = pytest.mark.django_db
ROWS = "芯片号,过点时间,计时点\n"


def came(stage, name, *rows):
    """A file that was sent, and taken in."""
    body = (ROWS + "".join(f"{row},Finish\n" for row in rows)).encode()
    made = intake.receive(stage.channel, body, name, options={"make": "csv", "name": name}, file=True).delivery
    ingest.take_in(stage.channel.pk)
    return made


@pytest.fixture
def desk(client):
    """A race, and somebody of the timing crew who is signed in."""
    stage = raced()
    client.force_login(cast.person(stage.edition, Role.Name.TIMING_CREW))
    return stage


def told(client, delivery, verb, **said):
    """What the page says after a verb."""
    answer = client.post(f"/line/uploads/{delivery.pk}/{verb}/", said, follow=False)
    assert answer.status_code == 302
    said_so = list(get_messages(answer.wsgi_request))
    return said_so[-1].level_tag, said_so[-1].extra_tags or ""


def test_every_file_has_its_counts_at_a_cost_that_does_not_grow(client, desk):
    counted = []
    for number in (1, 2, 3):
        came(desk, f"{number}.csv", f"C4,2024/5/25 9:25:0{number}", "C1,2024/5/25 9:20:00", "C2,bad")
        with CaptureQueriesContext(connection) as queries:
            answer = client.get("/line/uploads/")
        counted.append(len(queries))
        client.get("/line/uploads/")
    assert answer.status_code == 200
    assert counted[0] == counted[1] == counted[2]
    files = [
        (one.name, one.status, one.rows, one.new, one.known, one.rejected) for one in file_list.recent(desk.edition)
    ]
    assert files == [(f"{number}.csv", "taken", 3, 1, 1, 1) for number in (3, 2, 1)]


def test_hostile_names_are_only_names(client, desk):
    name = '\u202e"><img src=x onerror=alert(1)>\r\n<script>.csv'
    answer = client.post(
        f"/api/v1/timing/deliveries/?{urlencode({'make': 'csv', 'name': name, 'edition': desk.edition.slug})}",
        (ROWS + "C1,2024/5/25 9:20:00,<b>Hall\n").encode(), content_type="text/csv",
    )  # fmt: skip
    assert answer.json()["name"] == '"><img src=x onerror=alert(1)><script>.csv'
    sheet = SimpleUploadedFile("a.csv", (ROWS + "C4,2024/5/25 9:45:00,<b>Hall\n").encode())
    seen = client.post("/line/uploads/look/", {"file": sheet, "name": name}).content.decode()
    pages = [seen, *(client.get(f"/line/{page}").content.decode() for page in ("", "sources/", "uploads/", "alarms/"))]
    assert [page for page in pages if "<img" in page or "<b>Hall" in page or "<script>" in page] == []
    assert "&lt;b&gt;Hall" in pages[1] and "&lt;img" in seen and "\u202e" not in "".join(pages)


def test_an_undo_that_is_clicked_twice_is_one_correction(client, desk):
    made = came(desk, "wrong.csv", "C3,2024/5/25 9:21:01", "C4,2024/5/25 9:39:30")
    assert told(client, made, "undo", evidence="") == ("error", "evidence_missing")
    assert told(client, made, "undo", evidence="film") == ("success", "")
    assert told(client, made, "undo", evidence="film") == ("error", "already_ignored")
    assert (Correction.objects.count(), desk.table()) == (1, RACED)
    assert told(client, made, "undo", evidence="it was right", again="1") == ("success", "")
    assert told(client, made, "undo", evidence="it was right", again="1") == ("error", "not_ignored")
    assert (Correction.objects.count(), desk.table() == RACED) == (2, False)
    assert "wrong.csv" in client.get("/line/corrections/").content.decode()


def test_a_parked_file_is_decided_once(client, desk):
    made = came(desk, "old.csv", *[f"C{n % 4 + 1},2023/5/25 9:20:{n:02}" for n in range(12)])
    assert file_list.recent(desk.edition)[0].status == "parked"
    assert told(client, made, "park", decision="leave_out") == ("success", "")
    assert file_list.recent(desk.edition)[0].status == "left_out"
    assert told(client, made, "park", decision="count") == ("success", "")
    assert told(client, made, "park", decision="count") == ("error", "not_parked")
    assert Pending.objects.get().parked == ""


def test_nothing_of_another_edition_is_found(client, desk):
    made = came(cast.make(slug="other"), "theirs.csv", "C1,2024/5/25 9:20:00")
    for verb in ("undo", "park"):
        assert client.post(f"/line/uploads/{made.pk}/{verb}/", {"evidence": "x"}).status_code == 404
    assert client.get(f"/line/uploads/{made.pk}/rejects/").status_code == 404


def test_a_form_that_says_nonsense_is_read_without_it(client, desk):
    file = SimpleUploadedFile("a.csv", (ROWS + "C4,2024/5/25 9:45:00,Finish\n").encode())
    said = {
        "make": "nobody's",
        "zone": "Mars/Olympus",
        "date": "31.12.",
        "columns": "chip:9",
        "size": "x",
        "source": "\x01",
    }
    answer = client.post("/line/uploads/look/", {**said, "file": file})
    assert answer.status_code == 200
    assert answer.context["options"] == {"make": "csv", "name": "a.csv"}
    assert client.post("/line/uploads/look/", {"file": SimpleUploadedFile("a.csv", b"")}).status_code == 422
