"""CSV and XLSX: how crews, vendors and Excel write the same reads."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timing.decoders import decoder
from timing.decoders.model import Context, Parsed, Read, Reject
from timing.decoders.wall_clock import DAY_US, day_us, local_text, time_us

CONTEXT = Context("Asia/Shanghai", date(2024, 5, 25), source="Mat 1")
SATURDAY = day_us(2024, 5, 25)
AT = SATURDAY + time_us("09:05:01.690")
SHEET = decoder("csv")


def parse(text, encoding="utf-8", context=CONTEXT):
    return SHEET.parse(text.encode(encoding), context)


def read(chip="00012345", at=AT, source="Mat 1", **said):
    return Read(source, chip, at, **said)


def refused(parsed):
    return [(reject.raw.decode(), reject.reason) for reject in parsed.rejects]


@pytest.mark.parametrize("encoding", ["gbk", "gb18030", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_encodings_line_ends_and_separators(encoding, end, mark):
    rows = [["芯片号", "时间", "计时点"], ["00012345", "2024/5/25 9:05:01.69", "终点"], ["bad", "", "起点"]]
    text = end.join(mark.join(row) for row in rows) + end
    assert SHEET.parse(text.encode(encoding), CONTEXT) == Parsed(
        (read(source="终点"),),
        rejects=(
            Reject(
                mark.join(rows[2]).encode(
                    encoding.removesuffix("-sig").replace("16", "16-le")
                    if encoding == "utf-16"
                    else encoding.removesuffix("-sig")
                ),
                "bad_time",
            ),
        ),
    )


@pytest.mark.parametrize(
    "written",
    [
        *("2024-05-25 09:05:01.690", "2024-05-25T09:05:01,69", "2024/5/25 9:05:01.690000999", "2024.05.25 09:05:01.69"),
        *("2024年5月25日 9:05:01.69", "2024年05月25日09:05:01.69", "20240525 09:05:01.69", "2024/5/25 上午 9:05:01.69"),
        *("25.5.2024 9:05:01.69", "25/05/2024 9:05:01.69", "5/25/2024 9:05:01.69 AM", "2024-05-25T09:05:01.69+08:00"),
        *("09:05:01.69", "9:05:01.690", "上午9:05:01.69", "45437.3784917824", "0.378491782", " 09:05:01.69 "),
    ],
)
def test_a_time_however_it_is_written(written):
    assert parse(f"chip;time\n00012345;{written}\n") == Parsed((read(),))


@pytest.mark.parametrize(
    ("written", "at"),
    [
        ("下午 1:05:01", "13:05:01"),
        ("12:05:01 PM", "12:05:01"),
        ("12:05:01 am", "00:05:01"),
        ("45437.375", "09:00:00"),
        ("0.5", "12:00:00"),
        ("05/25/2024 00:00:00", "00:00:00"),
        ("09:05:01.123456", "09:05:01.123456"),
    ],
)
def test_other_moments(written, at):
    assert parse(f"chip;time\n00012345;{written}\n") == Parsed((read(at=SATURDAY + time_us(at)),))


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("05:01.7", "hours_lost"),
        ("09:05", "seconds_lost"),
        ("2024/5/25 9:05", "seconds_lost"),
        ("45437.3785", "seconds_lost"),
        ("2024-05-25T09:05:01.69Z", "other_zone"),
        ("2024-05-25T09:05:01.69+04:00", "other_zone"),
        ("5/6/2024 09:05:01", "ambiguous_date"),
        ("2024-05-25", "bad_time"),
        ("2024-02-30 09:05:01", "bad_time"),
        ("24:00:00", "bad_time"),
        ("09:60:00", "bad_time"),
        ("9:5:1", "bad_time"),
        ("09:05:0１", "bad_time"),
        ("1716599101.69", "bad_time"),
        ("12.3784917824", "bad_time"),
        ("090501", "bad_time"),
        ("", "bad_time"),
        ("DNF", "bad_time"),
    ],
)
def test_a_time_that_lost_something_is_refused_with_the_reason(written, reason):
    parsed = parse(f"chip;time\n00012345;{written}\nAB12;09:05:01.69\n")
    assert (parsed.reads, refused(parsed)) == ((read("AB12"),), [(f"00012345;{written}", reason)])


def test_the_race_day_settles_a_date_that_can_be_read_two_ways():
    on_5_june = Context("Asia/Shanghai", date(2024, 6, 5), source="Mat 1")
    at = day_us(2024, 6, 5) + time_us("09:05:01.690")
    assert parse("chip;time\nAB12;5/6/2024 09:05:01.69\n", context=on_5_june) == Parsed((read("AB12", at),))


@pytest.mark.parametrize(
    "day", ["2024-05-25", "2024/5/25", "20240525", "240525", "2024年5月25日", "45437", "2024/5/25 0:00:00", ""]
)
def test_a_date_column(day):
    assert parse(f"标签,日期,时刻\n00012345,{day},9:05:01.69\n") == Parsed((read(),))


def test_a_time_of_day_without_any_date():
    nothing_known = Context("Asia/Shanghai", None)
    assert refused(parse("chip,time\nAB12,09:05:01\n", context=nothing_known)) == [("AB12,09:05:01", "no_date")]
    late_evening_utc = Context(
        "Asia/Shanghai", None, received_at=datetime(2024, 5, 24, 20, 0, tzinfo=UTC), source="Mat 1"
    )
    assert parse("chip,time\nAB12,09:05:01.69\n", context=late_evening_utc) == Parsed((read("AB12"),))


def test_times_of_day_without_headings_are_reads_of_an_unknown_day():
    nothing_known = Context("Asia/Shanghai", None)
    assert refused(parse("AB12,09:05:01\nAB13,9:05\n", context=nothing_known)) == [
        ("AB12,09:05:01", "no_date"),
        ("AB13,9:05", "seconds_lost"),
    ]
    nothing_of_ours = parse("AB12,9:05\n", context=nothing_known)
    assert refused(nothing_of_ours) == [("AB12,9:05\n", "not_a_chip_file")]


@pytest.mark.parametrize(
    ("text", "refusals"),
    [
        ("chip,time\nAB12,09:05:01\nAB12,09:05:02", ["AB12,09:05:01", "AB12,09:05:02"]),
        ("chip,time,reader\nAB12,09:05:01, \nAB12,09:05:01.69,Mat 1\n", ["AB12,09:05:01, "]),
    ],
)
def test_a_row_of_an_unnamed_reader_where_one_is_needed(text, refusals):
    needed = Context("Asia/Shanghai", date(2024, 5, 25), needs_source=True)
    assert refused(parse(text, context=needed)) == [(row, "no_source") for row in refusals]
    assert refused(parse(text, context=Context("Asia/Shanghai", date(2024, 5, 25)))) == []


def test_a_row_cut_before_the_name_of_its_reader_is_truncated():
    needed = Context("Asia/Shanghai", date(2024, 5, 25), needs_source=True)
    cut = parse("chip,time,reader\nAB12,09:05:01.69,Mat 1\nAB12,09:05:02,", context=needed)
    assert (cut.reads, refused(cut)) == ((read("AB12"),), [("AB12,09:05:02,", "truncated")])


@pytest.mark.parametrize(
    ("cell", "chip"),
    [
        ("ab12", "AB12"),
        (" 0012 ", "0012"),
        ("'0012", "0012"),
        ('"=""0012"""', "0012"),
        ("E2 80 11 60", "E2801160"),
        ("12E5", "12E5"),
        ("KV-86583", "KV-86583"),
    ],
)
def test_a_chip_however_it_is_written(cell, chip):
    assert parse(f"chip,time\n{cell},09:05:01.69\n") == Parsed((read(chip),))


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("1.02E+09", "chip_ruined"),
        ("2.8e+23", "chip_ruined"),
        ("1E+09", "chip_ruined"),
        ("", "bad_chip"),
        ("赵一鸣", "bad_chip"),
        ("12.0", "bad_chip"),
        ("A" * 33, "bad_chip"),
        ("AB\x0012", "bad_chip"),
    ],
)
def test_a_chip_that_is_none(cell, reason):
    parsed = parse(f"chip,time\n{cell},09:05:01.69\nAB12,09:05:01.69\n")
    assert (parsed.reads, refused(parsed)) == ((read("AB12"),), [(f"{cell},09:05:01.69", reason)])


def test_all_columns_by_their_headings():
    text = (
        "序号,Tag ID,Date,Time of Day (hh:mm:ss),Location,设备号,Antenna No.,参赛号码,圈数,记录号,RSSI\n"
        "1,0a1b,2024-05-25,09:05:01.69,终点,R-7,03,0217,4,12,-61\n"
        "2,0A1B,2024-05-25,09:05:01.69,,,,,x,,-1000\n"
    )
    full = read("0A1B", source="终点", device="R-7", antenna="03", bib="0217", lap=4, record=12, rssi=-61)
    assert parse(text) == Parsed((full, read("0A1B")))


def test_a_device_is_the_source_where_no_point_is_named():
    assert parse("设备,芯片,时间\nR-7,AB12,09:05:01.69\n") == Parsed((read("AB12", source="R-7"),))


@pytest.mark.parametrize("name", ["Fin\x07ish", "x" * 81])
def test_a_point_that_cannot_be_a_name(name):
    parsed = parse(f"chip,time,reader\nAB12,09:05:01.69,{name}\nAB13,09:05:01.69,\n")
    assert (parsed.reads, refused(parsed)) == ((read("AB13"),), [(f"AB12,09:05:01.69,{name}", "bad_source")])


def test_nothing_is_guessed_below_a_heading_that_cannot_be_read():
    body = b"\xff\xff,\xff\nAB1234,09:05:01.69\n"
    assert SHEET.parse(body, CONTEXT) == Parsed(rejects=(Reject(body, "not_a_chip_file"),))


def test_titles_above_blank_rows_and_repeated_headings():
    text = "洛阳大谷关 计时数据\n\n芯片,时间\nAB12,09:05:01.69\n,\n芯片,时间\nAB13,09:05:01.69\n合计,2\n"
    parsed = parse(text)
    assert parsed.reads == (read("AB12"), read("AB13"))
    assert refused(parsed) == [("洛阳大谷关 计时数据", "not_a_read"), ("合计,2", "bad_chip")]


def test_excels_separator_line():
    assert parse("sep=;\nchip;time\nAB12;09:05:01,69\n") == Parsed((read("AB12"),))


def test_without_headings_the_content_decides():
    """A box's own text: antenna, chip, bib, time, reader."""
    text = '1,11055123,217,"2024-05-25 09:05:01.69",2\n3,11274555,0,"9:05:01.69",1\n'
    assert parse(text) == Parsed((read("11055123"), read("11274555")))


def test_a_stray_quote_costs_one_row():
    text = 'chip,time,reader\nAB12,09:05:01.69,"Finish\nAB13,"09:05:01.69,Finish\nAB14,09:05:01.69,Finish\n'
    parsed = parse(text)
    assert parsed.reads == (read("AB12", source="Finish"), read("AB14", source="Finish"))
    assert refused(parsed) == [('AB13,"09:05:01.69,Finish', "bad_time")]


def test_a_line_of_another_encoding_costs_one_row():
    body = "芯片,时间,计时点\nAB12,09:05:01.69,终点\n".encode() + b"AB13,09:05:01.69,\xd6\xd5\xb5\xe3\xff\n"
    body += "AB14,09:05:01.69,终点\n".encode()
    good = (read("AB12", source="终点"), read("AB14", source="终点"))
    # one row of another encoding makes the whole file no UTF-8, and the rows of that encoding no GBK
    parsed = SHEET.parse(body, CONTEXT)
    assert parsed == Parsed(good, rejects=(Reject(b"AB13,09:05:01.69,\xd6\xd5\xb5\xe3\xff", "bad_encoding"),))


@pytest.mark.parametrize(
    ("last", "taken"),
    [
        ("AB13,09:05:01.690,Finish", True),
        ("AB13,09:05:01.690,Fin", False),
        ("AB13,09:05:01.690", False),
        ("AB13,09:05:01.6", False),
        ("AB13,09:0", False),
        ("AB", False),
        ("AB13,05:01.7,Finish", None),
    ],
)
def test_a_last_line_without_its_end(last, taken):
    parsed = parse("chip,time,reader\nAB12,09:05:01.690,Finish\n" + last)
    first = read("AB12", source="Finish")
    if taken:
        assert parsed == Parsed((first, read("AB13", source="Finish")))
    else:
        reason = "hours_lost" if taken is None else "truncated"
        assert parsed == Parsed((first,), rejects=(Reject(last.encode(), reason),))


def test_a_time_cut_within_its_fraction():
    assert parse("chip,time\nAB12,09:05:01.690\nAB13,09:05:01.6") == Parsed(
        (read("AB12"),), rejects=(Reject(b"AB13,09:05:01.6", "truncated"),)
    )


def test_a_file_cut_within_a_letter():
    body = "芯片,时间,计时点\nAB12,09:05:01.69,终点\nAB13,09:05:01.69,终点".encode()[:-1]
    last = body.rsplit(b"\n", 1)[1]
    assert SHEET.parse(body, CONTEXT) == Parsed((read("AB12", source="终点"),), rejects=(Reject(last, "truncated"),))


NOT_CHIP_FILES = {
    "empty": b"",
    "blank": b"\r\n \r\n",
    "png": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00",
    "pdf": b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\n",
    "html": b"<html><body><table><tr><td>chip</td><td>time</td></tr></table></body></html>",
    "riders": "号码,姓名,身份证号,出生日期,手机\n17,赵一鸣,410301199001011234,1990-01-01,13800000000\n".encode(),
    "chips handed out": "号码,姓名,芯片号\n17,赵一鸣,00012345\n".encode(),
    "entries": "姓名,手机,报名时间\n赵一鸣,13800000000,2024-05-01 12:33:01\n".encode(),
    "entries without headings": "赵一鸣,洛阳飞驰车队,2024-05-01\n".encode(),
    "results": b"Rank,Bib,Name,Chip Time\n1,17,ZHAO Yiming,01:05:01.69\n",
    "random": bytes(range(256)) * 4,
}


@pytest.mark.parametrize("body", NOT_CHIP_FILES.values(), ids=NOT_CHIP_FILES.keys())
def test_a_file_that_is_no_chip_file_is_one_reject(body):
    assert SHEET.parse(body, CONTEXT) == Parsed(rejects=(Reject(body, "not_a_chip_file"),))


@pytest.mark.parametrize("count", [1, 19, 20, 21, 49, 50, 51, 52, 1000])
def test_no_row_is_lost_at_any_length(count):
    moments = [AT + number * 1_000 for number in range(count)]
    text = "chip,time\n" + "".join(f"AB12,{local_text(at)}\n" for at in moments)
    assert parse(text) == Parsed(tuple(read("AB12", at) for at in moments))


@given(st.binary(max_size=400))
def test_any_bytes_are_an_answer(body):
    parsed = SHEET.parse(body, CONTEXT)
    assert parsed.replies == parsed.control == parsed.markers == ()
    assert parsed.reads or parsed.rejects


def spelled(at):
    """Down to the microsecond, unlike local_text."""
    return f"{local_text(at)[:10]} {timedelta(microseconds=at % DAY_US)}"


ROWS = st.lists(
    st.tuples(st.from_regex("[0-9A-Z]{4,24}", fullmatch=True), st.integers(0, 80 * 365 * DAY_US)),
    min_size=1,
    max_size=70,
)


@given(
    ROWS, st.sampled_from("\t;,|"), st.sampled_from(["\n", "\r\n", "\r"]), st.sampled_from(["utf-8", "gbk", "utf-16"])
)
def test_what_was_written_is_read(rows, mark, end, encoding):
    lines = [
        f"芯片{mark}时间",
        *(f"{chip}{mark}{spelled(at)}" for chip, at in rows),
    ]
    text = end.join(lines) + end
    assert parse(text, encoding) == Parsed(tuple(read(chip, at) for chip, at in rows))


@given(st.times())
def test_a_serial_number_of_excel_is_its_millisecond(moment):
    of_day = time_us(moment.isoformat("microseconds")) // 1000 * 1000
    serial = f"{45437 + of_day / DAY_US:.10f}"
    assert parse(f"chip;time\nAB12;{serial}\n") == Parsed((read("AB12", SATURDAY + of_day),))


def test_times_are_read_the_same_by_every_road():
    for moment in (time(0, 0, 0), time(23, 59, 59, 999999), time(9, 5, 1, 690000)):
        spelled = moment.isoformat("microseconds")
        roads = [f"2024-05-25 {spelled}", f"2024/5/25 {spelled}", f"2024年5月25日 {spelled}", spelled]
        text = "chip;time\n" + "".join(f"AB12;{road}\n" for road in roads for _ in range(2))
        assert parse(text) == Parsed((read("AB12", SATURDAY + time_us(spelled)),) * 8)


def test_headings_alone_hold_no_reads_even_without_a_line_end():
    assert parse("芯片号,时间") == Parsed()
