"""A gateway is killed, or told to stop: what it acknowledged is there, and what it read is handed over."""

import time

import pytest
from django.db import connection, transaction

from launch import patience
from tests import cast
from tests.ports import free_port
from tests.timing.peers import STORE, Peer, listens
from timing.models import Channel, Delivery

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def port(transactional_db, redis):
    """The port of a MYLAPS channel of the small race."""
    number = free_port()
    Channel.objects.create(edition=cast.make().edition, kind="tcp", make="mylaps", label="mats", port=number)
    return number


@pytest.fixture
def own_gateway(port, started):
    """A gateway of the test's own, to be killed or stopped."""
    part = started("own-gateway", "manage.py", "gateway")
    patience.until(lambda: listens(port) or not part.alive, 60, "the gateway")
    yield part
    part.end()


def test_a_killed_gateway_loses_nothing_it_acknowledged(port, own_gateway, started):
    peer = Peer(port)
    for number in range(1, 21):
        peer.say(STORE.replace(b"@1@", b"@%d@" % number), 1)
    own_gateway.end()
    assert sum(Delivery.objects.values_list("size", flat=True)) == sum(
        len(STORE.replace(b"@1@", b"@%d@" % number)) for number in range(1, 21)
    )
    again = started("gateway-again", "manage.py", "gateway")
    patience.until(lambda: listens(port), 60, "the second gateway")
    assert Peer(port).say(STORE, 1) == ["DAGUGUAN@AckStore@1@$"]
    again.end()
    assert Delivery.objects.count() >= 2


def test_told_to_stop_it_hands_over_what_it_has_read(port, own_gateway):
    peer = Peer(port)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE timing_delivery IN EXCLUSIVE MODE")
        peer.say(STORE)
        time.sleep(0.3)
        own_gateway.ask()
        peer.silent()
    assert [peer.hear(), peer.hear()] == ["DAGUGUAN@AckStore@1@$", "closed"]
    patience.until(lambda: not own_gateway.alive, 20, "the end of the gateway")
    assert Delivery.objects.count() == 1
