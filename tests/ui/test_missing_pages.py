"""A wrong address and a broken page answer in the look; the broken page needs nothing that may be broken."""

import pytest
from django.template.loader import render_to_string
from django.test import Client


@pytest.mark.parametrize(
    ("language", "title"), [("zh-hans", "这个地址没有页面"), ("en", "There is nothing at this address")]
)
def test_a_wrong_address_is_answered_in_the_language_of_the_reader(language: str, title: str):
    answer = Client(headers={"accept-language": language}).get("/no-such-page/")
    assert answer.status_code == 404
    assert f"<h2>{title}</h2>" in answer.content.decode()


def test_a_form_that_is_not_trusted_is_answered_in_the_look():
    answer = Client(enforce_csrf_checks=True, headers={"accept-language": "en"}).post("/my/", {"contact": "a@b.cn"})
    assert (answer.status_code, "<h2>The form was not accepted</h2>" in answer.content.decode()) == (403, True)


@pytest.mark.parametrize("page", ["400.html", "500.html"])
def test_the_page_of_a_broken_request_stands_alone(page: str):
    html = render_to_string(page)
    assert ('lang="en"' in html, "{%" in html) == (True, False)


def test_the_page_of_a_failure_needs_no_request_and_speaks_both_languages():
    html = render_to_string("500.html")
    assert "<h1>这一页没能打开</h1>" in html and "<h2>This page did not open</h2>" in html


def test_who_signs_in_lands_where_everybody_starts():
    answer = Client().get("/login/")
    assert answer.status_code == 200
    from race.views.account import SignIn

    assert SignIn.next_page == "/"
