"""The bridge on the crew's laptop: what it acknowledges is on its disk, and arrives at the server once."""

import json
import socket
import subprocess
import sys
import threading
import urllib.request
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

import pytest

from launch import patience
from race.models import Token
from tests import cast
from tests.ports import free_port
from tests.timing.peers import Peer, listens
from timing.bridge import options
from timing.bridge.spool import PARCEL_BYTES, Spool
from timing.decoders.live import LIVE
from timing.gateway.line import NotKept
from timing.models import Delivery, Read
from timing.packing import pack

NOW = datetime(2024, 5, 25, 1, 0, tzinfo=UTC)


def store(number):
    """A message of its own, with a record of its own, of the same number."""
    record = f"LZ63021{15 + number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}.704 5 0F  1{number:04X}250308"
    return f"Finish@Store@{record}{sum(record.encode()) % 256:02X}@{number}@$".encode()


# --- the spool, without a server ------------------------------------------------------------------------------------


def keep(spool, number, *, make="mylaps", date="2024-05-25", body=b"x", source=""):
    spool.keep(f"peer began {number}", make, "mats", body, at=NOW, date=date, source=source)


def test_a_parcel_is_the_same_until_it_is_done_and_over_a_restart(tmp_path):
    spool = Spool(tmp_path / "spool.sqlite3")
    for number in range(3):
        keep(spool, number, body=b"%d" % number)
    first = spool.next()
    keep(spool, 3)
    assert (first.body, first.make, first.date, first.since) == (b"012", "mylaps", "2024-05-25", NOW)
    assert spool.next() == first
    spool.close()
    again = Spool(tmp_path / "spool.sqlite3")
    assert (again.next(), again.queue()[:2]) == (first, (4, 4))
    again.done(first)
    later = again.next()
    assert (later.body, later.key != first.key, again.queue()[:2]) == (b"x", True, (1, 1))
    again.done(later, refused="422 not a file")
    assert (again.next(), again.queue()) == (None, (0, 0, None, 1))


def test_a_parcel_holds_one_make_source_and_day_and_no_more_than_it_can(tmp_path):
    spool = Spool(tmp_path / "spool.sqlite3")
    keep(spool, 1, body=b"a")
    keep(spool, 2, make="ipico", body=b"b", source="box 1")
    keep(spool, 22, make="ipico", body=b"B", source="box 2")
    keep(spool, 3, date="2024-05-26", body=b"c")
    keep(spool, 4, body=b"d" * PARCEL_BYTES)
    keep(spool, 5, body=b"e")
    keep(spool, 1, body=b"a")  # the same body again
    sent = []
    while (parcel := spool.next()) is not None:
        sent.append((parcel.make, parcel.source, parcel.date[-2:], parcel.body[:1], len(parcel.body)))
        spool.done(parcel)
    assert sent == [
        ("mylaps", "", "25", b"a", 1), ("ipico", "box 1", "25", b"b", 1), ("ipico", "box 2", "25", b"B", 1),
        ("mylaps", "", "26", b"c", 1), ("mylaps", "", "25", b"d", PARCEL_BYTES), ("mylaps", "", "25", b"e", 1),
    ]  # fmt: skip


def test_one_bridge_to_a_folder(tmp_path):
    Spool(tmp_path / "spool.sqlite3")
    with pytest.raises(NotKept, match="locked"):
        Spool(tmp_path / "spool.sqlite3")


def test_a_full_disk_keeps_nothing_says_so_and_works_again_when_there_is_room(tmp_path):
    spool = Spool(tmp_path / "spool.sqlite3")
    keep(spool, 1)
    pages = spool.file.execute("PRAGMA page_count").fetchone()[0]
    spool.file.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(NotKept, match="full"):
        keep(spool, 2, body=b"y" * 100_000)
    spool.file.execute("PRAGMA max_page_count = 100000")
    keep(spool, 2, body=b"z")
    assert spool.next().body == b"xz"


# --- the whole program, as a laptop starts it -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """The one file."""
    return pack(tmp_path_factory.mktemp("bridge") / "daguguan-bridge.pyz")


class Laptop:
    """A bridge with its folder, on a port for a MYLAPS machine."""

    def __init__(self, started, program, folder, server, token):
        self.port, self.page, self.folder = free_port(), free_port(), folder
        self.start = lambda: started(
            "bridge", "-I", "-S", str(program), f"mylaps:{self.port}", "--server", server, "--token", token,
            "--folder", str(folder), "--page", str(self.page),
        )  # fmt: skip
        self.part = self.start()
        self.ready()

    def ready(self):
        patience.until(lambda: (listens(self.port) and listens(self.page)) or not self.part.alive, 30, "the bridge")
        assert self.part.alive, self.part.log.read_text()

    def standing(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.page}/status.json", timeout=5) as answer:
            return json.load(answer)

    def sent(self):
        patience.until(lambda: self.standing()["waiting"] == 0, 60, "everything to be sent")
        return self.standing()

    def changed(self, *statements):
        """Stop, let its file be as these say, and start again."""
        self.part.end()
        spool = Spool(self.folder / "spool.sqlite3")
        for statement in statements:
            spool.file.execute(*statement)
        spool.close()
        self.part = self.start()
        self.ready()

    def again(self):
        self.part.end()
        self.part = self.start()
        self.ready()


@pytest.fixture
def laptop(web, started, program, tmp_path):
    """A bridge to the real server; `laptop(server=...)` for another address. All end with the test."""
    edition = cast.make().edition
    headers = cast.bearer(edition, Token.DELIVERIES)
    made = []

    def one(server=web):
        made.append(Laptop(started, program, tmp_path / "kept", server, headers["Authorization"].split()[1]))
        return made[-1]

    yield one
    for each in made:
        each.part.end()


@contextmanager
def network(port, target):
    """While it is up, what calls `port` reaches the server at `target`."""
    ears = socket.create_server(("127.0.0.1", port))

    def pump(one, other):
        with suppress(OSError):
            while data := one.recv(65536):
                other.sendall(data)
        with suppress(OSError):
            other.shutdown(socket.SHUT_WR)

    def listen():
        with suppress(OSError):
            while True:
                caller, _address = ears.accept()
                server = socket.create_connection(target)
                for pair in ((caller, server), (server, caller)):
                    threading.Thread(target=pump, args=pair, daemon=True).start()

    threading.Thread(target=listen, daemon=True).start()
    try:
        yield
    finally:
        ears.close()


def arrived():
    """The record numbers of the reads that the server has, and all that it was told."""
    return sorted(Read.objects.values_list("seq", flat=True)), b"".join(
        bytes(body) for body in Delivery.objects.order_by("pk").values_list("body", flat=True)
    )


@pytest.mark.django_db(transaction=True)
def test_what_a_machine_says_arrives_with_the_token(laptop, worker):
    one = laptop()
    peer = Peer(one.port)
    assert peer.say(b"Finish@Pong@$" + store(1), 2)[1] == "BRIDGE@AckStore@1@$"
    assert one.sent() | {"sent_at": ""} == {
        "machines": {f"mylaps:{one.port}": 1}, "waiting": 0, "bytes": 0, "waits_s": 0, "refused": 0, "problem": "",
        "sent_at": "",
    }  # fmt: skip
    patience.until(lambda: arrived()[0] == [1], 30, "the worker")
    delivery = Delivery.objects.get()
    assert (bytes(delivery.body), delivery.options["make"]) == (store(1), "mylaps")
    with urllib.request.urlopen(f"http://127.0.0.1:{one.page}/", timeout=5) as answer:
        assert "全部已送达" in answer.read().decode()


@pytest.mark.django_db(transaction=True)
def test_killed_without_a_network_it_loses_nothing_and_repeats_nothing(laptop, worker, web):
    """The plug is pulled in mid-race, twice, while the server cannot be reached; then it can."""
    door = free_port()
    one = laptop(f"http://127.0.0.1:{door}")
    for number in range(1, 61):
        if number in (20, 40):
            one.again()
        if number in (1, 20, 40):
            peer = Peer(one.port)
        assert peer.say(store(number), 1) == [f"BRIDGE@AckStore@{number}@$"]
    assert (one.standing()["waiting"], Delivery.objects.count()) == (60, 0)
    patience.until(lambda: "does not answer" in one.standing()["problem"], 30, "the trouble to be told")
    host, port = web.removeprefix("http://").split(":")
    with network(door, (host, int(port))):
        one.sent()
    patience.until(lambda: len(arrived()[0]) == 60, 30, "the worker")
    assert arrived() == (list(range(1, 61)), b"".join(map(store, range(1, 61))))


@pytest.mark.django_db(transaction=True)
def test_a_parcel_whose_answer_was_lost_is_not_there_twice(laptop, worker):
    one = laptop()
    Peer(one.port).say(store(1), 1)
    one.sent()
    # Killed after the server had it, before it was written down.
    one.changed(["UPDATE parcel SET state = 'ready'"])
    one.sent()
    assert (Delivery.objects.count(), arrived()[1]) == (1, store(1))


@pytest.mark.django_db(transaction=True)
def test_what_the_server_would_not_have_stays_and_stops_nothing(laptop, worker):
    one = laptop()
    Peer(one.port).say(store(1), 1)
    one.sent()
    # Another body under a key that is used.
    one.changed(["UPDATE parcel SET state = 'ready'"], ["UPDATE body SET bytes = ?", [store(2)]])
    patience.until(lambda: one.standing()["refused"] == 1, 30, "the refusal")
    Peer(one.port).say(store(3), 1)
    assert (one.sent()["refused"], Delivery.objects.count()) == (1, 2)


def test_a_machine_has_the_name_it_is_given_or_its_address():
    told = options.read(
        ["mylaps:3097", "终点=ultra@192.0.2.7", "ipico@box.local:10200", "start=chronotrack:61611", "--server", "https://r.cn",
         "--token", "x"],
        LIVE,
    )  # fmt: skip
    assert told.sources == ("", "终点", "box.local", "start")
    assert [place[2:] for place in told.places] == [
        ("mylaps", "", 3097, ()), ("ultra", "192.0.2.7", 23, ()), ("ipico", "box.local", 10200, ()),
        ("chronotrack", "", 61611, ()),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["mylaps:3097", "--server", "http://race.example.org", "--token", "x"], "in the open"),
        (["mylaps:3097", "--server", "race", "--token", "x"], "no address"),
        (["mylaps:3097", "--server", "https://race.example.org"], "--token"),
        (["mylaps@box", "--server", "https://race.example.org", "--token", "x"], "calls us"),
        (["mylaps:0", "--server", "https://race.example.org", "--token", "x"], "1 to 65535"),
        (["sundial:1", "--server", "https://race.example.org", "--token", "x"], "write MAKE:PORT"),
        (["mylaps:1", "--server", "https://r.example.org", "--token", "x", "--date", "25.5."], "2024-05-25"),
    ],
)
def test_options_that_cannot_be_meant(program, arguments, said):
    ended = subprocess.run(
        [sys.executable, "-I", "-S", str(program), *arguments], capture_output=True, text=True, timeout=30
    )
    assert (ended.returncode, said in ended.stderr) == (2, True), ended.stderr


def test_what_tells_how_a_machine_is_goes_alone_and_is_not_its_last_word(tmp_path):
    spool = Spool(tmp_path / "spool.sqlite3")

    def keep_said(key, body):
        spool.keep(key, "ultra", "box", body, at=NOW, date="2024-05-25", source="?box")

    for key, body in (("1", b"read"), ("state 2", b"V=12"), ("3", b"read"), ("state 4", b"V=13")):
        keep_said(key, body)
    assert spool.last("box") == b"readread"
    sent = []
    while (parcel := spool.next()) is not None:
        sent.append(parcel.body)
        spool.done(parcel)
    assert sent == [b"readread", b"V=12", b"V=13"]
