"""`manage.py parse FILE --make MAKE --tz ZONE`: what a decoder file holds, without storing anything."""

import json
from argparse import ArgumentParser
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from django.core.management.base import BaseCommand, CommandError

from timing.decoders import UnknownMake, decoder
from timing.decoders.forwarder_log import is_forwarder_log, sent_frames
from timing.decoders.model import Context, Decoder, FrameTooLong, Marker, Parsed, Read, Reject
from timing.decoders.wall_clock import local_text, utc_text

OPTIONAL = ("device", "reader_no", "antenna", "lap", "record", "bib", "rssi", "seq")


def iso_date(text: str) -> date:
    """A date argument; argparse turns the ValueError into its own message and exit 2."""
    return date.fromisoformat(text)


def iso_time(text: str) -> datetime:
    """A date and time argument; its offset is checked later, where the message can say what is missing."""
    return datetime.fromisoformat(text)


class Command(BaseCommand):
    """Shows the reads, markers and rejects of a file; needs no database."""

    help = "Show what a decoder file holds without storing anything."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument("--make", required=True, help="a make (mylaps, csv) or one of its formats")
        parser.add_argument("--tz", required=True, metavar="ZONE", help="the zone of the device's clock: Asia/Shanghai")
        parser.add_argument("--date", type=iso_date, help="the race day, where times have no date")
        parser.add_argument("--server-name", default="DAGUGUAN", help="what we call ourselves in replies")
        parser.add_argument("--received-at", type=iso_time, help="when it came in, with its offset")
        parser.add_argument("--file-name", help="the name it was sent under, if not its own")
        parser.add_argument("--hex", action="store_true", help="FILE holds TCP segments, one line of hex digits each")
        parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read the file and write what it holds. Exit 2 and one sentence when an argument is wrong."""
        make = _decoder(options["make"])
        context = _context(options)
        segments = _segments(options["file"], options["hex"])
        parsed = make.parse(_as_received(make, segments, context.server_name), context)
        shown = as_json(parsed, context.zone)
        self.stdout.write(json.dumps(shown, ensure_ascii=False) if options["json"] else _table(shown))


def _refuse(message: str) -> CommandError:
    return CommandError(message, returncode=2)


def _decoder(name: str) -> Decoder:
    try:
        return decoder(name)
    except UnknownMake as unknown:
        raise _refuse(str(unknown)) from None


def _context(options: dict[str, Any]) -> Context:
    if options["tz"] not in available_timezones():
        raise _refuse(f"There is no time zone {options['tz']!r}. One looks like Asia/Shanghai.")
    received_at = options["received_at"]
    if received_at is not None and received_at.tzinfo is None:
        raise _refuse("--received-at needs its offset: 2024-05-25T09:00:00+08:00.")
    return Context(
        zone=options["tz"],
        race_date=options["date"],
        server_name=options["server_name"],
        received_at=received_at,
        file_name=options["file_name"] or options["file"].name,
    )


def _segments(path: Path, as_hex: bool) -> list[bytes]:
    try:
        body = path.read_bytes()
    except OSError as broken:
        raise _refuse(f"{path} cannot be read: {broken.strerror}.") from None
    if not as_hex:
        return sent_frames(body) if is_forwarder_log(body) else [body]
    try:
        return [bytes.fromhex(line) for line in body.decode("ascii").splitlines()]
    except ValueError:
        raise _refuse(f"{path} does not hold lines of hex digits.") from None


def _as_received(make: Decoder, segments: list[bytes], server_name: str) -> bytes:
    """The segments as a live connection would hand them on, cut by cut; a make without one reads files whole."""
    session = make.session(server_name) if len(segments) > 1 else None
    if session is None:
        return b"".join(segments)
    body = b""
    try:
        for segment in segments:
            body += b"".join(frame.raw for frame in session.feed(segment))
    except FrameTooLong as broken:
        raise _refuse(f"The connection would be closed: {broken}.") from None
    return body + session.pending


def as_json(parsed: Parsed, zone: str) -> dict[str, list[Any]]:
    """The contents as data/chip-vectors.json writes them: each read once, times cut to the millisecond."""
    reads: dict[tuple[str, str, int], Read] = {}
    for read in parsed.reads:
        reads.setdefault(read.identity, read)
    return {
        "passings": [_read_json(read, zone) for read in reads.values()],
        "markers": [_marker_json(marker, zone) for marker in dict.fromkeys(parsed.markers)],
        "rejects": [_reject_json(reject) for reject in parsed.rejects],
        "replies": [shown(reply) for reply in parsed.replies],
        "control": [dict(message) for message in parsed.control],
    }


def _read_json(read: Read, zone: str) -> dict[str, Any]:
    shown: dict[str, Any] = {"chip": read.chip, **_moment(read.local_us, zone)}
    if read.source:
        shown["reader"] = read.source
    shown |= {name: value for name in OPTIONAL if (value := getattr(read, name)) not in (None, "")}
    return shown | dict(read.told)


def _marker_json(marker: Marker, zone: str) -> dict[str, Any]:
    return {"type": marker.kind, "name": marker.name, **_moment(marker.local_us, zone), "reader": marker.source}


def _moment(local_us: int, zone: str) -> dict[str, str | None]:
    return {"time_local": local_text(local_us), "time_utc": utc_text(local_us, zone)}


def _reject_json(reject: Reject) -> dict[str, str]:
    return {"raw": shown(reject.raw), "reason": reject.reason}


def shown(raw: bytes) -> str:
    """Bytes as text, those that are no text as backslash escapes; a binary record as hex digits."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        binary = any(byte < 0x20 and byte not in b"\t\n\r" for byte in raw)
        return raw.hex() if binary else raw.decode("utf-8", "backslashreplace")


def _table(shown: dict[str, list[Any]]) -> str:
    lines = [f"{'chip':<16} {'time on the device':<23} {'UTC':<24} reader"]
    for read in shown["passings"]:
        utc = read["time_utc"] or "?"
        lines.append(f"{read['chip']:<16} {read['time_local']:<23} {utc:<24} {read.get('reader', '')}")
    lines += [f"marker  {marker['time_local']} {marker['type']} {marker['name']}" for marker in shown["markers"]]
    lines += [f"reject  {reject['reason']}: {reject['raw'][:100]!r}" for reject in shown["rejects"]]
    lines.append(", ".join(f"{len(rows)} {name}" for name, rows in shown.items()))
    return "\n".join(lines)
