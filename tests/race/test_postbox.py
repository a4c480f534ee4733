"""Mail goes out once its provider has taken it, is tried again where it was not, and is forgotten after a month."""

from __future__ import annotations

import smtplib
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Lock
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from launch import patience
from race import doorbell, messages, payments, postbox, registration, tasks
from race.models import Edition, Entry, Message, Rider
from race.providers.contract import Notice
from race.providers.sandbox import callback
from tests import cast
from tests.entering import enter, open_entries

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("alone")]


def written(edition: Edition, *addresses: str) -> list[Message]:
    """A code for each address."""
    return [messages.to_address(edition, "code", one, "en", code="123456", minutes=10)[0] for one in addresses]


def states() -> list[tuple[str, int, str]]:
    return list(Message.objects.order_by("pk").values_list("state", "tries", "problem"))


def edition() -> Edition:
    return cast.make(riders=0).edition


def test_mail_and_text_messages_are_sent_once(capsys: Any) -> None:
    one = edition()
    written(one, "ann@example.org", "13800000001")
    assert (postbox.due(), postbox.send(one.pk), postbox.send(one.pk), postbox.due()) == ([one.pk], 2, 0, [])
    assert [(letter.to, letter.from_email) for letter in mail.outbox] == [(["ann@example.org"], "entries@localhost")]
    assert "123456" in mail.outbox[0].subject
    assert capsys.readouterr().out.startswith("SMS to 13800000001: ")
    assert states() == [("sent", 1, ""), ("sent", 1, "")]


class Closed(BaseEmailBackend):
    """A post office that takes nothing."""

    def send_messages(self, email_messages: Any) -> int:
        raise smtplib.SMTPServerDisconnected("gone")


def test_what_was_not_taken_is_tried_again_and_given_up_after_five_times(settings: Any) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.Closed"
    one, at = edition(), timezone.now()
    written(one, "ann@example.org")
    assert (postbox.send(one.pk), postbox.send(one.pk)) == (0, 0)
    assert states() == [("queued", 1, "SMTPServerDisconnected")]
    for day in range(1, 6):
        assert postbox.send(one.pk, now=at + timedelta(days=day)) == 0
    assert states() == [("failed", 5, "SMTPServerDisconnected")]
    assert postbox.due(now=at + timedelta(days=9)) == []


def test_one_that_is_not_taken_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    def only_phones_of_ours(self: Any, phone: str, text: str) -> None:
        if phone.endswith("1"):
            raise ConnectionError("no route")

    monkeypatch.setattr(postbox.ConsoleSms, "send", only_phones_of_ours)
    one = edition()
    written(one, "13800000001", "13800000002")
    assert postbox.send(one.pk) == 1
    assert states() == [("queued", 1, "ConnectionError"), ("sent", 1, "")]


def test_a_message_whose_address_was_erased_fails_at_once() -> None:
    one = edition()
    written(one, "ann@example.org")
    Message.objects.update(to_sealed="")
    assert (postbox.send(one.pk), states()) == (0, [("failed", 1, "ValueError")])


def test_what_a_killed_worker_had_claimed_is_due_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    one = edition()
    written(one, "ann@example.org")

    def killed(part: list[Message], until: float) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as killing, pytest.raises(KeyboardInterrupt):
        killing.setattr(postbox, "_sent", killed)
        postbox.send(one.pk)
    assert (postbox.due(), postbox.send(one.pk)) == ([], 0)
    assert postbox.send(one.pk, now=timezone.now() + postbox.LEASE + timedelta(seconds=1)) == 1
    assert states() == [("sent", 2, "")]


def test_a_worker_killed_in_the_middle_of_a_part_sends_nobody_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    one = edition()
    written(one, *(f"1380000000{number}" for number in range(4)))
    taken: list[str] = []

    def third_kills(self: Any, phone: str, text: str) -> None:
        taken.append(phone)
        if len(taken) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(postbox.ConsoleSms, "send", third_kills)
    with pytest.raises(KeyboardInterrupt):
        postbox.send(one.pk)
    assert states() == [("sent", 1, ""), ("sent", 1, ""), ("queued", 1, ""), ("queued", 1, "")]
    assert postbox.send(one.pk, now=timezone.now() + postbox.LEASE + timedelta(seconds=1)) == 2
    assert taken == ["13800000000", "13800000001", "13800000002", "13800000002", "13800000003"]
    assert {state for state, _tries, _problem in states()} == {"sent"}


def test_a_slow_post_office_gets_the_rest_of_a_part_later_and_no_try_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    one, at = edition(), [0.0]
    written(one, "13800000000", "13800000001", "13800000002")

    def slow(self: Any, phone: str, text: str) -> None:
        at[0] += postbox.AT_IT - 1

    monkeypatch.setattr(postbox.ConsoleSms, "send", slow)
    monkeypatch.setattr(postbox.time, "monotonic", lambda: at[0])
    assert (postbox.send(one.pk), states()) == (2, [("sent", 1, ""), ("sent", 1, ""), ("queued", 0, "")])
    assert (postbox.send(one.pk), postbox.due()) == (1, [])


def test_what_went_out_while_the_office_stopped_it_is_sent_and_not_sent_again(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    one = edition()
    written(one, "13800000000", "ann@example.org")

    def stopped(self: Any, phone: str, text: str) -> None:
        Message.objects.update(state="failed", problem="stopped", not_before=None)

    monkeypatch.setattr(postbox.ConsoleSms, "send", stopped)
    settings.EMAIL_BACKEND = f"{__name__}.Closed"
    assert (postbox.send(one.pk), states()) == (1, [("sent", 1, ""), ("failed", 1, "stopped")])


def test_a_name_stands_in_a_mail_as_it_is_written() -> None:
    rider = Rider(surname_latin="O'BRIEN", given_latin="Ann & <b>Bea</b>")
    context = {"edition": edition(), "rider": rider, "link": "http://x/?a=1&b=2", "paper": "", "reason": "it's late"}
    _subject, text = messages.written("paper", "en", "email", context)
    assert "of O'BRIEN Ann & <b>Bea</b> was not accepted. The reviewer writes: it's late" in text


def test_texts_are_forgotten_after_thirty_days() -> None:
    one = edition()
    written(one, "ann@example.org", "bob@example.org")
    postbox.send(one.pk)
    Message.objects.filter(pk=Message.objects.earliest("pk").pk).update(sent_at=timezone.now() - timedelta(days=31))
    assert (postbox.forget(), postbox.forget()) == (1, 0)
    assert [bool(message.content_sealed) for message in Message.objects.order_by("pk")] == [False, True]
    assert messages.content(Message.objects.earliest("pk")) == ("", "")


@pytest.mark.django_db(transaction=True)
def test_four_workers_send_each_message_once(monkeypatch: pytest.MonkeyPatch) -> None:
    one = edition()
    written(one, *(f"1380000{number:04d}" for number in range(60)))
    taken: list[str] = []
    lock = Lock()

    def take(self: Any, phone: str, text: str) -> None:
        with lock:
            taken.append(phone)

    monkeypatch.setattr(postbox.ConsoleSms, "send", take)

    def work(_number: int) -> int:
        try:
            return postbox.send(one.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(4))) == 60
    assert (len(taken), len(set(taken))) == (60, 60)


def test_tending_ends_holds_judges_early_calls_and_asks_for_refunds() -> None:
    field = open_entries()
    one, other = enter(field, "甲一"), enter(field, "乙二")
    assert one.registration is not None
    payment = payments.start(one.registration, "sandbox")
    payments.record("sandbox", *callback(Notice("paid", payment.number, 10_000, "SB-1")))
    registration.withdraw(one, by=None)
    Entry.objects.filter(pk=other.pk).update(held_until=timezone.now() - timedelta(seconds=1))
    assert tasks.tend() == {"expired": 1, "refunds": 1, "calls": 0}
    assert tasks.tend() == {"expired": 0, "refunds": 0, "calls": 0}


@pytest.mark.django_db(transaction=True)
def test_the_worker_of_the_demo_hears_both_bells(worker: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # here the bell is to be heard
    field = open_entries()
    enter(field, "甲一")
    Entry.objects.update(held_until=timezone.now() - timedelta(seconds=1))
    assert doorbell.ring("race.tasks.tend", [])
    patience.until(lambda: Message.objects.count() == 2, 60, "the hold to end")
    patience.until(lambda: set(Message.objects.values_list("state", flat=True)) == {"sent"}, 60, "both to be sent")
    assert Entry.objects.get().state == "expired"


def test_drain_does_the_same_without_a_broker(capsys: Any, redis: Any) -> None:
    field = open_entries()
    enter(field, "甲一")
    Entry.objects.update(held_until=timezone.now() - timedelta(seconds=1))
    call_command("drain")
    assert capsys.readouterr().out.splitlines()[0] == "1 expired, 0 refunds, 0 calls, 2 messages sent"
    assert len(mail.outbox) == 2


def test_a_flood_of_one_address_waits_and_nobody_else_does(monkeypatch: pytest.MonkeyPatch, redis: Any) -> None:
    """Forms that name somebody's address cannot fill that person's mailbox; the office's letters and codes are no forms."""
    monkeypatch.setattr(postbox, "AN_HOUR", 2)
    one = edition()
    victim = [messages.to_address(one, "registered", "ann@example.org", "en")[0] for _number in range(4)]
    other = messages.to_address(one, "registered", "bob@example.org", "en")[0]
    written(one, "ANN@example.org")
    assert postbox.send(one.pk) == 4
    assert [letter.to[0] for letter in mail.outbox] == ["ann@example.org"] * 2 + ["bob@example.org", "ANN@example.org"]
    later = Message.objects.filter(state="queued").order_by("pk")
    assert [message.pk for message in later] == [message.pk for message in victim[2:]] and other not in later
    assert [message.tries for message in later] == [0, 0]
    assert all(message.not_before > timezone.now() + timedelta(minutes=59) for message in later)
    redis.flushdb()
    assert postbox.send(one.pk, now=timezone.now() + timedelta(hours=1, minutes=1)) == 2
