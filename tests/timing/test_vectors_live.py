"""Every vector over real sockets, cut anywhere: through the running gateway, or by HTTP. What is stored is what it says."""

import random
import socket
import threading
import time
from contextlib import closing, suppress
from datetime import UTC, date, datetime
from urllib.parse import urlencode, urlsplit

import pytest

from launch import patience
from race import tokens
from race.models import Edition, Event, Token
from tests import cast
from tests.ports import free_port
from tests.timing.chip_vectors import named, segments_of, vectors
from tests.timing.peers import listens
from timing import ingest
from timing.decoders import FORMATS
from timing.decoders.wall_clock import local_text
from timing.models import Channel, Delivery, Marker, Pending, Read, Reject

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("redis")]
#: A recording of a live connection; of the other formats the machine writes files, or posts.
CONVERSED = (
    "mylaps_tcp_v1", "mylaps_tcp_v2", "chronotrack_ctp01", "jchip_tcp", "wiclax_generic", "raceresult_tcp", "ipico",
    "rfidtiming_ultra_tcp", "amb_p3",
)  # fmt: skip
LIVE = vectors(*CONVERSED)
POSTED = vectors(*(set(FORMATS) - set(CONVERSED)))


def test_none_is_left_out():
    assert len(LIVE) + len(POSTED) == len({named(one) for one in (*LIVE, *POSTED)}) == 38


def reader_of(vector):
    """What it calls its reader; boxes that have no name of their own are called as their channel."""
    return next((one["reader"] for one in vector["expected"]["passings"] if one.get("reader")), "mat")


def edition_of(vector):
    """An edition on the day and in the zone of the vector."""
    event, _made = Event.objects.get_or_create(slug="vectors", defaults={"name_zh": "x"})
    day = date.fromisoformat(vector["context"]["race_date"])
    noon = datetime(day.year, day.month, day.day, 6, tzinfo=UTC)
    return Edition.objects.create(
        event=event, slug=named(vector), number=1, name_zh="x", zone=vector["context"]["tz"], starts_on=day, ends_on=day,
        rehearsal=True, clock=[{"real": datetime.now(UTC).isoformat(), "event": noon.isoformat(), "speed": 0}],
    )  # fmt: skip


def channel_of(vector):
    """Where its machine calls, or is dialled; its make says which."""
    make = FORMATS[vector["format"]]
    host = {} if make.port is None else {"host": "127.0.0.1"}
    return Channel.objects.create(
        edition=edition_of(vector), kind="tcp", make=make.make, label=reader_of(vector), port=free_port(), **host
    )


def pieces_of(body, dice):
    """The bytes, cut anywhere."""
    cuts = sorted(dice.randrange(len(body) + 1) for _cut in range(6))
    return [body[start:end] for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True) if start < end]


def say(link, vector, dice):
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for piece in pieces_of(b"".join(segments_of(vector)), dice):
        link.sendall(piece)
        time.sleep(0.002)  # so that it travels alone


class Listener(threading.Thread):
    """A machine that says its vector to whoever dials it, and holds the line."""

    def __init__(self, vector, port, dice):
        super().__init__(daemon=True)
        self.vector, self.dice = vector, dice
        self.ears = socket.create_server(("127.0.0.1", port))
        self.start()

    def run(self):
        with suppress(OSError):
            link, _address = self.ears.accept()
            with closing(link):
                say(link, self.vector, self.dice)
                while link.recv(4096):
                    pass


def kept_of(vector):
    """How many bytes of it are to be kept: those of frames that count."""
    frames = FORMATS[vector["format"]].session("DAGUGUAN").feed(b"".join(segments_of(vector)))
    return sum(len(frame.raw) for frame in frames if frame.keep)


def stored(edition):
    """Source, chip and time as the machine wrote it; reasons; how many guns."""
    reads = Read.objects.filter(source__edition=edition).order_by("local_us", "pk")
    rejects = Reject.objects.filter(ingestion__edition=edition).order_by("pk")
    return (
        [(source, chip, local_text(us)) for source, chip, us in reads.values_list("source__name", "chip", "local_us")],
        list(rejects.values_list("reason", flat=True)),
        Marker.objects.filter(source__edition=edition).count(),
    )


def expected(vector):
    said = vector["expected"]
    reads = [
        (one.get("reader", reader_of(vector)), one["chip"], one.get("time_reader") or one["time_local"])
        for one in said["passings"]
    ]
    return sorted(reads, key=lambda read: read[2]), [one["reason"] for one in said["rejects"]], len(said["markers"])


def same(found, wanted):
    return (sorted(found[0]), found[1], found[2]) == (sorted(wanted[0]), wanted[1], wanted[2])


@pytest.fixture(scope="module")
def gateway(started):
    """One gateway for all tests of this file: it picks up each test's channels within a second."""
    part = started("vectors", "manage.py", "gateway")
    yield part
    part.end()


def test_through_the_running_gateway(gateway):
    dice = random.Random(4)
    channels = {named(vector): channel_of(vector) for vector in LIVE}
    machines = [Listener(vector, channels[named(vector)].port, dice) for vector in LIVE if channels[named(vector)].host]
    callers = []
    try:
        for vector in LIVE:
            channel = channels[named(vector)]
            if not channel.host:
                patience.until(lambda: listens(channel.port) or not gateway.alive, 60, "the gateway")  # noqa: B023
                callers.append(socket.create_connection(("127.0.0.1", channel.port), 10))
                say(callers[-1], vector, dice)
        for vector in LIVE:
            ours = Delivery.objects.filter(channel=channels[named(vector)])
            wanted = kept_of(vector)
            patience.until(lambda: sum(ours.values_list("size", flat=True)) >= wanted, 30, named(vector))  # noqa: B023
    finally:
        for one in (*callers, *(machine.ears for machine in machines)):
            one.close()
    for channel in channels.values():
        ingest.take_in(channel.pk)
    found = {named(vector): stored(channels[named(vector)].edition) for vector in LIVE}
    assert {name for vector in LIVE if not same(found[name := named(vector)], expected(vector))} == set(), found


def chunked(web, path, secret, body, dice):
    """A request whose body comes in chunks, cut anywhere; the status of the answer."""
    site = urlsplit(web)
    with socket.create_connection((site.hostname, site.port), 20) as link:
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        head = f"POST {path} HTTP/1.1\r\nHost: {site.netloc}\r\nAuthorization: Bearer {secret}\r\nConnection: close\r\n"
        link.sendall(f"{head}Content-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        for piece in pieces_of(body, dice):
            link.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
            time.sleep(0.002)
        link.sendall(b"0\r\n\r\n")
        return int(link.makefile("rb").readline().split()[1])


def test_by_http(web):
    dice = random.Random(5)
    person, found = None, {}
    for vector in POSTED:
        edition = edition_of(vector)
        person = person or cast.person(edition, "timing_crew")
        secret = tokens.issue(edition, person, Token.DELIVERIES, "mat")[1]
        told = {"make": vector["format"], "date": vector["context"]["race_date"], "live": "yes"}
        if not all(one.get("reader") for one in vector["expected"]["passings"]):
            told["source"] = reader_of(vector)
        told |= {"name": vector["context"].get("file_name", "")}
        path = f"/api/v1/timing/deliveries/?{urlencode(told)}"
        body = b"".join(segments_of(vector))
        # A second time it is the delivery that is there.
        statuses = [chunked(web, path, secret, body, dice) for _again in range(2)]
        ingest.take_in(Channel.objects.get(edition=edition).pk)
        found[named(vector)] = stored(edition) if statuses == [201, 200] else statuses
    assert Pending.objects.count() == 0
    assert {name for vector in POSTED if not same(found[name := named(vector)], expected(vector))} == set(), found


def test_a_line_that_breaks_in_the_middle_and_says_all_again_counts_once(gateway):
    """As decoders do that got no answer: the vector up to anywhere, the line breaks, then the whole of it."""
    dice = random.Random(6)
    called = [vector for vector in LIVE if FORMATS[vector["format"]].port is None and vector["expected"]["passings"]]
    channels = {named(vector): channel_of(vector) for vector in called}
    for vector in called:
        channel, body = channels[named(vector)], b"".join(segments_of(vector))
        patience.until(lambda: listens(channel.port) or not gateway.alive, 60, "the gateway")  # noqa: B023
        for said in (body[: dice.randrange(len(body))], body, body):
            with socket.create_connection(("127.0.0.1", channel.port), 10) as link:
                link.sendall(said)
                link.shutdown(socket.SHUT_WR)
                with suppress(ConnectionError):
                    while link.recv(4096):
                        pass
    patience.until(lambda: Delivery.objects.count() >= 2 * len(called), 30, "all of it")
    for channel in channels.values():
        ingest.take_in(channel.pk)
    found = {named(vector): stored(channels[named(vector)].edition)[0] for vector in called}
    assert {
        name for vector in called if sorted(found[name := named(vector)]) != sorted(expected(vector)[0])
    } == set(), found
