"""Ports for processes that tests start."""

import contextlib
import itertools
import os
import random
import socket

FIRST_PORT, PORTS = 12_000, 4_000  # below those the system gives to outgoing connections
_ports = itertools.count(random.SystemRandom().randrange(PORTS))


def free_port() -> int:
    """A port nobody has, of this test process's own: one that another had given away is not listened on by two."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 5
    for number in _ports:
        port = FIRST_PORT + worker * PORTS + number % PORTS
        with socket.socket() as free, contextlib.suppress(OSError):
            free.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")
