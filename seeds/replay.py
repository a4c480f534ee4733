"""A recorded decoder stream, played to the gateway over TCP: same bytes, same handshake, acknowledgements awaited."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils.text import slugify
from redis.exceptions import RedisError

from race import start_list, transponders, vault
from race.models import Category, Course, Edition, Entry, Event, Race, Rider, TimingPoint, Wave
from results import live
from timing import decoders
from timing.decoders.forwarder_log import is_forwarder_log, sent_frames
from timing.decoders.model import Context, Decoder, Frame, Parsed
from timing.models import Channel, Delivery, Ingestion, Marker, Pending, Source

#: More laps than anybody rides: a recording does not say how many there were to be.
OPEN_END = 999
MIN_LAP_US = 60_000_000
ANSWER_S, START_S, PATIENCE_S, WINDOW = 15.0, 60.0, 120.0, 10


@dataclass(frozen=True, slots=True)
class Recording:
    """The frames a machine sent, in order, and what the decoder reads in them."""

    make: str
    zone: str
    decoder: Decoder
    frames: tuple[Frame, ...]
    parsed: Parsed


def open_recording(path: Path, make: str, zone: str) -> Recording:
    """Read a recording. OSError if it cannot be read, LookupError for a make without a live stream."""
    body = path.read_bytes()
    decoder = decoders.decoder(make)
    session = decoder.session(settings.GATEWAY_NAME)
    if session is None:
        raise LookupError(f"{make} has no live stream to replay; upload the file instead")
    sent = b"".join(sent_frames(body)) if is_forwarder_log(body) else body
    frames: list[Frame] = []
    for start in range(0, len(sent), 65536):
        frames += session.feed(sent[start : start + 65536])
    context = Context(zone=zone, race_date=None, server_name=settings.GATEWAY_NAME)
    return Recording(make, zone, decoder, tuple(frames), decoder.parse(sent, context))


def prepare(recording: Recording, point: str, slug: str, *, create_entries: bool) -> tuple[Race, Channel]:
    """The race the recording belongs to and a TCP channel for it; both are made in the `replay` edition if missing."""
    counted = [read for read in recording.parsed.reads if read.source == point]
    days = Counter(_day(read.local_us) for read in counted)
    day = days.most_common(1)[0][0] if days else datetime.now(UTC).date()
    chips = sorted({read.chip for read in counted if _day(read.local_us) == day})
    with transaction.atomic():
        slug = slug or f"replay-{slugify(point) or 'race'}-{day.isoformat()}"
        race = Race.objects.filter(slug=slug).select_related("edition", "course").first()
        race = race or _make_race(slug, point, day, recording)
        if create_entries and not race.entries.exists():
            _make_entries(race, chips)
        channel = Channel.objects.filter(edition=race.edition, kind=Channel.Kind.TCP, make=recording.make).first()
        if channel is None:
            label = f"replay of {recording.make}"
            channel = Channel(edition=race.edition, kind=Channel.Kind.TCP, make=recording.make, label=label)
            channel.port = _free_port()
            channel.save()
    return race, channel


def _day(local_us: int) -> date:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=local_us)).date()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _make_race(slug: str, point: str, day: date, recording: Recording) -> Race:
    event, _made = Event.objects.get_or_create(slug="replay", defaults={"name_zh": "回放", "name_en": "Replay"})
    noon = datetime.combine(day, datetime.min.time(), ZoneInfo(recording.zone)) + timedelta(hours=12)
    edition, _made = Edition.objects.get_or_create(
        slug="replay",
        defaults={
            "event": event, "number": 1, "name_zh": "回放", "name_en": "Replay", "zone": recording.zone,
            "starts_on": day, "ends_on": day, "rehearsal": True, "illustrative": ["*"],
            "clock": [{"real": datetime.now(UTC).isoformat(), "event": noon.isoformat(), "speed": 0}],
        },
    )  # fmt: skip
    course = Course.objects.create(edition=edition, code=slug, name_zh=point, name_en=point, lap_m=0)
    finish = TimingPoint.objects.create(
        course=course, code="F", name_zh=point, name_en=point, kind=TimingPoint.Kind.FINISH
    )
    Source.objects.update_or_create(
        edition=edition, name=point, defaults={"point": finish, "zone": recording.zone, "make": recording.make}
    )
    rules = {"without_gun": True, "bunch": False, "min_lap_us": MIN_LAP_US}
    race = Race.objects.create(
        edition=edition, course=course, slug=slug, name_zh=f"回放 {point}", name_en=f"Replay {point}", day=day,
        format=Race.Format.LAPS, laps=OPEN_END, rules=rules,
    )  # fmt: skip
    wave = Wave.objects.create(race=race, code="A", planned_at=noon)
    Category.objects.create(race=race, wave=wave, code="R", name_zh="回放", name_en="Replay", capacity=100_000)
    return race


def _make_entries(race: Race, chips: list[str]) -> None:
    """One made-up rider for each chip, named after it, so that the laps of every chip are on the board."""
    category = race.categories.get()
    riders = Rider.objects.bulk_create(
        [
            Rider(
                surname_latin=chip, sort_key=chip, sex=Rider.Sex.MALE, birth_date=date(1990, 1, 1), synthetic=True,
                identity_kind=Rider.IdentityKind.PASSPORT, identity_hash=vault.fingerprint("replay", chip),
            )
            for chip in chips
        ]
    )  # fmt: skip
    entries = Entry.objects.bulk_create(
        [
            Entry(
                edition=race.edition, race=race, category=category, rider=rider, day=race.day, bib=bib, signed_on=True,
                identity_hash=rider.identity_hash,
            )
            for bib, rider in enumerate(riders, start=1)
        ]
    )  # fmt: skip
    Category.objects.filter(pk=category.pk).update(taken=len(entries))
    transponders.hand_out(
        race.edition, [(entry, chip, None, None) for entry, chip in zip(entries, chips, strict=True)], by=None
    )
    start_list.publish([race], by=None)


def play(recording: Recording, race: Race, channel: Channel, *, progress: Callable[[str], Any]) -> dict[str, Any]:
    """Send everything, wait until all is acknowledged, taken in and on the board, and count what is new."""
    before = set(Delivery.objects.filter(channel=channel).values_list("pk", flat=True))
    with contextlib.ExitStack() as own:
        connection = _connect(channel, own, progress)
        own.enter_context(contextlib.closing(connection))
        if not _worker_answers():
            progress("no worker answers: starting one for the time of the replay")
            own.enter_context(_process("-m", "celery", "-q", "-A", "config", "worker", "-P", "solo", "-Q", QUEUES))
        acks = _send(connection, recording)
        progress(f"{acks} messages acknowledged")
        _wait(lambda: not Pending.objects.filter(channel=channel).exists(), "the ingestion of the last message")
        if race.published_at or race.entries.exists():
            _wait(lambda: _on_board(race.pk), "the board")
    made = Ingestion.objects.filter(delivery__channel=channel).exclude(delivery__in=before)
    sums = Counter[str]()
    for row in made.values("new", "known", "rejected"):
        sums.update(row)
    return {
        "race": race.slug,
        "frames": len(recording.frames),
        "reads_stored": sums["new"],
        "duplicates": sums["known"],
        "rejected": sums["rejected"],
        "markers": Marker.objects.filter(source__edition=race.edition).count(),
        "acks": acks,
    }


QUEUES = "live,ingest,celery"


def _on_board(race: int) -> bool:
    live.refresh(race)
    newest = Race.objects.get(pk=race)
    return live.held(newest) >= newest.revision


def _worker_answers() -> bool:
    """Whether the sweep ran in the last seconds: it leaves a mark that went through broker, worker and database."""
    try:
        mark = live.store().get(live.WORKER_MARK)
    except RedisError:
        return False
    if mark is None:
        return False
    seen = datetime.fromisoformat(mark.decode() if isinstance(mark, bytes) else mark)
    return (datetime.now(UTC) - seen).total_seconds() < 10


@contextlib.contextmanager
def _process(*arguments: str) -> Iterator[None]:
    """A process of this project's, for as long as it is needed."""
    process = subprocess.Popen(  # our own interpreter, our own arguments
        [sys.executable, *arguments], cwd=settings.BASE_DIR, env=os.environ, stdin=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _connect(channel: Channel, own: contextlib.ExitStack, progress: Callable[[str], Any]) -> socket.socket:
    """The connection to the gateway; where none answers within a few seconds, to one of our own."""
    assert channel.port is not None
    for attempt in ("the running one", "our own"):
        until = time.monotonic() + (4 if attempt == "the running one" else START_S)
        while time.monotonic() < until:
            with contextlib.suppress(OSError):
                return socket.create_connection((settings.GATEWAY_HOST, channel.port), ANSWER_S)
            time.sleep(0.1)
        if attempt == "the running one":
            progress("no gateway answers: starting one for the time of the replay")
            own.enter_context(_process("manage.py", "gateway"))
    raise TimeoutError(f"no gateway answers on port {channel.port}")


def _send(connection: socket.socket, recording: Recording) -> int:
    """Send the frames with at most WINDOW messages unanswered; returns how many messages were acknowledged."""
    connection.settimeout(PATIENCE_S)
    wanted = sum(1 for frame in recording.frames if frame.keep and frame.reply)
    sent = acked = 0
    tail = b""
    for frame in recording.frames:
        while sent - acked >= WINDOW:
            tail, more = _acknowledged(connection, tail)
            acked += more
        connection.sendall(frame.raw)
        sent += bool(frame.keep and frame.reply)
    while acked < wanted:
        tail, more = _acknowledged(connection, tail)
        acked += more
    return acked


def _acknowledged(connection: socket.socket, tail: bytes) -> tuple[bytes, int]:
    """Read what the gateway says; count the acknowledgements of messages (not of pings and greetings)."""
    data = connection.recv(65536)
    if not data:
        raise ConnectionError("the gateway closed the connection before it had acknowledged everything")
    *whole, tail = (tail + data).split(b"$")
    kinds = (b"AckStore", b"AckPassing", b"AckMarker")
    return tail, sum(1 for line in whole if any(b"@" + kind + b"@" in line for kind in kinds))


def _wait(done: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + PATIENCE_S
    while not done():
        if time.monotonic() > until:
            raise TimeoutError(f"{what} did not come within {PATIENCE_S:.0f} s")
        time.sleep(0.2)
