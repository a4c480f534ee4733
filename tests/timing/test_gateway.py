"""A decoder calls: greeting, acknowledgement after the commit, and nothing that can stop the line."""

import re

import pytest
from django.db import connection, transaction

from launch import patience
from tests import cast
from tests.ports import free_port
from tests.timing.peers import RECORD, STORE, Peer, listens
from timing import heartbeat
from timing.models import Channel, Delivery, Pending, Read, Reject

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def gateway_process(started):
    """One gateway for all tests of this file: it picks up each test's channel within a second."""
    part = started("gateway", "manage.py", "gateway")
    yield part
    part.end()


@pytest.fixture
def port(transactional_db, redis):
    """The port of a MYLAPS channel of the small race."""
    number = free_port()
    Channel.objects.create(edition=cast.make().edition, kind="tcp", make="mylaps", label="mats", port=number)
    return number


@pytest.fixture
def line(port, gateway_process):
    """The port, once the gateway listens on it."""
    patience.until(lambda: listens(port) or not gateway_process.alive, 60, "the gateway")
    return port


def test_what_is_acknowledged_is_committed(line):
    peer = Peer(line)
    greeting = peer.say(b"Finish@Pong@$", 1)
    assert greeting == ["DAGUGUAN@AckPong@Version2.1@c|ct|t|d|l|dv|re|an|h|am|amd|ts|dm|utc@$"]
    assert peer.say(STORE, 1) == ["DAGUGUAN@AckStore@1@$"]
    kept = Delivery.objects.get()
    assert (bytes(kept.body), kept.peer.split(":")[0], Pending.objects.count()) == (STORE, "127.0.0.1", 1)


def test_who_is_connected_is_told_within_seconds_and_so_is_who_left(line):
    peer = Peer(line)
    peer.say(b"Finish@Pong@$", 1)
    mine = "{}:{}".format(*peer.socket.getsockname())
    patience.until(lambda: [one.peer for one in heartbeat.told() or ()] == [mine], 20, "who is connected")
    peer.socket.close()
    patience.until(lambda: heartbeat.told() == [], 20, "that it left")


def test_no_acknowledgement_before_the_commit(line):
    peer = Peer(line)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE timing_delivery IN EXCLUSIVE MODE")
        peer.say(STORE)
        peer.silent()
    assert peer.hear() == "DAGUGUAN@AckStore@1@$"
    assert Delivery.objects.count() == 1


def test_replies_keep_the_order_of_the_messages(line):
    answers = Peer(line).say(b"Finish@Ping@$" + STORE + b"\r\n\x00Finish@Ping@$" + STORE.replace(b"@1@", b"@2@"), 4)
    assert [re.sub("DAGUGUAN@", "", answer) for answer in answers] == [
        "AckPing@$",
        "AckStore@1@$",
        "AckPing@$",
        "AckStore@2@$",
    ]


def test_nonsense_and_a_wrong_checksum_are_kept_with_their_reason_and_stop_nothing(line, worker):
    wrong = STORE.replace(b"0862", b"0899").replace(b"@1@", b"@2@")
    assert Peer(line).say(b"hello$" + wrong + STORE, 2) == ["DAGUGUAN@AckStore@2@$", "DAGUGUAN@AckStore@1@$"]
    patience.until(lambda: not Pending.objects.exists(), 30, "the worker")
    assert [(bytes(row.raw).decode(), row.reason) for row in Reject.objects.order_by("pk")] == [
        ("hello", "bad_frame"),
        (RECORD.replace("0862", "0899"), "bad_checksum"),
    ]
    assert list(Read.objects.values_list("chip", "source__name")) == [("LZ63021", "Finish")]


def test_a_frame_that_does_not_end_costs_its_connection_only(line):
    peer = Peer(line)
    assert peer.say(STORE, 1) == ["DAGUGUAN@AckStore@1@$"]
    try:
        peer.socket.sendall(b"x" * 400_000)
        ended = peer.hear()
    except ConnectionError:
        ended = "closed"
    assert ended == "closed"
    assert Peer(line).say(STORE.replace(b"@1@", b"@2@"), 1) == ["DAGUGUAN@AckStore@2@$"]


def test_a_connection_cut_in_mid_frame_leaves_nothing_and_the_repeat_counts(line):
    cut = Peer(line)
    cut.say(STORE + STORE[:20], 1)
    cut.socket.close()
    assert Peer(line).say(STORE.replace(b"@1@", b"@2@"), 1) == ["DAGUGUAN@AckStore@2@$"]
    assert [delivery.size for delivery in Delivery.objects.order_by("pk")] == [len(STORE)] * 2


def test_thirty_decoders_at_once(line):
    peers = [Peer(line) for _peer in range(30)]
    for number, peer in enumerate(peers, start=1):
        peer.say(STORE.replace(b"@1@", b"@%d@" % number))
    assert [peer.hear() for peer in peers] == [f"DAGUGUAN@AckStore@{number}@$" for number in range(1, 31)]
    assert Delivery.objects.count() == 30


def test_one_address_does_not_take_every_place_and_a_place_is_given_back(line):
    crowd = [Peer(line) for _peer in range(32)]
    one_too_many = Peer(line)
    assert one_too_many.hear() == "closed"
    for peer in crowd:
        peer.socket.close()
    patience.until(lambda: _is_answered(line), 20, "a free place")


def _is_answered(port):
    peer = Peer(port)
    try:
        return peer.say(b"Finish@Ping@$", 1) == ["DAGUGUAN@AckPing@$"]
    except OSError:
        return False
    finally:
        peer.socket.close()


def test_only_the_networks_of_a_channel_are_listened_to(line, gateway_process):
    assert Peer(line).say(STORE, 1) == ["DAGUGUAN@AckStore@1@$"]
    Channel.objects.filter(port=line).update(allowed=["192.0.2.0/24", "2001:db8::/32"])

    def refused():
        try:
            return Peer(line).say(STORE, 1) == ["closed"]
        except OSError:
            return True  # between the closing of the old listener and the opening of the new one, or reset at once

    patience.until(refused, 20, "the gateway to hear of it")
    Channel.objects.filter(port=line).update(allowed=["192.0.2.0/24", "127.0.0.0/8"])
    patience.until(lambda: not refused(), 20, "the gateway to hear of it")


def test_a_closed_channel_ends_its_connections_and_takes_in_what_was_said(line):
    peer = Peer(line)
    assert peer.say(STORE, 1) == ["DAGUGUAN@AckStore@1@$"]
    Channel.objects.filter(port=line).update(open=False)
    assert peer.hear() == "closed"
    patience.until(lambda: not listens(line), 20, "the port to be closed")
    Channel.objects.filter(port=line).update(open=True)
    patience.until(lambda: listens(line), 20, "the port to be open again")
    assert Peer(line).say(STORE, 1) == ["DAGUGUAN@AckStore@1@$"]
