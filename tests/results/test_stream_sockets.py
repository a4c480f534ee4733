"""What is done to a connection's socket, also when the peer has just left."""

import socket
from typing import Any

from results.streaming.asgi import give_up_after, hang_up, narrow


class Transport:
    """A transport over a real socket, open or not."""

    def __init__(self, sock: socket.socket, closing: bool) -> None:
        self.sock, self.closing, self.aborted = sock, closing, False

    def get_extra_info(self, name: str) -> Any:
        return self.sock if name == "socket" else None

    def is_closing(self) -> bool:
        return self.closing

    def abort(self) -> None:
        self.aborted = True


class Cycle:
    """Stands for the server's object whose `send` the application is given."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    async def send(self, message: Any) -> None: ...


def test_a_peer_that_has_left_is_no_error():
    for closing in (True, False):
        gone = socket.socket()
        gone.close()
        transport = Transport(gone, closing)
        send = Cycle(transport).send
        narrow(send, 4096)
        give_up_after(send, 1)
        hang_up(send)
        assert transport.aborted


def test_a_peer_that_is_there_is_given_its_limits():
    with socket.socket() as sock:
        send = Cycle(Transport(sock, False)).send
        give_up_after(send, 2)
        hang_up(send)
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 2000
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8)[:1] == b"\x01"
