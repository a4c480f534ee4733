"""One text to many riders."""

import pytest

from race import campaigns, log, messages, selection
from race.campaigns import Text
from race.models import Campaign, Entry, LogLine, Message, PrivateLink, Registration, Rider, User
from race.refused import Refused
from race.selection import Selection
from tests import entering
from tests.entering import Field

pytestmark = pytest.mark.django_db

TEXT = Text("best", "号码", "Bib", "{name}：{bib}号 {link}", "{name}: {bib} {link}")
ALL = Selection(state="confirmed")


@pytest.fixture(autouse=True)
def _alone(alone: None) -> None:
    """Nothing is sent: only what was written counts here."""


@pytest.fixture
def field() -> Field:
    """张伟 with bib 7, 李雷 with bib 8, 王芳 not paid."""
    field = entering.open_entries()
    for bib, name in ((7, "张伟"), (8, "李雷"), (0, "王芳")):
        entry = entering.enter(field, name)
        if bib:
            Entry.objects.filter(pk=entry.pk).update(state="confirmed", bib=bib, paid_fen=10_000, held_until=None)
    Message.objects.all().delete()
    return field


@pytest.fixture
def by() -> User:
    return User.objects.create(username="zhou", email="zhou@example.org")


def refusal(*arguments: object, **named: object) -> str:
    with pytest.raises(Refused) as refused:
        campaigns.send(*arguments, **named)  # type: ignore[arg-type]
    return refused.value.code


def test_each_rider_gets_a_letter_of_their_own(field: Field, by: User):
    campaign = campaigns.send(field.edition, "k", ALL, TEXT, by=by)
    links = {link.registration_id: messages.links.url(link) for link in PrivateLink.objects.all()}
    told = [(str(message.rider), *messages.content(message)) for message in campaign.messages.order_by("pk")]
    expected = [
        (str(entry.rider), "号码", f"{entry.rider}：{entry.bib}号 {links[entry.registration_id]}")
        for entry in Entry.objects.filter(state="confirmed").order_by("day", "pk")
    ]
    assert (told, campaign.total) == (expected, 2)
    assert LogLine.objects.get(what="campaign").details == {
        "campaign": campaign.pk, "total": 2, "asked": {"state": "confirmed"},
    }  # fmt: skip


def test_a_double_click_writes_once(field: Field, by: User):
    first = campaigns.send(field.edition, "k", ALL, TEXT, by=by)
    second = campaigns.send(field.edition, "k", ALL, TEXT, by=by)
    assert (first.pk, Message.objects.count(), Campaign.objects.count()) == (second.pk, 2, 1)


def test_a_rider_with_two_entries_gets_it_once(field: Field, by: User):
    one, other = Entry.objects.filter(state="confirmed").order_by("pk")
    Entry.objects.filter(pk=other.pk).update(rider=one.rider, day=entering.date(2030, 1, 1))
    assert campaigns.send(field.edition, "k", ALL, TEXT, by=by).total == 1


def test_the_very_same_text_goes_to_an_address_once(field: Field, by: User):
    for rider in Rider.objects.all():
        columns = campaigns.dossier.columns({"email": "family@example.org"})
        Rider.objects.filter(pk=rider.pk).update(**columns)
    same = Text("email", "停车", "", "停车场在东门。", "")
    assert campaigns.send(field.edition, "same", ALL, same, by=by).total == 1
    assert campaigns.send(field.edition, "own", ALL, TEXT, by=by).total == 2


def test_the_manager_of_a_team_is_not_written_to(field: Field, by: User):
    Registration.objects.update(kind="team", contact_sealed="")
    campaign = campaigns.send(field.edition, "k", ALL, TEXT, by=by)
    riders = {entry.rider_id for entry in Entry.objects.filter(state="confirmed")}
    assert {message.rider_id for message in campaign.messages.all()} == riders
    assert PrivateLink.objects.filter(rider__in=riders, revoked_at=None).count() == 2


def test_a_filter_reaches_whom_it_means(field: Field):
    asked = [
        Selection(state="alive"), ALL, Selection(paid="paid"), Selection(bib="without"), Selection(waiver="old"),
        Selection(chip="without", state="confirmed"), Selection(state="held"),
    ]  # fmt: skip
    found = [sorted(entry.rider.name_zh for entry in campaigns.chosen(field.edition, one)) for one in asked]
    both = sorted(["张伟", "李雷"])
    assert found == [sorted([*both, "王芳"]), both, both, ["王芳"], [], both, ["王芳"]]


def test_a_changed_waiver_finds_who_has_not_signed_it(field: Field):
    field.edition.waiver_zh = "新的免责声明。"
    field.edition.save(update_fields=["waiver_zh"])
    entering.regulations.current(field.edition)
    assert selection.entries(field.edition, Selection(waiver="old")).count() == 3


def test_what_is_unfit_is_refused_and_nothing_is_written(field: Field, by: User):
    texts = {
        "unknown_channel": Text("pigeon", "a", "", "b"), "empty_text": Text("email", "a", "", " "),
        "no_subject": Text("email", "", "", "b"), "too_long": Text("sms", "", "", "字" * 301),
        "unknown_placeholder": Text("email", "a", "", "{nme}"),
    }  # fmt: skip
    assert [refusal(field.edition, code, ALL, text, by=by) for code, text in texts.items()] == list(texts)
    assert refusal(field.edition, "k", Selection(state="withdrawn"), TEXT, by=by) == "nobody"
    assert (Message.objects.count(), Campaign.objects.count(), LogLine.objects.filter(what="campaign").count()) == (
        0,
        0,
        0,
    )


def test_the_other_language_stands_in(field: Field, by: User):
    campaign = campaigns.send(field.edition, "k", ALL, Text("email", "", "Bib", "", "Bib {bib}"), by=by)
    assert sorted(messages.content(one) for one in campaign.messages.all()) == [("Bib", "Bib 7"), ("Bib", "Bib 8")]


def test_a_preview_writes_nothing_and_shows_no_secret(field: Field):
    before = PrivateLink.objects.count()
    shown = campaigns.post(field.edition, ALL, TEXT, most=3)
    assert [letter.text.split()[-1].endswith("/my/…/") for letter in shown.letters] == [True, True]
    assert (Message.objects.count(), PrivateLink.objects.count()) == (0, before)


def test_the_queries_do_not_grow_with_the_riders(field: Field, by: User, django_assert_max_num_queries):
    with django_assert_max_num_queries(16):
        campaigns.send(field.edition, "two", ALL, TEXT, by=by)
    for number in range(8):
        entry = entering.enter(field, f"车手{number}" if number % 2 else f"刘{number}")
        Entry.objects.filter(pk=entry.pk).update(state="confirmed")
    with django_assert_max_num_queries(16):
        assert campaigns.send(field.edition, "ten", ALL, TEXT, by=by).total == 10


def test_stop_retry_and_progress(field: Field, by: User):
    campaign = campaigns.send(field.edition, "k", ALL, TEXT, by=by)
    first, second = campaign.messages.order_by("pk")
    Message.objects.filter(pk=first.pk).update(state="sent")
    assert (campaigns.stop(campaign, by=by), campaigns.stop(campaign, by=by)) == (1, 0)
    assert campaigns.progress(campaign) == campaigns.Progress(total=2, sent=1, queued=0, failed=0, stopped=1)
    assert campaigns.retry(field.edition, [first.pk, second.pk], by=by) == 1
    assert campaigns.progress(campaign) == campaigns.Progress(total=2, sent=1, queued=1, failed=0, stopped=0)
    Message.objects.filter(pk=second.pk).update(state="failed", problem="x", content_sealed="")
    assert campaigns.retry(field.edition, [second.pk], by=by) == 0
    assert campaigns.progress(campaign).percent == 100


def test_a_test_goes_to_the_writer_and_to_no_rider(field: Field, by: User):
    message = campaigns.test(field.edition, ALL, TEXT, by=by)
    assert (message.rider, message.registration, message.campaign, message.kind) == (None, None, None, "test")
    assert campaigns.vault.unseal(message.to_sealed) == "zhou@example.org"
    by.email = ""
    with pytest.raises(Refused) as refused:
        campaigns.test(field.edition, ALL, TEXT, by=by)
    assert (refused.value.code, Message.objects.count(), log is not None) == ("no_address", 1, True)
