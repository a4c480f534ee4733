"""Machines that listen: the gateway dials them, dials again, and asks for what came while it was away."""

import socket
import threading
from contextlib import suppress

import pytest

from launch import patience
from tests import cast
from tests.ports import free_port
from timing import decoders, intake
from timing.decoders.amb_p3 import PASSING, checksum, read_record, request
from timing.gateway import process
from timing.gateway.lines import Place
from timing.models import Channel, Delivery

pytestmark = pytest.mark.django_db(transaction=True)
CLOCK = 1716600000_000_000


def passing(number):
    """A passing with its number."""
    told = ((0x01, number, 4), (0x03, 7000 + number, 4), (0x04, CLOCK + number * 1_000_000, 8), (0x81, 77, 4))
    return request(PASSING, b"".join(bytes([tag, size]) + value.to_bytes(size, "little") for tag, value, size in told))


class Machine:
    """A decoder that listens on a port; what it is asked is in `asked`."""

    def __init__(self, port):
        self.ears = socket.create_server(("127.0.0.1", port), reuse_port=True)
        self.asked, self.caller = [], None
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        with suppress(OSError):
            while True:
                caller, _address = self.ears.accept()
                self.caller = caller
                threading.Thread(target=self._hear, args=(caller,), daemon=True).start()

    def _hear(self, caller):
        tail = b""
        with suppress(OSError):
            while data := caller.recv(4096):
                *whole, tail = (tail + data).split(b"\x8f")
                self.asked += [read_record(raw + b"\x8f") for raw in whole]

    def called(self):
        patience.until(lambda: self.caller is not None, 60, "the gateway's call")
        return self

    def say(self, *numbers):
        self.caller.sendall(b"".join(map(passing, numbers)))

    def resends(self):
        """Which numbers it was asked for again."""
        return [(record.fields[1], record.fields[2]) for record in self.asked if record.kind == 0x04]

    def off(self):
        with suppress(OSError):
            self.caller.shutdown(socket.SHUT_RDWR)
        self.ears.close()


def kept():
    return b"".join(bytes(body) for body in Delivery.objects.order_by("pk").values_list("body", flat=True))


@pytest.fixture
def port(transactional_db, redis):
    """Where the machine is to be found; the channel is there, the machine is not yet."""
    number = free_port()
    Channel.objects.create(
        edition=cast.make().edition, kind="tcp", make="amb_p3", label="loop", host="127.0.0.1", port=number
    )
    return number


@pytest.fixture
def gateway(port, started):
    """A gateway of the test's own, to be killed."""
    part = started("dialling-gateway", "manage.py", "gateway")
    yield part
    part.end()


def test_it_is_dialled_until_it_answers_asked_for_holes_and_dialled_again(port, gateway):
    machine = Machine(port).called()
    machine.say(1, 2, 5)
    patience.until(lambda: machine.resends() == [(3, 4)], 20, "the hole to be asked for")
    machine.say(3, 4)
    patience.until(lambda: kept() == b"".join(map(passing, (1, 2, 5, 3, 4))), 20, "all five")
    machine.off()
    later = Machine(port).called()
    patience.until(lambda: later.resends() == [(6, 0xFFFFFFFF)], 20, "what came meanwhile to be asked for")
    later.off()


def test_a_killed_gateway_asks_for_all_since_what_it_kept(port, gateway, started):
    machine = Machine(port).called()
    machine.say(1, 2)
    patience.until(lambda: kept() == passing(1) + passing(2), 20, "both")
    gateway.end()
    machine.asked.clear()
    again = started("dialling-again", "manage.py", "gateway")
    patience.until(lambda: machine.resends() == [(3, 0xFFFFFFFF)], 60, "the question")
    Channel.objects.update(open=False)
    patience.until(lambda: _over(machine.caller), 20, "the line to end")
    again.end()
    machine.off()


def test_a_gateway_killed_with_a_hole_asks_for_it_though_others_came_after(port, gateway, started):
    machine = Machine(port).called()
    for said in ((1, 2), (5,), (6,)):
        machine.say(*said)
        patience.until(lambda last=said[-1]: kept().endswith(passing(last)), 20, "each in a body of its own")
    gateway.end()
    machine.asked.clear()
    again = started("dialling-again", "manage.py", "gateway")
    patience.until(lambda: machine.resends() == [(3, 0xFFFFFFFF)], 60, "the question")
    again.end()
    machine.off()


LIVE = {"raceresult": (b"#P;%d;57;2024-05-25;09:22:48.001;0;1;-80\r\n", b"3:1000\r\n"),
        "ultra": (b"0,900,1400923368,1,1,-60,0,1,1,0,0,%d\r\n", b"6\x00\x002\r1000006\r")}  # fmt: skip


@pytest.mark.parametrize("make", LIVE)
def test_what_is_kept_tells_which_number_is_missing(transactional_db, make):
    record, question = LIVE[make]
    channel = Channel.objects.create(edition=cast.make().edition, kind="tcp", make=make, label="x", host="a", port=1)
    for number in (1, 2, 5, 6):
        intake.receive(channel, record % number, str(number), options={"make": make})
    session = decoders.decoder(make).session("LYDG")
    session.feed(process._last(Place(channel.pk, "x", make, "a", 1)))
    assert session.opening().endswith(question)


def _over(caller):
    caller.settimeout(0.1)
    try:
        return caller.recv(1, socket.MSG_PEEK) == b""
    except OSError:
        return not isinstance(caller, socket.socket) or caller.fileno() < 0


def test_the_checksum_here_is_that_of_the_machine():
    record = bytearray(b"\x8e\x02" + (11).to_bytes(2, "little") + b"\0\0\0\0\x24\0\x8f")
    assert request(0x24)[4:6] == checksum(bytes(record)).to_bytes(2, "little")
