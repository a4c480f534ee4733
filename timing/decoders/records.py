"""What the decoders of line-wise makes share: the growing answer of a parse, and records that are no reads.

No more than the standard library: the makes of the bridge stand on it.
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from timing.decoders.field_text import MAX_CHIP, evidence, is_name
from timing.decoders.model import Context, Marker, Parsed, Read, Reject, Scalar, State
from timing.decoders.wall_clock import SECOND_US, dated_us, day_us, time_us

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WRITTEN = re.compile(
    r"(?:(\d{4})[-/](\d\d?)[-/](\d\d?)[T ] *)?(\d\d?:\d\d:\d\d(?:[.,]\d+)?) ?(Z|[+-]\d\d:?\d\d)?", re.ASCII
)
LATEST_US = 7_258_118_400 * SECOND_US  # the year 2200: beyond it a number counts something else


class BadRecord(ValueError):
    """A record that is no read; its text is the reason code."""


class Body:
    """The growing answer of parse: what is taken goes into its lists, what cannot be taken is a reject with its bytes."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.reads: list[Read] = []
        self.markers: list[Marker] = []
        self.rejects: list[Reject] = []
        self.replies: list[bytes] = []
        self.control: list[dict[str, Scalar]] = []
        self.states: dict[str, State] = {}

    def tell(self, state: State) -> None:
        """What the machine says of itself, over what it said before."""
        if state.source and not is_name(state.source):
            return
        before = self.states.get(state.source, state)
        newer = {name: value for name, value in state._asdict().items() if value is not None}
        said = tuple((dict(before.said) | dict(state.said)).items())
        self.states[state.source] = before._replace(**newer | {"said": said})

    def attempt(self, raw: bytes, take: Callable[[bytes], None]) -> None:
        """Take a record; if it is none, reject it with its reason."""
        try:
            take(raw)
        except BadRecord as bad:
            self.rejects.append(Reject(raw, str(bad)))

    def parsed(self) -> Parsed:
        """The whole answer."""
        return Parsed(
            tuple(self.reads), tuple(self.markers), tuple(self.rejects), tuple(self.replies), tuple(self.control),
            tuple(self.states.values()),
        )  # fmt: skip


def lines_of(body: bytes) -> Iterator[bytes]:
    """The lines of a text file without their ends, empty ones left out; LF, CRLF and CR end a line."""
    for line in re.split(rb"[\r\n]+", body.removeprefix(b"\xef\xbb\xbf")):
        if line.strip(b"\x00 \t"):
            yield line


def chip_of(text: str) -> str:
    """A chip's code: upper case, without blanks around it, leading zeros kept. Raises BadRecord."""
    chip = text.strip().upper()
    if not chip or len(chip) > MAX_CHIP or not (chip.isascii() and chip.isprintable()):
        raise BadRecord("bad_chip")
    return chip


def source_of(text: str, context: Context) -> str:
    """The reader's name: the one in the record, else the one said with the body. Raises BadRecord."""
    name = text.strip() or context.source
    if name and not is_name(name):
        raise BadRecord("bad_source")
    if not name and context.needs_source:
        raise BadRecord("no_source")
    return name


def moment_of(text: str, context: Context) -> int:
    """The wall clock of `YYYY-MM-DD hh:mm:ss.f` (also with a T) or of a time of day on the day of the context.

    An offset behind it is taken only if it is the one of the source's zone: some devices print Z behind local time, and
    which of the two is true is not known. Raises BadRecord.
    """
    written = _WRITTEN.fullmatch(text.strip())
    if written is None:
        raise BadRecord("bad_time")
    year, month, day, of_day, offset = written.groups()
    try:
        midnight = day_us(int(year), int(month), int(day)) if year else dated_us(context)
        if midnight is None:
            raise BadRecord("no_date")
        moment = midnight + time_us(of_day)
    except ValueError as bad:
        raise bad if isinstance(bad, BadRecord) else BadRecord("bad_time") from None
    possible(moment)
    if offset and _offset_us(moment, context.zone) != _said_offset_us(offset):
        raise BadRecord("other_zone")
    return moment


def possible(moment: int) -> int:
    """The moment itself, if it is one of a clock that may have been set at all: 1970 to 2200. Raises BadRecord."""
    if not 0 <= moment < LATEST_US:
        raise BadRecord("bad_time")
    return moment


def _said_offset_us(offset: str) -> int:
    if offset == "Z":
        return 0
    minutes = int(offset[1:3]) * 60 + int(offset[-2:])
    return (-minutes if offset[0] == "-" else minutes) * 60 * SECOND_US


def _offset_us(moment: int, zone: str) -> int | None:
    wall = (_EPOCH + timedelta(microseconds=moment)).replace(tzinfo=ZoneInfo(zone))
    offset = wall.utcoffset()
    return None if offset is None else offset // timedelta(microseconds=1)


def wall_us(utc_us: int, context: Context) -> int:
    """The venue's wall clock at an instant, for devices that are known to count UTC. Raises BadRecord."""
    quarter, rest = divmod(possible(utc_us), 900 * SECOND_US)  # no zone changes within a quarter of an hour
    return _quarter_us(quarter, context.zone) + rest


@lru_cache(maxsize=4096)
def _quarter_us(quarter: int, zone: str) -> int:
    there = (_EPOCH + timedelta(minutes=15 * quarter)).astimezone(ZoneInfo(zone))
    return (
        day_us(there.year, there.month, there.day) + ((there.hour * 60 + there.minute) * 60 + there.second) * SECOND_US
    )


def told(**said: Scalar) -> tuple[tuple[str, Scalar], ...]:
    """What else a read says, without what it does not say; texts are bounded."""
    return tuple(
        (name, evidence(value) if isinstance(value, str) else value)
        for name, value in said.items()
        if value is not None and value != ""
    )
