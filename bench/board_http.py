"""The held board over HTTP: how many gzipped boards a second one web process hands out.

Beside it, from the same client in turns, the same bytes from a bare asyncio server that knows nothing but them: what
this client and this machine can do at all. With nginx installed, also a static file from one nginx worker.
"""

import asyncio
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from statistics import median
from typing import Any

from bench.place import child, free_port, listens, ready
from launch import patience
from results import live
from tests import cast
from tests.config.running import split

CONNECTIONS = 32
TURNS = 3
BARE = """
import asyncio, sys
answer = open(sys.argv[2], "rb").read()
class Bare(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
    def data_received(self, data):
        self.transport.write(answer * data.count(b"\\r\\n\\r\\n"))
async def main():
    server = await asyncio.get_running_loop().create_server(Bare, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()
asyncio.run(main())
"""


class Caller(asyncio.Protocol):
    """Asks again as soon as a whole answer is there; answers are all of one length."""

    def __init__(self, request: bytes, length: int) -> None:
        self.request, self.length = request, length
        self.received = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        before = self.received // self.length
        self.received += len(data)
        if self.received // self.length > before:
            self.transport.write(self.request)


async def rate(port: int, request: bytes, length: int, length_s: float) -> float:
    """Answers a second over some kept connections."""
    loop = asyncio.get_running_loop()
    callers = [Caller(request, length) for _ in range(CONNECTIONS)]
    made = [await loop.create_connection(lambda one=one: one, "127.0.0.1", port) for one in callers]
    begun, before = time.perf_counter(), sum(one.received for one in callers)
    await asyncio.sleep(length_s)
    answers = (sum(one.received for one in callers) - before) / length
    spent = time.perf_counter() - begun
    for transport, _protocol in made:
        transport.close()
    return answers / spent


async def one_answer(port: int, request: bytes) -> bytes:
    """The whole answer to one request on a connection that is kept."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(split(head)[1]["content-length"])
    body = await reader.readexactly(length)
    writer.close()
    return head + body


@contextmanager
def nginx(folder: Path, body: bytes) -> Iterator[int]:
    """One nginx worker with the body as a static file; the port."""
    port = free_port()
    (folder / "board").write_bytes(body)
    (folder / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/error;"
        " events { worker_connections 256; } http { access_log off; keepalive_requests 1000000; server {"
        f" listen 127.0.0.1:{port}; root {folder}; }} }}"
    )
    command = ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        patience.until(lambda: listens(port), 20, "nginx")
        yield port
    finally:
        process.terminate()
        process.wait(10)


def figures(riders: int = 1200, length_s: float = 2.0) -> dict[str, Any]:
    """Answers a second of the front door, of a bare server of the same bytes and of nginx (null without one)."""
    stage = cast.make(riders=riders, slug=f"http-{riders}")
    made = live.board(stage.race)
    live.publish(made)
    path = f"/api/v1/races/{stage.race.slug}/board/"
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n".encode()
    web, bare = free_port(), free_port()
    server = ("-m", "uvicorn", "config.asgi:application", "--host", "127.0.0.1", "--port", str(web))
    with tempfile.TemporaryDirectory() as name, child("web", *server, "--log-level", "warning") as part:
        folder = Path(name)
        ready(part, lambda: listens(web) and _holds(web, request, made))
        answer = asyncio.run(one_answer(web, request))
        (folder / "answer").write_bytes(answer)
        static = nginx(folder, made.gz) if shutil.which("nginx") else nullcontext(None)
        with child("bare", "-c", BARE, str(bare), str(folder / "answer")) as other, static as static_port:
            ready(other, lambda: listens(bare))
            return _turns(made, request, answer, {"web": web, "bare": bare, "nginx": static_port}, length_s)


def _holds(port: int, request: bytes, made: live.Board) -> bool:
    """Whether the web process has the board yet, and gives exactly its bytes."""
    return asyncio.run(one_answer(port, request)).endswith(b"\r\n\r\n" + made.gz)


def _turns(
    made: live.Board, request: bytes, answer: bytes, ports: dict[str, int | None], length_s: float
) -> dict[str, Any]:
    """Ask all of them in turns, and compare the medians."""
    static = b"GET /board HTTP/1.1\r\nHost: localhost\r\n\r\n"
    asked = {name: static if name == "nginx" else request for name in ports}
    rates: dict[str, list[float]] = {name: [] for name, port in ports.items() if port}
    lengths = {"web": len(answer), "bare": len(answer)}
    for _ in range(TURNS):
        for name in rates:
            port = ports[name] or 0
            length = lengths.setdefault(name, len(asyncio.run(one_answer(port, asked[name]))))
            rates[name].append(asyncio.run(rate(port, asked[name], length, length_s)))
    middle = {name: median(found) for name, found in rates.items()}
    beside = middle.get("nginx")
    return {
        "board_bytes": len(made.json),
        "gzip_bytes": len(made.gz),
        "per_s": round(middle["web"]),
        "bare_per_s": round(middle["bare"]),
        "nginx_per_s": round(beside) if beside else None,
        "ratio_to_bare": round(middle["web"] / middle["bare"], 2),
        "ratio": round(middle["web"] / beside, 2) if beside else None,
    }
