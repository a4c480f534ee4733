"""The text of the stream, the board as an answer, and a spectator's queue."""

import asyncio
import json

import pytest

from results.streaming import boards, sse
from results.streaming.asgi import Refusal, client_address, language
from results.streaming.clients import MAX_BLOCKS, MAX_BYTES, STALL_S, Client
from results.streaming.doorbell import Ring, ring
from results.streaming.feed import Board, Delta

BOARD = Board(1284, b'{"v":1}', b"gzipped")


def test_an_event_is_one_block_and_the_id_stands_before_the_last():
    blocks = [sse.block("board", b'{"a":1}'), sse.block("delta", b"one\ntwo")]
    assert sse.with_id(blocks, sse.id_line({"elite": 7, "masters": 9})) == [
        b'event: board\ndata: {"a":1}\n\n',
        b"id: elite:7,masters:9\nevent: delta\ndata: one\ndata: two\n\n",
    ]
    assert sse.with_id([], b"id: elite:7\n") == []


def test_an_id_names_the_races_that_moved_last():
    assert sse.id_line({f"race-{number}": number for number in range(70)}).count(b":") == 1 + 64


def test_what_is_asked_for_is_read_tolerantly():
    assert sse.asked("elite, masters,elite,,a b,../x") == ("elite", "masters")
    assert len(sse.asked(",".join(f"race-{number}" for number in range(100)))) == 16


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("elite:7,masters:9", {"elite": 7, "masters": 9}),
        ("", {}),
        ("elite", {}),
        ("elite:-1,masters:x,women:²,juniors:3", {"juniors": 3}),
        ("elite:" + "9" * 40, {}),
    ],
)
def test_what_a_client_has_is_read_tolerantly(text, held):
    assert sse.held(text) == held


def names(headers):
    return {name.decode(): value.decode() for name, value in headers}


def test_a_board_is_given_plain_gzipped_or_not_at_all():
    status, headers, body = boards.answer(BOARD, "", "")
    assert (status, body) == (200, b'{"v":1}')
    assert names(headers) == {
        "etag": '"1284"',
        "cache-control": "no-cache",
        "vary": "Accept-Encoding",
        "x-content-type-options": "nosniff",
        "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
        "referrer-policy": "same-origin",
        "access-control-allow-origin": "*",
        "access-control-expose-headers": "ETag, Retry-After",
        "cross-origin-resource-policy": "cross-origin",
        "content-type": "application/json",
        "content-length": "7",
    }
    status, headers, body = boards.answer(BOARD, '"1283"', "br, gzip")
    assert (status, names(headers)["content-encoding"], body) == (200, "gzip", b"gzipped")
    status, headers, body = boards.answer(BOARD, 'W/"1", W/"1284"', "gzip")
    assert (status, names(headers)["etag"], body) == (304, '"1284"', b"")


@pytest.mark.parametrize(
    ("accepted", "gzip"),
    [("", False), ("gzip", True), ("br, GZIP;q=0.5", True), ("gzip;q=0", False), ("*", True), ("*, gzip;q=0.0", False)],
)
def test_gzip_is_given_to_those_who_accept_it(accepted, gzip):
    assert boards.accepts_gzip(accepted) is gzip


def test_a_message_is_a_line_and_a_payload():
    head = {"race": "elite", "from": 4, "to": 6, "kind": "delta"}
    payload = b'{"race":"elite"}'
    told = Delta(4, 6, b'event: delta\ndata: {"race":"elite"}\n\n')
    assert ring(json.dumps(head).encode() + b"\n" + payload) == Ring("elite", 6, told)
    assert ring(json.dumps({**head, "kind": "board"}).encode() + b"\n") == Ring("elite", 6, None)


@pytest.mark.parametrize(
    "text", [b"", b"no json\n", b"[]\n", b'{"race":"elite"}\n', b'{"race":"e","to":null,"kind":"delta"}']
)
def test_what_is_no_message_is_said_to_be_none(text):
    with pytest.raises(ValueError):
        ring(text)


def test_a_queue_takes_any_first_block_and_then_only_what_fits():
    client = Client(("elite",), "")
    huge = b"x" * (2 * MAX_BYTES)
    assert (client.put(huge, 0.0), client.put(b"y", 0.0)) == (True, False)
    assert asyncio.run(client.take()) is huge
    assert [client.put(b"z", 1.0) for _ in range(MAX_BLOCKS + 1)] == [True] * MAX_BLOCKS + [False]
    assert asyncio.run(client.take()) == b"z" * MAX_BLOCKS


def test_a_reader_that_takes_nothing_for_long_is_too_slow():
    client = Client(("elite",), "")
    assert (client.put(b"a", 0.0), client.put(b"b", STALL_S), client.put(b"c", STALL_S + 1)) == (True, True, False)


def test_what_is_queued_is_still_given_when_it_is_over():
    client = Client(("elite",), "")
    client.put(b"last", 0.0)
    client.finish()
    assert [asyncio.run(client.take()), asyncio.run(client.take())] == [b"last", b""]


@pytest.mark.parametrize(
    ("header", "tongue"), [(b"", "zh"), (b"en-GB,zh;q=0.5", "en"), (b"fr, en;q=0.8", "en"), (b"zh-CN", "zh")]
)
def test_a_refusal_speaks_the_language_of_its_reader(header, tongue):
    assert language({"headers": [(b"accept-language", header)]}) == tongue
    told = json.loads(Refusal(503, "busy", "繁忙", "busy").body(tongue))
    assert told == {
        "type": "server_error",
        "errors": [{"code": "busy", "detail": {"zh": "繁忙", "en": "busy"}[tongue], "attr": None}],
    }


@pytest.mark.parametrize(
    ("client", "counted"), [(None, ""), (["127.0.0.1", 1], ""), (["::1", 1], ""), (["198.51.100.7", 1], "198.51.100.7")]
)
def test_nobody_is_counted_as_the_proxy_in_front(client, counted):
    assert client_address({"client": client}) == counted
