"""What reaches Django's threads and what does not, through a real uvicorn."""

import hashlib
import json
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.config.running import Server, read_all, reset, served, split, until

LIMITS = {"idle": 3.0, "bodies_per_address": 60, "held_answer": 512 * 1024, "reader_idle": 1.0}
NOWHERE = "unix:///nonexistent/v.sock?db=0"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """One server for all: it must be as good after each test as before it."""
    with (
        tempfile.TemporaryDirectory() as folder,
        served(NOWHERE, Path(folder) / "log", LIMITS) as running,
    ):
        yield running


def errors(body: bytes) -> tuple[str, list[str]]:
    told = json.loads(body)
    return told["type"], [error["code"] for error in told["errors"]]


def post(path: str, length: int, extra: str = "") -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n{extra}\r\n".encode()


def test_a_whole_body_arrives_whole(server: Server) -> None:
    body = bytes(range(256)) * 3000
    status, _, answer = server.request("POST", "/whole", {"Content-Type": "text/csv"}, body)
    assert (status, json.loads(answer)) == (
        200,
        {
            "method": "POST",
            "path": "/whole",
            "query": "",
            "announced": "768000",
            "length": 768000,
            "sha256": hashlib.sha256(body).hexdigest(),
            "real_ip": None,
            "encoding": None,
        },
    )


def test_a_chunked_body_gets_the_length_that_was_counted(server: Server) -> None:
    head = b"POST /chunked HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    status, _, answer = split(server.raw(head + b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"))
    told = json.loads(answer)
    assert (status, told["announced"], told["length"], told["encoding"]) == (200, "11", 11, None)


def test_a_cut_body_never_reaches_the_application(server: Server) -> None:
    with server.connect() as peer:
        peer.sendall(post("/cut", 100_000) + b"x" * 5_000)
    with server.connect() as peer:
        peer.sendall(post("/cut-half-closed", 100_000) + b"x" * 5_000)
        peer.shutdown(socket.SHUT_WR)
        assert read_all(peer) == b""
    assert server.request("POST", "/after-the-cut", body=b"x")[0] == 200
    assert [path for path in server.calls() if "cut" in path] == ["/after-the-cut"]


def test_a_body_longer_than_announced_is_not_part_of_the_request(server: Server) -> None:
    status, _, answer = split(server.raw(post("/longer", 5, "Connection: close\r\n") + b"hello and more"))
    assert (status, json.loads(answer)["length"]) == (200, 5)


def test_two_ways_of_saying_the_length_are_refused(server: Server) -> None:
    both = post("/both", 5, "Transfer-Encoding: chunked\r\n") + b"5\r\nhello\r\n0\r\n\r\n"
    assert split(server.raw(both))[0] == 400
    assert "/both" not in server.calls()


def test_a_header_name_with_an_underscore_passes_for_no_other(server: Server) -> None:
    told = server.get("/header", {"X-Real-Ip": "1.1.1.1", "X_Real_Ip": "6.6.6.6"})
    assert json.loads(told[2])["real_ip"] == "1.1.1.1"
    assert json.loads(server.get("/header", {"X_Real_Ip": "6.6.6.6"})[2])["real_ip"] is None


def test_too_large_is_told_before_the_body_is_sent(server: Server) -> None:
    with server.connect() as peer:
        peer.sendall(post("/large", 1024 * 1024 + 1, "Expect: 100-continue\r\nAccept-Language: en\r\n"))
        status, headers, body = split(read_all(peer))
    assert (status, headers["connection"], headers["content-type"]) == (413, "close", "application/json")
    assert json.loads(body) == {
        "type": "client_error",
        "errors": [
            {"code": "too_large", "detail": "The body is larger than the limit (1,048,576 bytes).", "attr": None}
        ],
    }
    assert "/large" not in server.calls()


def test_too_large_is_heard_by_a_sender_that_does_not_wait(server: Server) -> None:
    with server.connect() as peer:
        peer.sendall(post("/pushed", 2 * 1024 * 1024) + b"x" * 900_000)
        status, _, body = split(read_all(peer))
    assert (status, *errors(body)) == (413, "client_error", ["too_large"])


def test_a_chunked_body_is_stopped_at_the_limit(server: Server) -> None:
    head = b"POST /chunked-large HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    with server.connect() as peer:
        peer.sendall(head + chunk * 17)
        status, _, body = split(read_all(peer))
    assert (status, *errors(body)) == (413, "client_error", ["too_large"])
    assert "/chunked-large" not in server.calls()


def test_a_chip_file_may_be_larger_than_other_bodies(server: Server) -> None:
    body = b"x" * (5 * 1024 * 1024)
    status, _, answer = server.request("POST", "/api/v1/timing/deliveries/?make=csv", body=body)
    assert (status, json.loads(answer)["length"]) == (200, len(body))


def test_pages_answer_while_fifty_uploads_stall(server: Server) -> None:
    stalled = [server.connect() for _ in range(50)]
    try:
        for peer in stalled:
            peer.sendall(post("/stalled", 100_000) + b"ten bytes.")
        assert [server.get("/page")[0] for _ in range(20)] == [200] * 20
        assert server.request("POST", "/entry", body=b"a whole one")[0] == 200
        assert [split(read_all(peer))[0] for peer in stalled] == [408] * 50
    finally:
        for peer in stalled:
            peer.close()
    assert "/stalled" not in server.calls()


def test_one_address_cannot_take_every_place_for_bodies(server: Server) -> None:
    elsewhere = "X-Forwarded-For: 198.51.100.7\r\n"
    stalled = [server.connect() for _ in range(60)]
    try:
        for peer in stalled:
            peer.sendall(post("/crowd", 100, elsewhere) + b"x")

        def refused() -> bool:
            return split(server.raw(post("/one-more", 1, elsewhere + "Connection: close\r\n") + b"x"))[0] == 503

        until(refused)
        assert server.request("POST", "/other-address", {"X-Forwarded-For": "198.51.100.8"}, b"x")[0] == 200
        assert server.get("/no-body", {"X-Forwarded-For": "198.51.100.7"})[0] == 200
    finally:
        for peer in stalled:
            peer.close()


def test_readers_that_stop_reading_hold_no_thread(server: Server) -> None:
    lazy = [server.connect(receive_buffer=4096) for _ in range(10)]
    try:
        for peer in lazy:
            peer.sendall(f"GET /big?bytes={64 * 65536 * 4} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        until(lambda: server.calls().count("/big") == 10)
        assert server.get("/page")[0] == 200
        until(lambda: all(reset(peer) for peer in lazy))
    finally:
        for peer in lazy:
            peer.close()


def test_a_large_answer_arrives_whole(server: Server) -> None:
    status, _, body = server.get(f"/big?bytes={128 * 65536}")
    assert (status, len(body)) == (200, 128 * 65536)


def test_an_answer_that_was_given_is_delivered_though_tidying_up_fails(server: Server) -> None:
    status, _, body = server.get("/fails-late")
    assert (status, body) == (200, b"done")


def test_more_than_may_wait_for_a_thread_are_told_when_to_come_back(tmp_path: Path) -> None:
    with served(NOWHERE, tmp_path / "log", {"threads": 2}) as small:
        go = tmp_path / "go"
        held = [small.connect() for _ in range(2 + 256)]
        for peer in held:
            peer.sendall(f"GET /hold?until={go} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        status, headers, body = until(lambda: (told := small.get("/page"))[0] == 503 and told)
        assert (status, headers["retry-after"], *errors(body)) == (503, "2", "server_error", ["busy"])
        go.touch()
        assert [split(read_all(peer))[0] for peer in held] == [200] * 258
        for peer in held:
            peer.close()


def test_the_server_ends_though_uploads_stall_and_readers_sleep(tmp_path: Path) -> None:
    with served(NOWHERE, tmp_path / "log", {"held_answer": 1024 * 1024}) as ending:
        stalled, lazy = ending.connect(), ending.connect(receive_buffer=4096)
        stalled.sendall(post("/stalled", 100) + b"x")
        lazy.sendall(f"GET /big?bytes={256 * 65536} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        until(lambda: ending.calls() == ["/big"])
        assert ending.terminate() == -15
        status, headers, body = split(read_all(stalled))
        assert (status, headers["retry-after"], *errors(body)) == (503, "2", "server_error", ["busy"])
        stalled.close()
        lazy.close()
