"""Live spectators on one web process: `python -m bench.spectators --clients 2000`.

A real uvicorn with the front door, a Valkey of its own, and clients on loopback in this process (they share its cores with
the server). Prints p50 and p99 of the time from PUBLISH to the last byte of the frame in a client, the memory of one
client, and the time all of them took to connect; `--json` prints one object.
"""

import argparse
import asyncio
import gzip
import json
import resource
import tempfile
import time
from pathlib import Path
from typing import Any

import redis.asyncio

from tests.config.running import Server, served, valkey

RACE = "bench"


def memory(pid: int) -> int:
    """Resident bytes of a process (Linux)."""
    status = Path(f"/proc/{pid}/status").read_text()
    return 1024 * int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])


class Spectator(asyncio.Protocol):
    """Counts frames and notes when each was complete; keeps no text but the tail that may hold the mark."""

    def __init__(self, arrived: list[float], entered: asyncio.Semaphore) -> None:
        self.arrived, self.entered = arrived, entered
        self.inside, self.tail = False, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        request = f"GET /live/stream?races={RACE}&last={RACE}:1 HTTP/1.1\r\nHost: localhost\r\n\r\n"
        transport.write(request.encode())  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        if not self.inside and b"retry:" in data:
            self.inside = True
            self.entered.release()
        text = self.tail + data
        for _ in range(text.count(b'"end"}')):
            self.arrived.append(time.perf_counter())
        self.tail = text[-5:]


async def publish(client: Any, revision: int, plain: bytes, packed: bytes) -> None:
    """What `results.live` does in Redis."""
    head = json.dumps({"race": RACE, "from": revision - 1, "to": revision, "kind": "delta"}).encode()
    message = head + b'\n{"race":"bench","pad":"' + b"x" * 200 + b'","mark":"end"}'
    pipeline = client.pipeline()
    pipeline.sadd("boards", RACE)
    pipeline.hset(f"board:{RACE}", mapping={"revision": revision, "json": plain, "gz": packed})
    pipeline.lpush(f"deltas:{RACE}", message).ltrim(f"deltas:{RACE}", 0, 63)
    pipeline.publish("live", message)
    await pipeline.execute()


async def measure(server: Server, url: str, clients: int, frames: int) -> dict[str, Any]:
    """Connect all, publish `frames` times with pauses, and gather."""
    loop = asyncio.get_running_loop()
    store = redis.asyncio.from_url(url)
    plain = json.dumps({"rows": [["x" * 80] for _ in range(1200)]}).encode()
    packed = gzip.compress(plain, 6)
    await publish(store, 1, plain, packed)
    while server.get(f"/api/v1/races/{RACE}/board/")[1].get("etag") != '"1"':
        await asyncio.sleep(0.1)
    arrived: list[float] = []
    entered = asyncio.Semaphore(0)
    empty = memory(server.process.pid)
    begun = time.perf_counter()
    transports = []
    for _ in range(clients):
        transports.append(
            (await loop.create_connection(lambda: Spectator(arrived, entered), "127.0.0.1", server.port))[0]
        )
    for _ in range(clients):
        await entered.acquire()
    connected = time.perf_counter() - begun
    delays: list[float] = []
    for revision in range(2, frames + 2):
        arrived.clear()
        sent = time.perf_counter()
        await publish(store, revision, plain, packed)
        while len(arrived) < clients and time.perf_counter() - sent < 10:
            await asyncio.sleep(0.01)
        delays += [at - sent for at in arrived]
        await asyncio.sleep(0.3)
    full = memory(server.process.pid)
    for transport in transports:
        transport.close()
    await store.aclose()
    delays.sort()
    return {
        "clients": clients,
        "frames_expected": clients * frames,
        "frames_received": len(delays),
        "connect_s": round(connected, 2),
        "p50_ms": round(1000 * delays[len(delays) // 2], 1),
        "p99_ms": round(1000 * delays[len(delays) * 99 // 100], 1),
        "kib_per_client": round((full - empty) / clients / 1024, 1),
    }


def figures(clients: int = 500, frames: int = 8) -> dict[str, Any]:
    """Delay of a frame, memory a client, and how many frames came of how many that were due."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with tempfile.TemporaryDirectory() as folder, valkey(Path(folder)) as store:
        places = {"clients": clients + 10}
        with served(store.url, Path(folder) / "log", pace=places) as server:
            return asyncio.run(measure(server, store.url, clients, frames))


def main() -> None:
    """Run it and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=2000)
    parser.add_argument("--frames", type=int, default=12)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    found = figures(asked.clients, asked.frames)
    print(json.dumps(found) if asked.json else "\n".join(f"{name:16} {value}" for name, value in found.items()))


if __name__ == "__main__":
    main()
