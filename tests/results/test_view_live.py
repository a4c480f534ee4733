"""The live page as the server sends it: few queries at any size, and a page even while Redis is away."""

import re
from typing import Any

import pytest
import redis as redis_client
from django.test import Client
from django.utils import translation

from race.models.race import short_name
from results import live
from results.views import live as view
from tests import cast

pytestmark = pytest.mark.django_db


def asked(django_assert_max_num_queries: Any, most: int) -> str:
    with django_assert_max_num_queries(most):
        answer = Client().get("/live/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_more_riders_cost_no_more_queries(redis: Any, django_assert_max_num_queries: Any):
    made = cast.make(riders=1)
    live.publish(live.board(made.race))
    asked(django_assert_max_num_queries, 6)
    for bib in range(10, 13):
        cast.enter(made, bib)
    asked(django_assert_max_num_queries, 6)


def test_the_page_carries_the_head_of_the_board_and_no_rows(redis: Any):
    made = cast.make()
    live.publish(live.board(made.race))
    found = view.headers(["open", "none"])
    whole = {"rows": [], "riders": {}}
    assert list(found) == ["open"]
    assert {key: found["open"][key] for key in whole} == whole
    assert (found["open"]["counts"]["entered"], found["open"]["phase"]) == (4, "upcoming")


def test_without_redis_there_is_still_a_page(monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any):
    cast.make()
    gone = redis_client.Redis(host="127.0.0.1", port=1, socket_connect_timeout=0.1)
    monkeypatch.setattr(live, "store", lambda: gone)
    html = asked(django_assert_max_num_queries, 6)
    assert re.findall(r'class="tab[^"]*" href="#([^"]+)"', html) == ["open"]


def test_no_edition_is_not_found():
    assert Client().get("/live/").status_code == 404


def test_tabs_of_a_phone_carry_what_tells_the_races_apart():
    english = [
        "Men Elite Road",
        "Women Open Road",
        "Men Mass Road",
        "Men Open MTB",
        "Men Mass MTB",
        "Men's road elite",
        "Men's MTB open",
        "Men",
    ]
    with translation.override("en"):
        assert [short_name(name) for name in english] == [
            "Elite",
            "Women",
            "Mass",
            "Open MTB",
            "Mass MTB",
            "Elite",
            "MTB open",
            "Men",
        ]
    with translation.override("zh-hans"):
        assert [short_name(name) for name in ("男子公路精英组", "女子公开组", "男子山地大众组", "男子组")] == [
            "公路精英",
            "女子公开",
            "山地大众",
            "男子组",
        ]
