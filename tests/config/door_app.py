"""The front door around a small WSGI application that tells what reached it; served by a real uvicorn in tests.

DOOR_LIMITS and DOOR_PACE (JSON) replace single limits, so that a test needs ten requests and not ten thousand.
"""

import hashlib
import json
import os
import time
from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

from config.door.front import FrontDoor
from config.door.limits import limits
from results.stream import Hub, Pace

calls: list[str] = []


def tell(environ: dict[str, Any]) -> dict[str, Any]:
    """What the application can see of the request."""
    body = environ["wsgi.input"].read()
    return {
        "method": environ["REQUEST_METHOD"],
        "path": environ["PATH_INFO"],
        "query": environ["QUERY_STRING"],
        "announced": environ.get("CONTENT_LENGTH"),
        "length": len(body),
        "sha256": hashlib.sha256(body).hexdigest(),
        "real_ip": environ.get("HTTP_X_REAL_IP"),
        "encoding": environ.get("HTTP_TRANSFER_ENCODING"),
    }


def wsgi(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """`/calls` lists the other paths that were called; `/hold` keeps its thread until the file `until` exists."""
    path, query = environ["PATH_INFO"], parse_qs(environ["QUERY_STRING"])
    if path != "/calls":
        calls.append(path)
    if path == "/hold":
        while not os.path.exists(query["until"][0]):
            time.sleep(0.02)
    if path == "/big":
        start_response("200 OK", [("Content-Length", query["bytes"][0])])
        return (b"x" * 65536 for _ in range(int(query["bytes"][0]) // 65536))
    if path == "/fails-late":
        return FailsLate(start_response)
    text = json.dumps(calls if path == "/calls" else tell(environ)).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(text)))])
    return [text]


class FailsLate:
    """An answer whose tidying up fails."""

    def __init__(self, start_response: Any) -> None:
        start_response("200 OK", [("Content-Length", "4")])

    def __iter__(self) -> Any:
        yield b"done"

    def close(self) -> None:
        raise RuntimeError("after the answer")


application = FrontDoor(
    wsgi,
    Hub(os.environ["REDIS_URL"], replace(Pace(), **json.loads(os.environ.get("DOOR_PACE", "{}")))),
    replace(limits(300 * 1024 * 1024, 1024 * 1024), **json.loads(os.environ.get("DOOR_LIMITS", "{}"))),
)
