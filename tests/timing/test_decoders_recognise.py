"""A file is recognised by what is in it, whatever it is called; what cannot be told is not claimed."""

import io
import zipfile

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from tests.timing.chip_vectors import context_of, named, segments_of, vectors
from timing.decoders import FORMATS, decoder
from timing.decoders.recognise import LIKELY, Guess, recognise

ALL = vectors(*FORMATS)


def body_of(vector):
    return b"".join(segments_of(vector))


def first(body, name=""):
    """Format, make and reason of the likeliest guess."""
    guesses = recognise(body, name)
    return (guesses[0].format, guesses[0].make, guesses[0].why) if guesses else None


@pytest.mark.parametrize("vector", ALL, ids=named)
def test_every_vector_is_recognised_as_its_make_even_under_a_wrong_name(vector):
    for name in ("", "readme.txt", "NONAME.CSV"):
        guess = recognise(body_of(vector), name)[0]
        assert guess.make == decoder(vector["format"]).make
        if vector["expected"]["passings"]:
            assert guess.confidence >= LIKELY


@pytest.mark.parametrize("vector", [one for one in ALL if len(one["expected"]["passings"]) > 1], ids=named)
def test_a_file_that_was_cut_is_still_of_its_make(vector):
    body = body_of(vector)
    for cut in range(len(body) * 3 // 4, len(body)):
        assert recognise(body[:cut])[0].make == decoder(vector["format"]).make


@pytest.mark.parametrize("vector", ALL, ids=named)
def test_the_guess_reads_what_the_format_reads(vector):
    body, context = body_of(vector), context_of(vector)
    guessed, named_format = (
        decoder(form).parse(body, context) for form in (recognise(body)[0].format, vector["format"])
    )
    assert (guessed.reads, guessed.markers, guessed.rejects) == (
        named_format.reads, named_format.markers, named_format.rejects,
    )  # fmt: skip


LINES = {
    "mylaps_file": b"LZ6302115:37:40.704 5 0F  1000125030862\r\nNV4654515:37:40.708 5 0F  100002503086F\r\n",
    "csv": "芯片号,过点时间,计时点\r\nC1,2024/5/25 9:20:00.25,终点\r\n".encode("gb18030"),
    "chronotrack": b"CT01_13,1,start,9478,14:02:15.31,0,0F2A38,1\n",
    "ultra": b"11055\t2024-05-25 09:05:01.698\t2\t1\n11056\t2024-05-25 09:05:02.698\t2\t1\n",
    "json": b'{"reads": [{"source": "Finish", "chip": "C1", "local": "2024-05-25T09:40:00.500"}]}',
    "impinj": b"E2003412,2024-05-25 09:15:34.305,3\nE2003413,2024-05-25 09:15:34.905,1\n",
}


@pytest.mark.parametrize("form", LINES)
def test_files_that_are_no_vectors(form):
    assert recognise(LINES[form])[0].format == form


def test_pairs_of_a_mylaps_export():
    line = b"t=09:01:02.500|c=KV86583|d=240525|l=3\n"
    assert first(line * 3) == ("mylaps_file", "mylaps", "own_mark")


def test_a_log_of_a_forwarder_is_of_the_machine_whose_words_it_keeps():
    log = b"2024-05-25T09:00:00Z message: Finish@Passing@t=09:01:02.500|c=KV86583|d=240525@7@\n"
    assert first(log) == ("mylaps_tcp_v2", "mylaps", "own_mark")


def test_a_zip_of_a_feibot_handset_and_a_workbook():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("H002_1024_record.csv", "13:55:49:053:090202BD\n13:55:50:153:090202BE\n")
    assert first(packed.getvalue()) == ("feibot", "feibot", "own_mark")
    book = io.BytesIO()
    with xlsxwriter.Workbook(book) as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, ["芯片号", "时间"])
        sheet.write_row(1, 0, ["C1", "2024-05-25 09:20:00.250"])
    assert first(book.getvalue())[0] == "csv"


def test_a_table_of_something_else_is_claimed_to_be_a_table_and_no_more():
    people = "姓名,电话\n张三,13800138000\n李四,13900139000\n".encode()
    assert recognise(people) == (Guess("csv", "csv", 15, "table_only"),)
    assert recognise(people, "riders.csv") == (Guess("csv", "csv", 25, "table_only"),)


@pytest.mark.parametrize("body", [b"", b"  \n", b"\xd0\xcf\x11\xe0rest", b"hello world", b"%PDF-1.7\n%\xe2\xe3"])
def test_what_is_nobodys_file_is_claimed_for_nobody(body):
    assert recognise(body) == ()


@given(st.binary(max_size=400), st.text(max_size=20))
def test_no_bytes_are_too_odd(body, name):
    assert all(1 <= guess.confidence <= 99 for guess in recognise(body, name))


@given(st.sampled_from(ALL), st.data())
def test_no_damage_is_too_odd(vector, data):
    body = bytearray(body_of(vector))
    for _ in range(data.draw(st.integers(0, 5))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    guesses = recognise(bytes(body))
    assert [guess.confidence for guess in guesses] == sorted((one.confidence for one in guesses), reverse=True)
