"""What a crew is told of what it sent: read as it was meant, refused with a reason, and what counts nowhere."""

import gzip
import json
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from race.models import Token
from tests import cast
from tests.timing.test_decoders_unpack import zipped
from tests.timing.test_decoders_workbook import repacked, written
from timing.api import answers, findings
from timing.models import Channel, Delivery, Ingestion, Read, Source, Status, Upload

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("alone")]

ADDRESS = "/api/v1/timing/deliveries/"
UNDATED = "chip,time,point\nC1,09:20:00,Finish\nC2,09:21:00,Finish\n"
DATED = "chip,time,point\nC1,2024-05-25 09:20:00,Finish\nC2,2024-05-25 09:21:00,Finish\n"
BOOK = written([["chip", "time", "point"], ["C1", "2024-05-25 09:20:00", "Finish"]])
UNNAMED = "芯片号,时间\nC1,2024/5/25 9:20:00\nC2,2024/5/25 9:21:00"


@pytest.fixture
def send(client):
    """Send a body as the crew's machine: `send(body, date=..., key=...)`."""
    headers = cast.bearer(cast.make().edition, Token.DELIVERIES)

    def sent(body, key=None, **query):
        told = headers | ({"Idempotency-Key": key} if key else {})
        return client.post(ADDRESS, body, content_type="text/csv", headers=told, query_params=query)

    return sent


def counts(answer):
    """Status, new, known and rejected of an answer."""
    told = answer.json()["counts"]
    return answer.status_code, told["new"], told["known"], told["rejected"]


def code(answer):
    return answer.status_code, [(error["code"], error["attr"]) for error in answer.json()["errors"]]


def pairs(answer):
    return [(row["reason"], row["raw"]) for row in answer.json()["rejects"]]


# --- the same bytes, read in another way -----------------------------------------------------------------------------


def test_a_second_try_with_the_right_date_is_a_new_delivery(send):
    wrong, right, again = (send(UNDATED, date=day) for day in ("2024-05-24", "2024-05-25", "2024-05-25"))
    assert [counts(answer) for answer in (wrong, right, again)] == [(201, 2, 0, 0), (201, 2, 0, 0), (200, 2, 0, 0)]
    assert again.json()["id"] == right.json()["id"] != wrong.json()["id"]
    assert Read.objects.filter(local_us=cast.local_us("09:20:00")).count() == 1


@pytest.mark.parametrize("other", [{"zone": "UTC"}, {"source": "Backup"}, {"make": "xlsx"}])
def test_any_other_reading_is_a_new_delivery_and_what_is_known_stays_known(send, other):
    first, second = send(UNDATED, date="2024-05-25"), send(UNDATED, date="2024-05-25", **other)
    assert (counts(first), counts(second)) == ((201, 2, 0, 0), (201, 0, 2, 0))
    assert first.json()["id"] != second.json()["id"]


def test_another_file_name_is_no_other_reading(send):
    first, second = (send(UNDATED, date="2024-05-25", name=name) for name in ("a.csv", "b.csv"))
    assert (first.json()["id"], second.status_code) == (second.json()["id"], 200)


@pytest.mark.parametrize("other", [{"date": "2024-05-26"}, {"zone": "UTC"}, {"source": "Backup"}, {"make": "xlsx"}])
def test_a_key_with_other_options_is_refused_like_one_with_other_bytes(send, other):
    first, again = send(UNDATED, "k", date="2024-05-25"), send(UNDATED, "k", date="2024-05-25", name="x")
    assert (first.status_code, again.status_code) == (201, 200)
    assert code(send(UNDATED, "k", **{"date": "2024-05-25"} | other)) == (422, [("key_reused", None)])
    assert Delivery.objects.count() == 1


# --- days -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [UNDATED, "CHIP1,09:20:00\nCHIP2,09:21:00\n"], ids=["headings", "no headings"])
def test_a_file_without_dates_never_gets_the_day_on_which_it_came(send, body):
    answer = send(body, source="Finish")
    assert (counts(answer), pairs(answer)) == ((201, 0, 0, 2), [("no_date", row) for row in body.splitlines()[-2:]])
    assert Read.objects.count() == 0


def test_reads_as_json_and_a_recorded_stream_without_dates_neither(send):
    rows = [{"source": "Finish", "chip": "C1", "local": "09:20:00"}]
    batch, frame = json.dumps({"reads": rows}), "Finish@Passing@t=09:20:00|c=C1@1@$"
    assert pairs(send(batch, make="json")) == [("no_date", json.dumps(rows[0]))]
    assert pairs(send(frame, make="mylaps")) == [("no_date", "t=09:20:00|c=C1")]
    assert counts(send(batch, make="json", date="2024-05-25")) == (201, 1, 0, 0)
    assert counts(send(frame, make="mylaps", date="2024-05-25")) == (201, 0, 1, 0)


def test_a_date_is_kept_as_it_is_read(send):
    assert counts(send(UNDATED, date="2024-5-25")) == (201, 2, 0, 0)
    assert Delivery.objects.get().options["date"] == "2024-05-25"


# --- who read it ------------------------------------------------------------------------------------------------------


def test_rows_of_nobody_say_so_with_their_own_line(send):
    rows = UNNAMED.splitlines()[1:]
    answer = send(UNNAMED.encode("gbk"))
    assert (counts(answer), pairs(answer)) == ((201, 0, 0, 2), [("no_source", row) for row in rows])
    assert pairs(send('{"reads": [{"chip": "C1", "local": "2024-05-25T09:20:00"}]}', make="json")) == [
        ("no_source", '{"chip": "C1", "local": "2024-05-25T09:20:00"}')
    ]


def test_a_source_that_is_told_or_the_only_one_of_the_channel_is_taken(send):
    assert counts(send(UNNAMED, source=" Backup ")) == (201, 2, 0, 0)
    channel = Channel.objects.get(token__isnull=False)
    channel.sources.add(Source.objects.get(name="Finish"))
    assert counts(send(UNNAMED)) == (201, 2, 0, 0)
    assert [row.options.get("source") for row in Delivery.objects.order_by("pk")] == ["Backup", "Finish"]
    channel.sources.add(Source.objects.get(name="Backup"))
    assert counts(send(UNNAMED)) == (201, 0, 0, 2)


def test_what_ingest_refuses_is_a_line_too(send):
    send(UNDATED, date="2024-05-25")
    Channel.objects.get(token__isnull=False).sources.add(Source.objects.get(name="Finish"))
    answer = send("chip,time,point\nC1,2024-05-25 09:20:00.250999,终点\n")
    assert pairs(answer) == [("source_not_allowed", "终点,C1,2024-05-25T09:20:00.250")]


def test_a_row_of_a_batch_that_is_no_read_keeps_no_other_from_counting(client):
    headers = cast.bearer(cast.make().edition, Token.DELIVERIES)
    good = {"source": "Finish", "chip": "C1", "local": "2024-05-25T09:20:00", "told": "x" * 300}
    bad = [{"chip": "C" * 33}, {"chip": ""}, {"source": "F" * 161}, {"local": "9" * 41}, {"local": ""}]
    rows = [good, *(good | one for one in bad)]
    answer = client.post("/api/v1/timing/reads/", {"reads": rows}, content_type="application/json", headers=headers)
    assert counts(answer) == (201, 1, 0, 5)
    assert [reason for reason, _raw in pairs(answer)] == ["bad_chip", "bad_chip", "bad_source", "bad_time", "bad_time"]
    assert list(Read.objects.values_list("source__name", "chip")) == [("Finish", "C1")]


# --- what is wrong with a request ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("zone", ["Mars/X", "Asia", "../etc", "/etc/passwd"])
def test_a_zone_that_is_none(send, zone):
    assert code(send(UNDATED, zone=zone)) == (400, [("bad_zone", "zone")])
    assert Delivery.objects.count() == 0


def test_a_source_that_is_no_name(send):
    assert code(send(UNDATED, source="\n")) == (400, [("invalid", "source")])


@pytest.mark.parametrize("kind", ["", "text/csv", "application/x-www-form-urlencoded"])
def test_an_empty_body_is_called_empty(client, kind):
    headers = cast.bearer(cast.make().edition, Token.DELIVERIES) | {"Accept-Language": "en"}
    answer = client.generic("POST", ADDRESS, b"", content_type=kind, headers=headers)
    assert (answer.status_code, answer.json()["errors"]) == (
        400,
        [{"code": "invalid", "detail": "The body is empty; nothing was kept.", "attr": "file"}],
    )


def test_a_form_without_its_file(client):
    headers = cast.bearer(cast.make().edition, Token.DELIVERIES) | {"Accept-Language": "en"}
    answer = client.post(ADDRESS, {"upload": SimpleUploadedFile("a.csv", UNDATED.encode())}, headers=headers)
    assert answer.json()["errors"][0]["detail"] == "The form has no field named file."


def test_without_a_key_the_key_is_what_is_missing(client):
    cast.make()
    for address in (ADDRESS, "/api/v1/timing/reads/", f"{ADDRESS}?edition=edition-open"):
        answer = client.post(address, UNDATED, content_type="text/csv")
        assert code(answer) == (401, [("not_authenticated", None)])


# --- what comes back ----------------------------------------------------------------------------------------------------


def test_a_workbook_is_taken_as_xlsx_and_as_csv(send):
    book = written([["chip", "time", "point"], ["C1", "2024-05-25 09:20:00", "Finish"]])
    assert counts(send(book, make="xlsx")) == (201, 1, 0, 0)
    assert counts(send(book, make="csv")) == (201, 0, 1, 0)


def test_sources_and_chips_that_count_nowhere_are_named(client, send):
    rows = [f"X{number:02},2024-05-25 09:20:{number:02},Gate" for number in range(25)]
    made = send("\n".join(["chip,time,point", *rows, "C1,2024-05-25 09:19:00,Arch", "C2,2024-05-25 09:19:00,Finish"]))
    expected = [f"X{number:02}" for number in range(20)]
    assert (made.json()["unmapped"], made.json()["unknown_chips"]) == (["Arch", "Gate"], expected)
    Source.objects.filter(name="Gate").update(point=Source.objects.get(name="Finish").point)
    crew = cast.bearer(Ingestion.objects.get().edition, "timing_crew")
    later = client.get(f"{ADDRESS}{made.json()['id']}/", headers=crew).json()
    assert (later["unmapped"], later["unknown_chips"], later["counts"]) == (["Arch"], expected, made.json()["counts"])
    clean = send("chip,time,point\nC3,2024-05-25 09:25:00,Finish\n").json()
    assert (clean["unmapped"], clean["unknown_chips"]) == ([], [])


def test_the_list_begins_with_the_newest_and_names_files(client, send):
    for name in ("a.csv", "b.csv", "c.csv"):
        send(UNDATED.replace("09:", f"{10 + ord(name[0]) - 97}:"), date="2024-05-25", name=name)
    crew = cast.bearer(Ingestion.objects.first().edition, "timing_crew")
    pages = [client.get(f"{ADDRESS}?limit=2&offset={offset}", headers=crew).json() for offset in (0, 2)]
    named = [[(row["name"], row["make"]) for row in page["results"]] for page in pages]
    assert named == [[("c.csv", "csv"), ("b.csv", "csv")], [("a.csv", "csv")]]
    assert [(page["bytes"], page["next"] is None) for page in pages] == [
        (3 * len(UNDATED), False),
        (3 * len(UNDATED), True),
    ]


# --- rejects that can be read --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["gbk", "utf-8", "utf-8-sig", "utf-16"])
def test_a_row_is_shown_in_the_encoding_of_its_file(send, encoding):
    lines = ["芯片号,时间,计时点,姓名", "C1,没有,终点,联通", "C2,2024/5/25 9:20:00,终点,欧阳娜娜", ""]
    assert pairs(send("\n".join(lines).encode(encoding))) == [("bad_time", lines[1])]


def test_a_row_of_a_workbook_is_shown_as_it_is(send):
    book = written([["芯片号", "时间", "计时点"], ["C1", "没有", "终点"]])
    assert pairs(send(book, make="xlsx")) == [("bad_time", "C1\t没有\t终点")]


def test_bytes_that_are_no_text_are_a_few_hex_digits(send):
    assert pairs(send(b"\x01\x02\x03\x04" * 100 + b"@Odd@1@$", make="mylaps")) == [
        ("unknown_function", "0x01020304010203040102030401020304... (407 bytes)")
    ]


@pytest.mark.parametrize(
    ("head", "size", "shown"),
    [
        (b"plain", 5, "plain"),
        ("终点".encode()[:5], 6, "终"),
        ("终点".encode("gbk"), 4, "终点"),
        (b"C1,09:20:00,\xff\xff", 14, "C1,09:20:00,\\xff\\xff"),
        (b"\x89PNG\r\n\x1a\n" + bytes(8), 16, "0x89504e470d0a1a0a0000000000000000 (16 bytes)"),
        (b"", 0, ""),
    ],
)
def test_bytes_as_people_read_them(head, size, shown):
    assert findings.readable(head, size, ["utf-8", "gb18030"]) == shown


# --- packed files -------------------------------------------------------------------------------------------------------


def test_a_packed_file_is_kept_packed_and_read_as_the_file_in_it(send):
    for packed in (gzip.compress(DATED.encode()), zipped(("card.csv", DATED))):
        assert send(packed).status_code == 201
        assert bytes(Delivery.objects.latest("pk").body) == packed
    assert list(Ingestion.objects.order_by("pk").values_list("new", "known", "rejected")) == [(2, 0, 0), (0, 2, 0)]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (gzip.compress(bytes(3_000_000)), "too_large_unpacked"),
        (gzip.compress(UNDATED.encode())[:-9], "broken_archive"),
        (zipped(("a.csv", UNDATED), ("b.csv", UNDATED)), "not_one_file"),
        (zipped(("a.png", b"\x89PNG")), "not_a_chip_file"),
        (repacked(BOOK, **{"xl/x.xml": bytes(7_000_000)}), "too_large_unpacked"),
        (BOOK[:-99], "broken_archive"),
    ],
    ids=["bomb", "cut", "several", "picture", "large workbook", "cut workbook"],
)
def test_a_packed_file_of_no_use_is_refused_with_the_reason_and_kept(send, body, reason):
    assert code(send(body)) == (422, [(reason, None)])
    assert bytes(Delivery.objects.get().body) == body
    assert sum(Ingestion.objects.values_list("rejected", flat=True)) == 1


def test_a_packed_file_of_some_size_is_the_workers(send, monkeypatch):
    monkeypatch.setattr(answers, "AT_ONCE_PACKED", 10)
    assert send(gzip.compress(DATED.encode())).json()["status"] == "pending"
    assert send(DATED).json()["status"] == "taken"


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br"])
def test_a_body_that_was_squeezed_for_its_way_is_refused(client, encoding):
    headers = cast.bearer(cast.make().edition, Token.DELIVERIES)
    announced = client.post("/api/v1/timing/uploads/", {"size": 9}, content_type="application/json", headers=headers)
    for method, address in (("POST", ADDRESS), ("PATCH", announced["Location"])):
        told = headers | {"Content-Encoding": encoding, "Upload-Offset": "0"}
        answer = client.generic(method, address, b"squeezed!", "text/csv", headers=told)
        assert code(answer) == (415, [("content_encoding", None)])
    assert (Delivery.objects.count(), Upload.objects.get().received) == (0, 0)


def test_a_bridge_says_how_long_ago_it_was_said_and_what_to_call_a_nameless_reader(send):
    box = "C1;25-05-2024 09:20:00.000\r"
    first = send(box + "CLOCK 25-05-2024 09:20:00\r", make="wiclax", label="gate", age="1500", live="yes")
    assert (first.status_code, Read.objects.get().source.name) == (201, "gate")
    delivery = Delivery.objects.get()
    status = Status.objects.get(source__name="gate")
    assert 1500 <= (delivery.received_at - status.at) / timedelta(milliseconds=1) < 60_000
    delivery.channel.sources.set([Source.objects.get(name="Finish")])
    assert send(box, make="wiclax", label="gate").json()["counts"]["new"] == 1
    assert [source for (source,) in Read.objects.order_by("pk").values_list("source__name")] == ["gate", "Finish"]
    assert send(box, make="wiclax", age="yesterday").status_code == 400
