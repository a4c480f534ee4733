"""Frames as the MYLAPS timing software sends them over TCP, both versions, and the file its decoders write.

Version 1: positional records of 39 bytes that end with a checksum. Version 2: `key=value` pairs. A frame is
`Source@Function@...@number@$`.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from seeds.simulator.mats import Detection

RECORDS = {1: 50, 2: 100}  # at most, in one message
OUTSTANDING = {1: 1, 2: 10}  # messages not yet acknowledged, at most
FUNCTION = {1: "Store", 2: "Passing"}
_WALL = datetime.datetime(1970, 1, 1)  # noqa: DTZ001 - a device's own wall clock has no zone


def wall_clock(local_ms: int) -> datetime.datetime:
    """Return the device's date and time, without a zone, as it shows them."""
    return _WALL + datetime.timedelta(milliseconds=local_ms)


def checksum(record: str) -> str:
    """Return the two upper-case hexadecimal digits that end a version 1 record: the byte sum modulo 256."""
    return f"{sum(record.encode('ascii')) % 256:02X}"


def store_record(detection: Detection, number: int, lap: int = 1) -> str:
    """Return a version 1 record: chip 7, time 12, device 2, reader 2, antenna 1, lap 3, number 4, date 6, sum 2."""
    clock = wall_clock(detection.local_ms)
    time = f"{clock:%H:%M:%S}.{clock.microsecond // 1000:03d}"
    record = f"{detection.chip:>7}{time} 5 0F{lap % 1000:3d}{number % 0x10000:04X}{clock:%y%m%d}"
    return record + checksum(record)


def broken(record: str) -> str:
    """Return a version 1 record whose last digit was damaged on the way, so that its checksum is wrong."""
    return record[:-1] + ("0" if record[-1] != "0" else "1")


def passing_record(detection: Detection) -> str:
    """Return a version 2 record: chip and its type, date, time, lap, device, reader, antennas, group."""
    clock = wall_clock(detection.local_ms)
    time = f"{clock:%H:%M:%S}.{clock.microsecond // 1000:03d}"
    return f"c={detection.chip}|ct=UH|d={clock:%y%m%d}|t={time}|l=1|dv=5|re=0|an=00001111|g=0"


def message(version: int, source: str, records: Sequence[str], number: int) -> bytes:
    """Return one message with its records. ValueError for more records than the version allows."""
    if len(records) > RECORDS[version]:
        raise ValueError(f"{len(records)} records in one message of version {version}")
    return "@".join([source, FUNCTION[version], *records, str(number), "$"]).encode()


def stick_file(detections: Sequence[Detection]) -> bytes:
    """Return the decoder's memory as its Chinese software exports it: comma separated, GBK, CRLF, with a header."""
    lines = ["芯片号,时间,计时点,天线"]
    for detection in detections:
        clock = wall_clock(detection.local_ms)
        stamp = f"{clock.year}/{clock.month}/{clock.day} {clock:%H:%M:%S}.{clock.microsecond // 1000:03d}"
        lines.append(f"{detection.chip},{stamp},{detection.source},1")
    return ("\r\n".join(lines) + "\r\n").encode("gbk")
