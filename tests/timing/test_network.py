"""A network that breaks: whatever the sender did before, once it has sent all of it again there is exactly one copy.

The servers are real ones, and the cables are cut where it hurts: in the headers, in the body, after its last byte.
"""

import contextlib
import hashlib
import json
import socket
import struct
import threading
import urllib.error
import urllib.request
from urllib.parse import urlsplit

import pytest

from launch import patience
from race.models import Token
from tests import cast
from tests.ports import free_port
from tests.timing.peers import STORE, Peer, listens
from timing import ingest
from timing.models import Channel, Delivery, Ingestion, Pending, Read, Upload

pytestmark = pytest.mark.django_db(transaction=True)

DELIVERIES, UPLOADS = "/api/v1/timing/deliveries/", "/api/v1/timing/uploads/"


def rows(many):
    """The lines of a file: four riders, each at its own moments."""
    return [
        f"C{1 + n % 4},2024-05-25 {9 + n // 3600:02d}:{n // 60 % 60:02d}:{n % 60:02d},Finish\n" for n in range(many)
    ]


def file_of(lines):
    return "".join(["chip,time,point\n", *lines]).encode()


BODY = file_of(rows(300))


class Sender:
    """A crew's machine at the far end of a bad cable."""

    def __init__(self, web, edition):
        self.web, self.at = web, (urlsplit(web).hostname, urlsplit(web).port)
        self.headers = cast.bearer(edition, Token.DELIVERIES)

    def ask(self, method, path, body=None, **headers):
        """Status and answer over a whole connection."""
        request = urllib.request.Request(self.web + path, body, self.headers | headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refused:
            return refused.code, json.load(refused)

    def cut(self, method, path, body, sent, **headers):
        """Send the first so many bytes of the request and pull the cable; nobody reads an answer."""
        lines = self.headers | {"Host": "localhost", "Content-Length": str(len(body))} | headers
        head = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        whole = head.encode() + b"\r\n" + body
        place = {"headers": len(head) // 2, "body": len(whole) - len(body) // 2, "last byte": len(whole) - 1}
        pull(self.at, whole[: place.get(sent, len(whole))])


def pull(address, data):
    """Say something and be gone: the connection is reset, and no answer of it arrives anywhere."""
    line = socket.create_connection(address, 10)
    line.sendall(data)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    threading.Event().wait(0.2)  # a reset overtakes what the other end has not read yet
    line.close()


@pytest.fixture
def sender(web):
    return Sender(web, cast.make().edition)


def taken_in():
    """Wait until nothing is pending, doing the worker's part if there is none."""

    def nothing_waits():
        for channel in Channel.objects.all():
            ingest.take_in(channel.pk, wait=False)
        return not Pending.objects.exists()

    patience.until(nothing_waits, 60, "everything to be taken in")


def copies():
    """Deliveries of these bytes, reads, and what became of them."""
    return [bytes(one.body) for one in Delivery.objects.order_by("pk")], Read.objects.count()


def test_an_upload_cut_at_three_places_and_its_retry_are_one_copy(sender):
    key = {"Idempotency-Key": "noon", "Content-Type": "text/csv"}
    for place in ("headers", "body", "last byte"):
        sender.cut("POST", DELIVERIES, BODY, place, **key)
    assert copies() == ([], 0)
    status, answer = sender.ask("POST", DELIVERIES, BODY, **key)
    assert (status, answer["counts"]["new"], copies()) == (201, 300, ([BODY], 300))


@pytest.mark.parametrize("key", [{"Idempotency-Key": "noon"}, {}], ids=["with a key", "without"])
def test_a_lost_acknowledgement_and_the_retry_are_one_copy(sender, key):
    told = key | {"Content-Type": "text/csv"}
    sender.cut("POST", DELIVERIES, BODY, "nowhere", **told)
    patience.until(lambda: Delivery.objects.exists(), 20, "the delivery nobody heard of")
    status, answer = sender.ask("POST", DELIVERIES, BODY, **told)
    assert (status, answer["id"]) == (200, Delivery.objects.get().pk)
    taken_in()
    assert copies() == ([BODY], 300)


def test_a_file_in_pieces_goes_on_where_it_was_cut(sender):
    announced = json.dumps({"name": "day.csv", "size": len(BODY), "sha256": hashlib.sha256(BODY).hexdigest()}).encode()
    kind = {"Idempotency-Key": "day", "Content-Type": "application/json"}
    code = sender.ask("POST", UPLOADS, announced, **kind)[1]["code"]
    address = f"{UPLOADS}{code}/"
    for start, place in ((0, "headers"), (0, "body"), (0, "nowhere"), (4000, "last byte"), (4000, "nowhere")):
        piece = BODY[start : start + 4000]
        sender.cut("PATCH", address, piece, place, **{"Upload-Offset": str(start)})
        if place == "nowhere":
            patience.until(lambda: Upload.objects.get().received == start + 4000, 20, "the piece")  # noqa: B023
        assert Upload.objects.get().received == start + 4000 * (place == "nowhere")
    again = sender.ask("POST", UPLOADS, announced, **kind)
    assert (again[0], again[1]["received"]) == (200, 8000)
    sender.cut("PATCH", address, BODY[8000:], "nowhere", **{"Upload-Offset": "8000"})
    patience.until(lambda: Delivery.objects.exists(), 20, "the last piece")
    status, answer = sender.ask("PATCH", address, BODY[8000:], **{"Upload-Offset": "8000"})
    assert (status, answer["errors"][0]["code"]) == (409, "wrong_offset")
    taken_in()
    assert sender.ask("GET", address)[1]["delivery"]["counts"]["new"] == 300
    assert copies() == ([BODY], 300)


def test_a_body_above_the_limit_is_refused_before_it_is_sent(sender):
    for path, size in ((DELIVERIES, 64 * 2**20 + 1), (f"{UPLOADS}abc/", 8 * 2**20 + 1)):
        line = socket.create_connection(sender.at, 10)
        line.settimeout(20)
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\n\r\n"
        line.sendall(head.encode())
        assert line.recv(65536).startswith(b"HTTP/1.1 413")
    line = socket.create_connection(sender.at, 10)
    line.settimeout(20)
    line.sendall(f"POST {UPLOADS}abc/ HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
    piece = b"%x\r\n%s\r\n" % (2**20, bytes(2**20))
    with contextlib.suppress(ConnectionError):
        for _megabyte in range(9):
            line.sendall(piece)
    assert line.recv(65536).startswith(b"HTTP/1.1 413")
    assert Delivery.objects.count() == 0


def test_a_chunked_body_without_a_length_is_taken_whole(sender):
    def in_chunks():
        for start in range(0, len(BODY), 1000):
            yield BODY[start : start + 1000]

    status, answer = sender.ask("POST", DELIVERIES, in_chunks(), **{"Content-Type": "text/csv"})
    assert (status, answer["size"], answer["sha256"]) == (201, len(BODY), hashlib.sha256(BODY).hexdigest())


def at_once(*calls):
    """The answers of calls that begin together."""
    answers, gate = [None] * len(calls), threading.Barrier(len(calls))

    def run(index, call):
        gate.wait(20)
        answers[index] = call()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return answers


def test_one_key_from_many_senders_at_once_is_one_delivery(sender):
    told = {"Idempotency-Key": "same", "Content-Type": "text/csv"}
    answers = at_once(*[lambda: sender.ask("POST", DELIVERIES, BODY, **told)] * 6)
    assert sorted(status for status, _answer in answers) == [200] * 5 + [201]
    assert {answer["id"] for _status, answer in answers} == {Delivery.objects.get().pk}
    other = sender.ask("POST", DELIVERIES, BODY + b"C1,2024-05-25 12:00:00,Finish\n", **told)
    assert (other[0], other[1]["errors"][0]["code"]) == (422, "key_reused")
    taken_in()
    assert copies() == ([BODY], 300)
    kinds = Ingestion.objects.values_list("new", "known", "rejected", "unknown")
    assert list(kinds) == [(300, 0, 0, 0)]


def test_two_crews_with_the_same_6000_rows_in_other_orders_at_once(sender, web):
    edition = Channel.objects.first().edition
    crews = [sender, Sender(web, edition)]
    lines = rows(6000)
    files = [file_of(lines), file_of(lines[::-1])]
    answers = at_once(
        *[
            lambda crew=crew, body=body: crew.ask("POST", DELIVERIES, body, **{"Content-Type": "text/csv"})
            for crew, body in zip(crews, files, strict=True)
        ]
    )
    assert [status for status, _answer in answers] == [201, 201]
    taken_in()
    told = [crew.ask("POST", DELIVERIES, body)[1]["counts"] for crew, body in zip(crews, files, strict=True)]
    assert sum(counts["new"] for counts in told) == sum(counts["known"] for counts in told) == 6000
    assert (Read.objects.count(), Delivery.objects.count()) == (6000, 2)


@pytest.fixture(scope="module")
def gateway_process(started):
    """A gateway of this module's own."""
    part = started("network-gateway", "manage.py", "gateway")
    yield part
    part.end()


def test_a_tcp_message_cut_at_three_places_and_a_lost_acknowledgement_are_one_read(gateway_process, redis):
    port = free_port()
    Channel.objects.create(edition=cast.make().edition, kind="tcp", make="mylaps", label="mats", port=port)
    patience.until(lambda: listens(port) or not gateway_process.alive, 60, "the gateway")
    for cut in (3, len(STORE) // 2, len(STORE) - 1):
        pull(("127.0.0.1", port), STORE[:cut])
    assert Delivery.objects.count() == 0
    pull(("127.0.0.1", port), STORE)  # its acknowledgement reaches nobody
    patience.until(lambda: Delivery.objects.count() == 1, 20, "the message")
    assert Peer(port).say(STORE, 1) == ["DAGUGUAN@AckStore@1@$"]
    taken_in()
    assert Read.objects.count() == 1
    assert sorted(Ingestion.objects.values_list("new", "known")) == [(0, 1), (1, 0)]
    assert [bytes(one.body) for one in Delivery.objects.all()] == [STORE, STORE]
