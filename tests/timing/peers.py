"""A decoder's end of the line, for tests of the gateway."""

import socket

import pytest

RECORD = "LZ6302115:37:40.704 5 0F  1000125030862"
STORE = f"Finish@Store@{RECORD}@1@$".encode()


class Peer:
    """A decoder's end of the line."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), 10)
        self.socket.settimeout(20)

    def say(self, data, answers=0):
        """Send bytes; wait for so many answers."""
        self.socket.sendall(data)
        return [self.hear() for _answer in range(answers)]

    def hear(self):
        heard = b""
        while not heard.endswith(b"$"):
            byte = self.socket.recv(1)
            if not byte:
                return "closed"
            heard += byte
        return heard.decode()

    def silent(self):
        self.socket.settimeout(0.4)
        with pytest.raises(TimeoutError):
            self.socket.recv(1)
        self.socket.settimeout(20)


def listens(port):
    """Whether somebody answers on this port."""
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
