"""Which column holds what: by its heading in Chinese or English, or by its content where there are no headings."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from timing.decoders.sheet.cell_times import NO_DATE, BadCell, TimeCells
from timing.decoders.sheet.chip_cells import chip_of

HEADINGS: dict[str, str] = {
    "chip": "芯片 芯片号 芯片编号 芯片码 芯片id 计时芯片 计时芯片号 电子标签 标签 标签号 标签id 卡号 epc epc码 epc号"
    " chip chipid chipno chipnumber chipcode chiptag tag tagid tagno tagcode transponder transponderid transponderno"
    " transpondernumber transpondercode rfid rfidtag",
    "time": "时间 时刻 过点时间 通过时间 计时时间 读取时间 读卡时间 读取时刻 记录时间 打卡时间 采集时间 感应时间"
    " 日期时间 time timeofday tod timestamp datetime readtime passingtime passtime chiptime tagtime decodertime"
    " localtime timelocal",
    "date": "日期 比赛日期 计时日期 读取日期 过点日期 date day passingdate readdate racedate",
    "reader": "计时点 计时点名称 点位 过点 检查点 地点 位置 读卡器 读写器 阅读器 reader readername readerid location"
    " locationname point timingpoint station checkpoint mat matname split timeline loop loopname source",
    "device": "设备 设备号 设备编号 设备id 机器号 device deviceid deviceno devicename decoder decoderid decodername mac",
    "antenna": "天线 天线号 天线端口 端口 antenna antennaid antennano ant port",
    "bib": "号码 号码布 号码牌 参赛号 参赛号码 号码簿 bib bibno bibnumber startnumber startno raceno",
    "lap": "圈 圈数 圈次 lap laps lapno lapnumber lapcount",
    "record": "记录号 记录编号 record recordno recordnumber passingno passingnumber",
    "rssi": "信号 信号强度 rssi peakrssi maxrssi strength signalstrength",
}
_MEANING = {heading: field for field, words in HEADINGS.items() for heading in words.split()}
_DECORATION = re.compile(r"[(（\[【].*?[)）\]】]|[\s_\-#.:：'\"]+")
HEADING_ROWS = 20  # a sheet may open with a title; its headings come within these rows
SAMPLE_ROWS = 50  # rows whose content is looked at where there are no headings


@dataclass(frozen=True, slots=True)
class Columns:
    """The index of each column that is known; -1 where the sheet has none. row is that of the headings, -1 for none."""

    row: int
    chip: int
    time: int
    date: int = -1
    reader: int = -1
    device: int = -1
    antenna: int = -1
    bib: int = -1
    lap: int = -1
    record: int = -1
    rssi: int = -1

    @property
    def evidence(self) -> tuple[tuple[str, int], ...]:
        """The optional columns there are."""
        names = ("device", "antenna", "bib", "lap", "record", "rssi")
        return tuple((name, index) for name in names if (index := getattr(self, name)) >= 0)


def meaning(heading: str) -> str:
    """The field a heading stands for; empty when it is none of ours. What stands in brackets is a remark."""
    return _MEANING.get(_DECORATION.sub("", heading.lower()), "")


class BadColumns(ValueError):
    """Columns that nobody can have meant; its text says what is wrong with them."""


def said_columns(text: str) -> Columns:
    """The columns a person named, numbered from 1 as in a spreadsheet: `row:1,chip:3,time:5`.

    `row` is that of the headings; without it, or with 0, the first row is a read already. Raises BadColumns.
    """
    said: dict[str, int] = {}
    for part in text.split(","):
        field, mark, number = part.strip().partition(":")
        if field not in (*HEADINGS, "row") or not mark or field in said:
            raise BadColumns(part.strip())
        if not (number.isascii() and number.isdigit() and len(number) <= 3 and (int(number) or field == "row")):
            raise BadColumns(part.strip())
        said[field] = int(number) - 1
    places = [column for field, column in said.items() if field != "row"]
    if "chip" not in said or "time" not in said or len(set(places)) < len(places):
        raise BadColumns(text)
    return Columns(**{"row": -1, **said})


def find_columns(rows: Sequence[Sequence[str]], times: TimeCells) -> Columns | None:
    """The columns of a sheet of chip reads; None when it is not one.

    Without headings the content decides, but only if the very first row is a read already: a row of words that we do
    not know is a heading of something else, and guessing under it would take a phone number for a chip.
    """
    for index, row in enumerate(rows[:HEADING_ROWS]):
        if found := _by_headings(index, row):
            return found
    return _by_content(rows[:SAMPLE_ROWS], times)


def _by_headings(index: int, row: Sequence[str]) -> Columns | None:
    at: dict[str, int] = {}
    for column, cell in enumerate(row):
        field = meaning(cell)
        if field and field not in at:
            at[field] = column
    if "time" not in at and "date" in at:
        at["time"] = at.pop("date")
    if "reader" not in at and "device" in at:
        at["reader"] = at.pop("device")  # the only name the machine has
    return Columns(row=index, **at) if "chip" in at and "time" in at else None


def _by_content(rows: Sequence[Sequence[str]], times: TimeCells) -> Columns | None:
    filled = [row for row in rows if any(cell.strip() for cell in row)]
    if not filled:
        return None
    width = len(filled[0])
    time = next((column for column in range(width) if _is_time(filled[0][column], times)), -1)
    chips = [column for column in range(width) if column != time and _chip_length(filled, column)]
    if time < 0 or not chips:
        return None
    chip = max(chips, key=lambda column: (_chip_length(filled, column), -column))
    return Columns(row=-1, chip=chip, time=time)


def _is_time(cell: str, times: TimeCells) -> bool:
    try:
        times.moment(cell)
    except BadCell as bad:
        return str(bad) == NO_DATE and ":" in cell  # a time of day, of a day that nobody named
    return ":" in cell


def _chip_length(rows: Sequence[Sequence[str]], column: int) -> int:
    """How long the chips of a column are, 0 if it cannot be the chip column: the longest codes are the chips."""
    cells = [row[column] for row in rows if column < len(row)]
    try:
        lengths = [len(chip_of(cell)) for cell in cells]
    except BadCell:
        return 0
    digits = any(letter.isdigit() for letter in cells[0])
    return min(lengths) if digits and min(lengths) >= 4 else 0
