"""Channels: ports that machines call and machines that are dialled, made and changed by the crew."""

import json
from dataclasses import replace

import pytest

from race.models import LogLine, Role
from tests import cast
from timing import decoders
from timing.models import Channel

pytestmark = pytest.mark.django_db
THERE = "/api/v1/timing/channels/"


@pytest.fixture
def ask(client, monkeypatch):
    """One request of the timing crew; (status, answer). A make `box` listens on port 10000."""
    mats = decoders.MAKES["mylaps"]
    monkeypatch.setitem(decoders.MAKES, "box", replace(mats, make="box", formats=("box",), port=10000))
    headers = cast.bearer(cast.make(riders=0).edition, Role.Name.TIMING_CREW)

    def one(method, path="", **body):
        answer = client.generic(
            method, THERE + path, json.dumps(body), content_type="application/json", headers=headers
        )
        return answer.status_code, answer.json()

    return one


def test_a_port_of_ours_and_a_machine_that_is_dialled(ask):
    status, mats = ask("POST", make="mylaps", label="mats", port=3097, allowed=["192.0.2.9/24", "2001:db8::1"])
    assert (status, mats) == (
        201,
        {
            "id": mats["id"], "make": "mylaps", "label": "mats", "host": "", "port": 3097,
            "allowed": ["192.0.2.0/24", "2001:db8::1/128"], "open": True, "heard_at": None,
        },
    )  # fmt: skip
    status, box = ask("POST", make="box", host="box.example.org")
    assert (status, box["label"], box["host"], box["port"], box["allowed"]) == (
        201,
        "box",
        "box.example.org",
        10000,
        [],
    )
    status, listed = ask("GET")
    assert [row["label"] for row in listed["results"]] == ["mats", "box"]
    assert list(LogLine.objects.values_list("what", "details__label")) == [
        ("channel_added", "mats"),
        ("channel_added", "box"),
    ]


def test_what_is_left_out_stays(ask):
    _status, mats = ask("POST", make="mylaps", label="mats", port=3097, allowed=["192.0.2.7"])
    status, changed = ask("PATCH", f"{mats['id']}/", open=False)
    assert (status, changed) == (200, mats | {"open": False})
    assert ask("PATCH", f"{mats['id']}/", allowed=[], port=3098)[1] == mats | {
        "open": False,
        "allowed": [],
        "port": 3098,
    }


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"make": "nobody"}, "unknown_make"),
        ({"make": "csv"}, "unknown_make"),
        ({"host": "192.0.2.1"}, "bad_host"),
        ({"make": "box", "port": 10000}, "bad_host"),
        ({"make": "box", "host": "a b"}, "bad_host"),
        ({"make": "box", "host": "http://box/"}, "bad_host"),
        ({"port": 0}, "bad_port"),
        ({"port": 65536}, "bad_port"),
        ({"port": None}, "bad_port"),
        ({"allowed": ["the venue"]}, "bad_network"),
        ({"allowed": ["192.0.2.0/33"]}, "bad_network"),
        ({"allowed": ["192.0.2.1"] * 33}, "bad_network"),
    ],
)
def test_terms_that_cannot_be(ask, wrong, code):
    status, answer = ask("POST", **{"make": "mylaps", "label": "mats", "port": 3097} | wrong)
    assert (status, [error["code"] for error in answer["errors"]]) == (409, [code])
    assert not Channel.objects.filter(kind="tcp").exists()


def test_a_port_has_one_channel_and_an_address_too(ask):
    assert ask("POST", make="mylaps", port=3097)[0] == 201
    status, answer = ask("POST", make="mylaps", port=3097)
    assert (status, answer["errors"][0]["code"], Channel.objects.filter(port=3097).count()) == (409, "port_taken", 1)
    two = [ask("POST", make="box", host=f"192.0.2.{number}") for number in (1, 2)]
    assert [(status, box["port"]) for status, box in two] == [(201, 10000), (201, 10000)]
