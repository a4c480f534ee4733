"""The live stream from Redis to spectators: a real Valkey, a real uvicorn, and clients that check what they are sent."""

import asyncio
import gzip
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.config.running import PATIENCE, Server, Valkey, reset, served, split, until, valkey
from tests.results.spectators import Publisher, Spectator, board

HEARTBEAT = b"3\r\n:\n\n\r\n"
PACE = {"pulse": 0.2, "reconcile": 0.3, "heartbeat": 0.5, "backoff": 0.3, "retry_ms": [1000, 4000]}


@pytest.fixture(scope="module")
def doorbell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    with valkey(Path(os.path.realpath(tmp_path_factory.mktemp("v")))) as running:
        yield running


@pytest.fixture
def publisher(doorbell: Valkey) -> Publisher:
    publisher = Publisher(doorbell.url)
    publisher.redis.flushall()
    publisher.begin("elite", 4, leader=17)
    publisher.begin("masters", 7, leader=201)
    return publisher


@pytest.fixture
def server(doorbell: Valkey, publisher: Publisher, tmp_path: Path) -> Iterator[Server]:
    with served(doorbell.url, tmp_path / "log", pace=PACE) as running:
        until(lambda: running.get("/api/v1/races/masters/board/")[1].get("etag"))
        yield running


def test_a_newcomer_is_given_the_boards_and_then_what_changes(server: Server, publisher: Publisher) -> None:
    with Spectator(server, "elite,masters,unknown") as page:
        kind, milliseconds = page.event()
        assert (page.status, kind, 1000 <= milliseconds <= 4000) == (200, "retry", True)
        assert page.apply() == ("board", board("elite", 4, 17))
        assert page.last_id == ""  # nothing is claimed before all has come
        assert page.apply() == ("board", board("masters", 7, 201))
        assert page.last_id == "elite:4,masters:7"
        publisher.publish("elite", 6, leader=8)
        told = {"race": "elite", "from": 4, "to": 6, "kind": "delta", "set": {"leader": 8, "revision": 6}}
        assert page.apply() == ("delta", told)
        assert (page.last_id, page.boards["elite"]) == ("masters:7,elite:6", publisher.boards["elite"])


def test_only_the_races_that_were_asked_for_are_sent(server: Server, publisher: Publisher) -> None:
    with Spectator(server, "elite") as page:
        page.apply()
        publisher.publish("masters", 8, leader=202)
        publisher.publish("elite", 5, leader=3)
        assert page.until_revision("elite", 5) == publisher.boards["elite"]
        assert list(page.boards) == ["elite"]


def test_three_hundred_spectators_are_sent_the_same_bytes(server: Server, publisher: Publisher) -> None:
    async def watch() -> list[bytes]:
        readers = [await asyncio.open_connection("127.0.0.1", server.port, limit=2**20) for _ in range(300)]
        for _, writer in readers:
            writer.write(b"GET /live/stream?races=elite&last=elite:4 HTTP/1.1\r\nHost: x\r\n\r\n")
        for reader, _ in readers:
            await reader.readuntil(b"\r\n\r\n")
            await reader.readuntil(b"\n\n\r\n")
        for revision in range(5, 45):
            await asyncio.to_thread(publisher.publish, "elite", revision, leader=revision)
            await asyncio.sleep(0.02)
        seen = await asyncio.gather(*(reader.readuntil(b'"revision": 44}}\n\n') for reader, _ in readers))
        for _, writer in readers:
            writer.close()
        return [text.replace(HEARTBEAT, b"") for text in seen]  # who was connected first may have heard one more

    sent = asyncio.run(asyncio.wait_for(watch(), PATIENCE))
    assert len(sent) == 300
    assert len(set(sent)) == 1
    chain = [json.loads(line[6:]) for line in sent[0].split(b"\n") if line.startswith(b"data: ")]
    assert [(delta["from"], delta["to"]) for delta in chain] == [(number, number + 1) for number in range(4, 44)]


def test_changes_faster_than_the_frame_go_out_together(server: Server, publisher: Publisher) -> None:
    with Spectator(server, "elite") as page:
        page.apply()
        publisher.publish("elite", 5, leader=5)
        page.until_revision("elite", 5)
        for revision in range(6, 30):
            publisher.publish("elite", revision, leader=revision)
        assert page.until_revision("elite", 29) == publisher.boards["elite"]


def test_a_race_is_written_once_in_a_frame(doorbell: Valkey, publisher: Publisher, tmp_path: Path) -> None:
    with served(doorbell.url, tmp_path / "log", pace={**PACE, "frame": 3600.0, "reconcile": 3600.0}) as server:
        until(lambda: server.get("/api/v1/races/masters/board/")[1].get("etag"))
        with Spectator(server, "elite,masters") as page:
            page.apply(), page.apply()
            publisher.publish("elite", 5, leader=5)
            heard = [page.apply()[1]["to"]]
            for race, revision in (("elite", 6), ("masters", 8)):
                publisher.publish(race, revision, leader=revision)
            assert [*heard, page.apply()[1]["to"]] == [5, 8]


@pytest.mark.parametrize("how", ["header", "query"])
def test_who_comes_back_is_sent_what_was_missed(server: Server, publisher: Publisher, how: str) -> None:
    for revision in (5, 6, 7):
        publisher.publish("elite", revision, leader=revision)
    until(lambda: server.get("/api/v1/races/elite/board/")[1]["etag"] == '"7"')
    had = "elite:5,masters:7"
    with Spectator(server, "elite,masters", *(("", f"&last={had}") if how == "query" else (had, ""))) as page:
        told = [page.apply()[1] for _ in range(2)]
        assert [(delta["from"], delta["to"]) for delta in told] == [(5, 6), (6, 7)]
        assert page.last_id == "masters:7,elite:7"
        publisher.publish("masters", 8, leader=9)
        assert page.apply()[1]["to"] == 8


@pytest.mark.parametrize("had", ["elite:3", "elite:99", "nonsense", "masters:7"])
def test_who_cannot_be_caught_up_is_sent_the_board(server: Server, had: str) -> None:
    with Spectator(server, "elite", had) as page:
        assert page.apply() == ("board", board("elite", 4, 17))


def test_a_process_that_just_started_catches_up_from_redis(
    doorbell: Valkey, publisher: Publisher, tmp_path: Path
) -> None:
    for revision in (5, 6):
        publisher.publish("elite", revision, leader=revision)
    with served(doorbell.url, tmp_path / "log", pace=PACE) as server:
        until(lambda: server.get("/api/v1/races/elite/board/")[1].get("etag"))
        with Spectator(server, "elite", "elite:4") as page:
            assert [page.apply()[1]["to"] for _ in range(2)] == [5, 6]


def test_a_lost_message_is_made_good(server: Server, publisher: Publisher) -> None:
    with Spectator(server, "elite") as page:
        page.apply()
        publisher.publish("elite", 5, heard=False, leader=5)
        assert page.apply()[1]["to"] == 5
        publisher.publish("elite", 6, heard=False, leader=6)
        publisher.publish("elite", 7, leader=7)
        assert [page.apply()[1]["to"] for _ in range(2)] == [6, 7]


def test_a_lost_delta_is_made_good_by_the_board(server: Server, publisher: Publisher) -> None:
    with Spectator(server, "elite") as page:
        page.apply()
        publisher.publish("elite", 5, heard=False, leader=5)
        publisher.redis.delete("deltas:elite")
        publisher.publish("elite", 6, leader=6)
        assert page.apply() == ("board", board("elite", 6, 6))


def test_an_older_revision_is_ignored(server: Server, publisher: Publisher) -> None:
    publisher.publish("elite", 9, leader=9)
    until(lambda: server.get("/api/v1/races/elite/board/")[1]["etag"] == '"9"')
    with Spectator(server, "elite") as page:
        assert page.apply()[1]["revision"] == 9
        newest = publisher.boards["elite"]
        publisher.publish("elite", 8, leader=8)
        publisher.boards["elite"] = newest
        publisher.publish("elite", 10, leader=10)
        assert page.apply()[1]["to"] == 10


def test_a_board_that_redis_has_lost_is_told_and_another_race_of_that_name_is_shown(
    server: Server, publisher: Publisher
) -> None:
    with Spectator(server, "elite") as page:
        page.apply()
        publisher.publish("elite", 2, heard=False, leader=2)
        until(lambda: publisher.redis.hget("shown", "1") == b"4")
        assert server.get("/api/v1/races/elite/board/")[1]["etag"] == '"4"'
        publisher.key = 2
        publisher.publish("elite", 3, heard=False, leader=3)
        assert page.apply() == ("board", board("elite", 3, 3))
        assert page.last_id == "masters:7,elite:3"
        publisher.publish("elite", 5, leader=5)
        assert page.apply()[1]["to"] == 5


def test_a_race_that_appears_later_is_sent_to_those_who_asked(server: Server, publisher: Publisher) -> None:
    with Spectator(server, "elite,women") as page:
        page.apply()
        publisher.begin("women", 1, leader=301)
        assert page.apply() == ("board", board("women", 1, 301))


def test_a_message_that_is_none_stops_nothing(server: Server, publisher: Publisher) -> None:
    with Spectator(server, "elite") as page:
        page.apply()
        for text in (b"", b"\xff", b"{}\n", b'{"race":"elite","from":"a","to":"b","kind":"delta"}\n'):
            publisher.redis.publish("live", text)
        publisher.publish("elite", 5, leader=5)
        assert page.apply()[1]["to"] == 5


def test_emptied_and_killed_redis_keep_what_is_held(tmp_path: Path) -> None:
    with valkey(tmp_path) as doorbell:
        publisher = Publisher(doorbell.url)
        publisher.begin("elite", 4, leader=17)
        with served(doorbell.url, tmp_path / "log", pace=PACE) as server:
            until(lambda: server.get("/api/v1/races/elite/board/")[1].get("etag"))
            with Spectator(server, "elite") as page:
                page.apply()
                publisher.redis.flushall()
                assert server.get("/api/v1/races/elite/board/")[1]["etag"] == '"4"'
                doorbell.kill()
                assert server.get("/api/v1/races/elite/board/")[1]["etag"] == '"4"'
                doorbell.start()
                publisher.publish("elite", 6, heard=False, leader=6)
                assert page.until_revision("elite", 6) == publisher.boards["elite"]
                until(lambda: publisher.redis.pubsub_numsub("live")[0][1])
                publisher.publish("elite", 7, leader=7)
                assert page.until_revision("elite", 7) == publisher.boards["elite"]


def test_a_reader_that_does_not_keep_up_is_cut_and_the_others_are_not(server: Server, publisher: Publisher) -> None:
    lazy = server.connect(receive_buffer=4096)
    lazy.sendall(b"GET /live/stream?races=elite HTTP/1.1\r\nHost: x\r\n\r\n")
    with Spectator(server, "elite") as page:
        page.apply()
        for revision in range(5, 25):
            publisher.publish("elite", revision, kind="board", note=os.urandom(60_000).hex())
            assert page.until_revision("elite", revision)["revision"] == revision
        until(lambda: reset(lazy))
        lazy.close()
        publisher.publish("elite", 25, leader=25)
        assert page.until_revision("elite", 25) == publisher.boards["elite"]


def test_pulses_and_heartbeats_pass(server: Server, publisher: Publisher) -> None:
    with Spectator(server, "elite") as page:
        page.apply()
        publisher.pulse()
        seen = {page.event()[0] for _ in range(2)}
        publisher.pulse()
        while seen != {"pulse", "heartbeat"}:
            seen.add(page.event()[0])


def test_pulses_are_passed_on_only_so_often(doorbell: Valkey, publisher: Publisher, tmp_path: Path) -> None:
    with served(doorbell.url, tmp_path / "log", pace={**PACE, "pulse": 3600.0}) as server:
        until(lambda: server.get("/api/v1/races/elite/board/")[1].get("etag"))
        with Spectator(server, "elite") as page:
            page.event(), page.event()
            for number in range(5):
                publisher.pulse(json.dumps(number).encode())
            publisher.publish("elite", 5, leader=5)
            told = [page.event() for _ in range(2)]
            while ("heartbeat", None) in told:
                told.remove(("heartbeat", None))
                told.append(page.event())
            assert (told[0], told[1][1]["to"]) == (("pulse", 0), 5)


def test_the_board_comes_from_memory_with_its_revision(server: Server, publisher: Publisher) -> None:
    before = server.calls()
    status, headers, body = server.get("/api/v1/races/elite/board/")
    assert (status, headers["etag"], json.loads(body)) == (200, '"4"', publisher.boards["elite"])
    status, headers, body = server.get("/api/v1/races/elite/board/", {"Accept-Encoding": "gzip"})
    assert (headers["content-encoding"], json.loads(gzip.decompress(body))) == ("gzip", publisher.boards["elite"])
    status, headers, body = server.get("/api/v1/races/elite/board/", {"If-None-Match": '"4"'})
    assert (status, body) == (304, b"")
    status, headers, body = server.request("HEAD", "/api/v1/races/elite/board/")
    assert (status, headers["etag"], body) == (200, '"4"', b"")
    assert server.calls() == before


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/races/elite/board/?at=3"),
        ("GET", "/api/v1/races/elite/board/?at="),
        ("GET", "/api/v1/races/elite/board/?format=csv"),
        ("GET", "/api/v1/races/unknown/board/"),
        ("OPTIONS", "/api/v1/races/elite/board/"),
    ],
)
def test_what_is_not_held_goes_to_django(server: Server, method: str, path: str) -> None:
    assert json.loads(server.request(method, path)[2])["path"] == path.partition("?")[0]


@pytest.mark.parametrize("races", ["unknown", "", "%00,..%2F"])
def test_races_that_nobody_knows_are_not_found(server: Server, races: str) -> None:
    status, headers, body = server.get(f"/live/stream?races={races}", {"Accept-Language": "en"})
    assert (status, headers["cache-control"], json.loads(body)) == (
        404,
        "no-store",
        {
            "type": "client_error",
            "errors": [{"code": "not_found", "detail": "There is no live board of such a race.", "attr": None}],
        },
    )


def test_before_redis_was_asked_nobody_is_told_that_there_is_no_race(tmp_path: Path) -> None:
    with served(f"unix://{tmp_path}/none.sock?db=0", tmp_path / "log", pace=PACE) as server:
        status, headers, body = server.get("/live/stream?races=elite")
        assert (status, 2 <= int(headers["retry-after"]) <= 5) == (503, True)
        assert json.loads(body)["errors"][0]["code"] == "unavailable"


def test_other_methods_are_refused_and_head_gives_no_stream(server: Server) -> None:
    status, headers, body = server.request("POST", "/live/stream?races=elite", body=b"x")
    assert (status, json.loads(body)["errors"][0]["code"]) == (405, "method_not_allowed")
    status, headers, body = server.request("HEAD", "/live/stream?races=elite")
    assert (status, headers["content-type"], body) == (200, "text/event-stream; charset=utf-8", b"")
    assert (headers["cache-control"], headers["x-accel-buffering"]) == ("no-cache, no-transform", "no")


def test_places_are_limited_by_address_and_in_all(doorbell: Valkey, publisher: Publisher, tmp_path: Path) -> None:
    few = {**PACE, "clients": 5, "clients_per_address": 2}
    one, other = ("X-Forwarded-For: 198.51.100.7\r\n", "X-Forwarded-For: 198.51.100.8\r\n")
    with served(doorbell.url, tmp_path / "log", pace=few) as server:
        until(lambda: server.get("/api/v1/races/elite/board/")[1].get("etag"))
        pages = [Spectator(server, "elite", headers=one) for _ in range(3)]
        assert [page.status for page in pages] == [200, 200, 503]
        pages += [Spectator(server, "elite", headers=other) for _ in range(2)]
        pages += [Spectator(server, "elite") for _ in range(2)]
        assert [page.status for page in pages[3:]] == [200, 200, 200, 503]
        for page in pages:
            page.__exit__()

        def room() -> bool:
            with Spectator(server, "elite", headers=one) as page:
                return page.status == 200

        until(room)


def test_the_end_of_the_server_ends_every_stream_with_a_time_to_come_back(server: Server) -> None:
    lazy = server.connect(receive_buffer=4096)
    lazy.sendall(b"GET /live/stream?races=elite HTTP/1.1\r\nHost: x\r\n\r\n")
    with Spectator(server, "elite") as page:
        page.apply()
        assert server.terminate() == -15
        told = page.event()
        while told[0] == "heartbeat":
            told = page.event()
        assert (told[0], 1000 <= told[1] <= 4000, page.event()) == ("retry", True, ("end", None))
    lazy.close()


def test_a_stream_survives_a_peer_that_resets(server: Server, publisher: Publisher) -> None:
    for _ in range(20):
        peer = server.connect()
        peer.sendall(b"GET /live/stream?races=elite HTTP/1.1\r\nHost: x\r\n\r\n")
        peer.recv(10)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        peer.close()
    publisher.publish("elite", 5, leader=5)
    with Spectator(server, "elite") as page:
        assert page.until_revision("elite", 5) == publisher.boards["elite"]
    assert split(server.raw(b"GET /page HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))[0] == 200
