"""The language of a reader is a cookie; the way back leads only to this site."""

import pytest
from django.test import Client


@pytest.mark.parametrize(
    ("asked", "back"),
    [
        ("/live/?a=b", "/live/?a=b"),
        ("https://elsewhere.example/", "/"),
        ("//elsewhere.example/", "/"),
        ("javascript:1", "/"),
    ],
)
def test_the_way_back_stays_on_this_site(asked: str, back: str):
    answer = Client().get("/language/en/", {"next": asked})
    assert (answer.status_code, answer["Location"], answer.cookies["django_language"].value) == (302, back, "en")


def test_a_language_we_do_not_speak_is_not_found():
    assert Client().get("/language/fr/").status_code == 404


def test_a_chosen_language_beats_the_browsers():
    client = Client(headers={"accept-language": "zh-CN"})
    client.get("/language/en/")
    assert 'lang="en"' in client.get("/ui/").content.decode()
