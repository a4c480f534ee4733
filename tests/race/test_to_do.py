"""What is left to do, counted."""

from datetime import timedelta

import pytest
from django.utils import timezone

from race import ledger, papers, to_do
from race.models import Category, Document, Edition, Entry, LedgerLine, Message, Payment, Refund, User
from tests import entering
from tests.entering import Field

pytestmark = pytest.mark.django_db


@pytest.fixture
def field() -> Field:
    return entering.open_entries(capacity=3)


def queue(field: Field) -> dict[str, int]:
    field.edition.refresh_from_db()
    return {work.kind: work.count for work in to_do.queue(field.edition) if work.count}


def confirmed(field: Field, name: str) -> Entry:
    entry = entering.enter(field, name)
    ledger.mark_paid(entry, method="cash", amount_fen=10_000, by=None)
    entry.refresh_from_db()
    return entry


def test_an_empty_edition_has_nothing_to_do(field: Field):
    assert queue(field) == {}
    assert [work.kind for work in to_do.queue(field.edition)] == list(to_do.KINDS)


def test_a_confirmed_entry_wants_a_bib_and_a_chip(field: Field):
    confirmed(field, "张伟")
    assert queue(field) == {"bibs": 1, "chips": 1}


def test_unpaid_and_promised_money(field: Field):
    unpaid, promised = confirmed(field, "张伟"), entering.enter(field, "李雷")
    Entry.objects.filter(pk=unpaid.pk).update(paid_fen=0, bib=1)
    assert promised.registration is not None
    Payment.objects.create(registration=promised.registration, number="T1", provider="transfer", amount_fen=10_000)
    assert queue(field) == {"unpaid": 1, "expected": 1, "chips": 1}


def test_papers_of_riders_who_left_are_not_reviewed(field: Field):
    Edition.objects.filter(pk=field.edition.pk).update(entry_rules={"documents": [{"kind": "health_certificate"}]})
    field.edition.refresh_from_db()
    entry = entering.enter(field, "张伟")
    papers.send(entry.rider, field.edition, "health_certificate", "a.pdf", b"%PDF-1.7", None)
    assert queue(field) == {"review": 1}
    Entry.objects.update(state="withdrawn")
    assert queue(field) == {}
    assert Document.objects.get().state == "sent"


def test_failed_refunds_and_messages_and_loose_money(field: Field):
    entry = entering.enter(field, "张伟")
    assert entry.registration is not None
    payment = Payment.objects.create(registration=entry.registration, number="P1", provider="sandbox", amount_fen=1)
    Refund.objects.create(payment=payment, number="R1", amount_fen=1, reason="x", state="failed")
    Refund.objects.create(payment=payment, number="R2", amount_fen=1, reason="x", state="requested")
    LedgerLine.objects.create(edition=field.edition, kind="fee", method="sandbox", amount_fen=1, payment=payment)
    Message.objects.update(state="failed", problem="SMTPException")
    Message.objects.create(edition=field.edition, kind="x", channel="sms", state="failed", problem="stopped")
    failed = Message.objects.filter(state="failed").count() - 1
    assert queue(field) == {"refunds": 1, "messages": failed, "money": 1}
    Refund.objects.filter(number="R1").update(state="done")
    assert queue(field) == {"messages": failed}


def test_a_line_beside_free_places_and_small_categories(field: Field):
    entering.enter(field, "张伟")
    Category.objects.update(waiting=2)
    assert queue(field) == {"places": 1}
    Category.objects.update(waiting=0)
    Edition.objects.update(entry_closes_at=timezone.now() - timedelta(days=1))
    assert queue(field) == {"small": 1}


def test_the_queue_takes_the_same_queries_for_one_and_for_three(field: Field, django_assert_num_queries):
    confirmed(field, "张伟")
    with django_assert_num_queries(7):
        to_do.queue(field.edition)
    confirmed(field, "李雷")
    confirmed(field, "王芳")
    with django_assert_num_queries(7):
        to_do.queue(field.edition)


def test_the_pictures_count_days_and_regions(field: Field):
    assert (to_do.per_day(field.edition), User.objects.count()) == ([], 0)
    today = timezone.now()
    for name, region, days in (("张伟", "41", 2), ("李雷", "65", 0), ("王芳", "41", 0)):
        entry = entering.enter(field, name, region=region)
        Entry.objects.filter(pk=entry.pk).update(created_at=today - timedelta(days=days))
    assert [bar.count for bar in to_do.per_day(field.edition)] == [1, 0, 2]
    regions = to_do.by_region(field.edition, "zh-hans")
    assert [(bar.label, bar.count) for bar in regions][:3] == [("河南", 2), ("新疆", 1), ("北京", 0)]
    assert len(regions) == 31
