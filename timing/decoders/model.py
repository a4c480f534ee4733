"""What a decoder file says, before anybody decides what it means.

Every make is turned into the same few values. Times stay the wall clock the device wrote, as an integer of
microseconds: a zone or a clock offset is a setting of the source and is applied later, so a mistake in either can be
put right without touching what was read.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple, Protocol

Scalar = str | int | float | bool | None
Told = tuple[tuple[str, Scalar], ...]

MAX_FRAME = 256 * 1024  # bytes; the longest real message is under 5 KiB (100 records)


class FrameTooLong(Exception):
    """More bytes than MAX_FRAME came without the end of a frame: this is not the machine it claims to be.

    frames are the whole ones that came before it in the same bytes: keep and answer them, then hang up.
    """

    def __init__(self, frames: "list[Frame]") -> None:
        super().__init__(f"a message is longer than {MAX_FRAME} bytes")
        self.frames = frames


class NoMachine(FrameTooLong):
    """So many messages one after another that no machine sends: this is not the machine it claims to be. As FrameTooLong."""

    def __str__(self) -> str:
        return "nothing but messages that no machine of this make sends"


@dataclass(frozen=True, slots=True)
class Context:
    """What is known about the bytes from outside: the settings of the source and how they arrived."""

    zone: str
    race_date: date | None
    server_name: str = "DAGUGUAN"
    received_at: datetime | None = None
    file_name: str = ""
    source: str = ""  # the reader's name where a row names none
    needs_source: bool = False  # a row of an unnamed reader is a reject, since it could stand nowhere
    columns: str = ""  # of a spreadsheet, as a person said it: "row:1,chip:3,time:5"; empty: by the headings


class Read(NamedTuple):
    """One detection as sent. Its identity is (source, chip, local_us); everything else is evidence.

    A tuple and not a dataclass: files of a million rows are made of these, and a tuple costs a fifth.
    """

    source: str
    chip: str  # upper case, trimmed, leading zeros kept
    local_us: int  # microseconds since 1970-01-01T00:00 on the device's own wall clock, no zone
    seq: int | None = None  # number of the message that carried it; numbers restart and repeat
    device: str = ""
    reader_no: str = ""
    antenna: str = ""  # text: it may be a bit mask such as 00001111
    lap: int | None = None  # the decoder's own count, never trusted for scoring
    record: int | None = None
    bib: str = ""
    rssi: int | None = None  # dBm
    told: Told = ()  # what else this make says, under the names of the vectors: shown, stored only as bytes

    @property
    def identity(self) -> tuple[str, str, int]:
        """The same detection sent again, in another message or another file, has the same identity."""
        return (self.source, self.chip, self.local_us)


class Marker(NamedTuple):
    """A gun or another event a decoder saw. It proposes a start; only a commissaire sets one."""

    source: str
    kind: str
    name: str
    local_us: int


class Reject(NamedTuple):
    """Bytes that could not be read as what they should be, verbatim, with a reason code such as bad_checksum."""

    raw: bytes
    reason: str


class State(NamedTuple):
    """What a machine tells of itself. `source` is empty where the words do not name it: then it is the one of the line.

    `local_us` is its clock at the moment at which it said so, on its own wall as in a read. `or_utc`: the make counts from
    1970 and does not say whether in UTC; the nearer is meant. `relative`: the times of its reads mean nothing without
    this answer, so they are to be corrected by it.
    """

    source: str = ""
    local_us: int | None = None
    battery: int | None = None  # percent
    mains: bool | None = None
    queue: int | None = None  # reads that wait on the machine
    said: Told = ()  # whatever else is worth showing
    or_utc: bool = False
    relative: bool = False


class Parsed(NamedTuple):
    """All that a body holds, in the order it was sent; reads are not de-duplicated. Of states one a source: the newest."""

    reads: tuple[Read, ...] = ()
    markers: tuple[Marker, ...] = ()
    rejects: tuple[Reject, ...] = ()
    replies: tuple[bytes, ...] = ()
    control: tuple[dict[str, Scalar], ...] = ()
    states: tuple[State, ...] = ()


class Frame(NamedTuple):
    """One whole message of a live stream. keep: it must be committed before the reply is sent; tells: only of itself."""

    raw: bytes
    reply: bytes
    keep: bool
    tells: bool = False


class Session(Protocol):
    """One live connection: bytes in as TCP happens to cut them, whole frames out."""

    @property
    def pending(self) -> bytes:
        """The unfinished end of the stream: not a message, so neither kept nor acknowledged; the peer sends it again."""
        ...

    def feed(self, data: bytes) -> list[Frame]:
        """Take the next bytes; give the frames they complete. Raises FrameTooLong."""
        ...

    def opening(self) -> bytes:
        """What to send first on each new connection. Forgets an unfinished message of the connection before.

        The session of a machine that we dial is kept over a reconnect: it knows the last number it saw, and asks for
        what was sent in between.
        """
        ...

    def keep_alive(self) -> bytes:
        """What to send every few seconds, so that a dead line shows; empty for a make that takes no such question."""
        ...


@dataclass(frozen=True, slots=True)
class Decoder:
    """One make: how its bytes are read, and how a live connection is talked to (None for files only)."""

    make: str
    formats: tuple[str, ...]
    parse: Callable[[bytes, Context], Parsed]
    open_session: Callable[[str], Session] | None = None
    port: int | None = None  # where the machine listens, for makes that we dial

    def session(self, server_name: str) -> Session | None:
        """A new connection to a server that calls itself server_name; None where the make has no live stream."""
        return None if self.open_session is None else self.open_session(server_name)
