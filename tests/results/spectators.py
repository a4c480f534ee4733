"""Who takes part in the tests of the stream: what publishes boards, and a client that obeys the stream's rules."""

import gzip
import json
import time
from typing import Any

import redis

from tests.config.running import PATIENCE, Server


class Publisher:
    """Does in Redis what `results.live` does: the board, its delta and the message appear in one step."""

    def __init__(self, url: str) -> None:
        self.redis = redis.Redis.from_url(url)
        self.boards: dict[str, dict[str, Any]] = {}
        self.key = 1  # of every race it publishes

    def begin(self, race: str, revision: int, leader: int) -> None:
        """The first board of a race; as in life it weighs more than a change of it."""
        self.publish(race, revision, kind="board", leader=leader, note="." * 4000)

    def publish(self, race: str, revision: int, *, kind: str = "delta", heard: bool = True, **changes: Any) -> None:
        """`heard=False`: the message is lost, as when a subscriber is away."""
        before = self.boards.get(race, {}).get("revision", 0)
        self.boards[race] = {**self.boards.get(race, {}), **changes, "race": race, "revision": revision}
        head = {"race": race, "from": before, "to": revision, "kind": kind}
        payload = json.dumps({**head, "set": {**changes, "revision": revision}}) if kind == "delta" else ""
        message = json.dumps(head).encode() + b"\n" + payload.encode()
        plain = json.dumps(self.boards[race]).encode()
        pipeline = self.redis.pipeline()
        pipeline.sadd("boards", race)
        held = {"race": self.key, "revision": revision, "json": plain, "gz": gzip.compress(plain)}
        pipeline.hset(f"board:{race}", mapping=held)
        pipeline.lpush(f"deltas:{race}", message).ltrim(f"deltas:{race}", 0, 63)
        if heard:
            pipeline.publish("live", message)
        pipeline.execute()

    def pulse(self, text: bytes = b'{"real":"now"}') -> None:
        self.redis.publish("pulse", text)


def board(race: str, revision: int, leader: int) -> dict[str, Any]:
    return {"race": race, "revision": revision, "leader": leader, "note": "." * 4000}


class Spectator:
    """A client that obeys the rules at the head of `results.stream`, and fails at a delta that does not fit."""

    def __init__(self, server: Server, races: str, last_event_id: str = "", query: str = "", headers: str = "") -> None:
        self.peer = server.connect()
        if last_event_id:
            headers += f"Last-Event-ID: {last_event_id}\r\n"
        request = f"GET /live/stream?races={races}{query} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n"
        self.peer.sendall(request.encode())
        self.lines = self.peer.makefile("rb")
        self.last_id, self.retry = last_event_id, 0
        self.boards: dict[str, dict[str, Any]] = {}
        self.ended = False
        self.status = int(self.lines.readline().split()[1])
        while self.lines.readline() != b"\r\n":
            continue
        self.text = b""
        self.end = time.monotonic() + PATIENCE

    def __enter__(self) -> "Spectator":
        return self

    def __exit__(self, *_: object) -> None:
        self.lines.close()
        self.peer.close()

    def event(self) -> tuple[str, Any]:
        """The next block: ("board"|"delta"|"pulse", data), ("heartbeat", None), ("retry", ms) or ("end", None)."""
        assert time.monotonic() < self.end
        while b"\n\n" not in self.text:
            size = int(self.lines.readline() or b"0", 16)
            piece = self.lines.read(size)
            self.lines.readline()
            if not piece:
                return "end", None
            self.text += piece
        block, _, self.text = self.text.partition(b"\n\n")
        fields: dict[str, str] = {}
        for line in block.decode().split("\n"):
            name, _, value = line.partition(": ")
            fields[name] = value
        self.last_id = fields.get("id", self.last_id)
        if "event" in fields:
            return fields["event"], json.loads(fields["data"])
        return ("retry", int(fields["retry"])) if "retry" in fields else ("heartbeat", None)

    def apply(self) -> tuple[str, Any]:
        """Take the next board or delta, and keep the boards as a page would."""
        while (told := self.event())[0] in ("pulse", "heartbeat", "retry"):
            continue
        kind, data = told
        if kind == "board":
            self.boards[data["race"]] = data
        elif kind == "delta":
            own = self.boards.setdefault(data["race"], {"race": data["race"], "revision": data["from"]})
            assert own["revision"] == data["from"]
            own.update(data["set"])
        return kind, data

    def until_revision(self, race: str, revision: int) -> dict[str, Any]:
        while self.boards.get(race, {}).get("revision") != revision:
            assert self.apply()[0] != "end"
        return self.boards[race]
