"""Real servers for the tests of the front door: a uvicorn and a Valkey of their own, and raw connections to them."""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from launch import binaries

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 40.0  # seconds; a loaded machine is not a wrong answer


def until(what: Any, patience: float = PATIENCE) -> Any:
    """Ask until the answer is true, and give it back; AssertionError when it never is."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if answer := what():
            return answer
        time.sleep(0.02)
    raise AssertionError(f"still not so after {patience:.0f} s")


class Valkey:
    """A private Valkey on a Unix socket."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "v.sock"
        self.url = f"unix://{self.socket}?db=0"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            [
                str(binaries.valkey(None)),
                "--port",
                "0",
                "--unixsocket",
                str(self.socket),
                "--save",
                "",
                "--appendonly",
                "no",
            ],
            stdout=subprocess.DEVNULL,
            cwd=self.socket.parent,
        )
        until(self._answers)

    def _answers(self) -> bool:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as peer:
            peer.connect(str(self.socket))
            peer.sendall(b"PING\r\n")
            return peer.recv(16).startswith(b"+PONG")
        return False

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()


Answer = tuple[int, dict[str, str], bytes]


class Server:
    """A uvicorn with `tests.config.door_app` on a free loopback port."""

    def __init__(self, redis_url: str, limits: dict[str, Any], pace: dict[str, Any], log: Path) -> None:
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        listening.listen(2048)
        self.port = listening.getsockname()[1]
        self.log = log
        environment = {
            **os.environ,
            "REDIS_URL": redis_url,
            "DOOR_LIMITS": json.dumps(limits),
            "DOOR_PACE": json.dumps(pace),
        }
        descriptor = listening.fileno()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "tests.config.door_app:application", "--fd", str(descriptor)],
            pass_fds=[descriptor],
            env=environment,
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=log.open("wb"),
        )
        listening.close()
        until(lambda: self.get("/calls")[0] == 200)

    def connect(self, receive_buffer: int | None = None) -> socket.socket:
        peer = socket.socket()
        if receive_buffer is not None:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        peer.settimeout(PATIENCE)
        peer.connect(("127.0.0.1", self.port))
        return peer

    def raw(self, request: bytes) -> bytes:
        """Send bytes as they are and read until the server closes."""
        with self.connect() as peer:
            peer.sendall(request)
            return read_all(peer)

    def request(self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b"") -> Answer:
        lines = {"Host": "localhost", "Connection": "close", **(headers or {})}
        if body:
            lines["Content-Length"] = str(len(body))
        head = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        return split(self.raw(head.encode() + b"\r\n" + body))

    def get(self, path: str, headers: dict[str, str] | None = None) -> Answer:
        return self.request("GET", path, headers)

    def calls(self) -> list[str]:
        return list(json.loads(self.get("/calls")[2]))

    def terminate(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


def read_all(peer: socket.socket) -> bytes:
    """Read until the server closes or resets; AssertionError when it does neither."""
    text, end = b"", time.monotonic() + PATIENCE
    with contextlib.suppress(ConnectionResetError):
        while piece := peer.recv(65536):
            assert time.monotonic() < end
            text += piece
    return text


def reset(peer: socket.socket) -> bool:
    """Whether the server has dropped this connection, seen without reading anything from it."""
    watched = select.poll()
    watched.register(peer, 0)
    return bool(watched.poll(0))


def split(text: bytes) -> Answer:
    """Status, headers and body (chunks joined) of one answer; (0, {}, b"") when there was none."""
    head, _, body = text.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    if not first:
        return 0, {}, b""
    pairs = (line.partition(": ") for line in lines)
    headers = {name.lower(): value for name, _, value in pairs}
    if headers.get("transfer-encoding") == "chunked":
        body = unchunk(body)
    return int(first.split(" ")[1]), headers, body


def unchunk(body: bytes) -> bytes:
    whole = b""
    while body:
        size, _, rest = body.partition(b"\r\n")
        whole += rest[: int(size, 16)]
        body = rest[int(size, 16) + 2 :]
    return whole


@contextlib.contextmanager
def valkey(folder: Path) -> Iterator[Valkey]:
    running = Valkey(folder)
    running.start()
    try:
        yield running
    finally:
        running.kill()


@contextlib.contextmanager
def served(redis_url: str, log: Path, limits: Any = None, pace: Any = None) -> Iterator[Server]:
    server = Server(redis_url, limits or {}, pace or {}, log)
    try:
        yield server
    finally:
        server.process.kill()
        server.process.wait()
