"""The pages of the office: what they show, what they mask, and what a click does."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, get_resolver
from django.utils import timezone

from race import bib_letters, bib_ranges, campaigns, dossier, ledger, papers, tokens, transponders
from race.models import Campaign, Document, Edition, Entry, LogLine, Message, Refund, Rider, Role, User
from race.staff_links import staff_path
from race.views.office import wording
from tests import entering
from tests.entering import Field

pytestmark = pytest.mark.django_db

BORN, PHONE, EMAIL = "1990-03-07", "13912345678", "canary@example.org"


@pytest.fixture(autouse=True)
def _alone(alone: None) -> None:
    """No worker takes part."""


@pytest.fixture
def field() -> Field:
    return entering.open_entries(capacity=20)


@pytest.fixture
def office(field: Field) -> Client:
    """A browser of the office, in English."""
    user = User.objects.create(username="zhou", email="zhou@example.org")
    Role.objects.create(user=user, edition=field.edition, name="office")
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


def paid(field: Field, name: str) -> Entry:
    entry = entering.enter(field, name)
    ledger.mark_paid(entry, method="cash", amount_fen=10_000, by=None)
    entry.refresh_from_db()
    return entry


def text(client: Client, path: str, **given: Any) -> str:
    """The words of a page, without markup."""
    answer = client.get(path, given)
    assert answer.status_code == 200, (path, answer.status_code)
    return words(answer)


def words(answer: Any) -> str:
    content = re.sub(r"<head>.*?</head>|<!--.*?-->", "", answer.content.decode(), flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", content).split())


def told(client: Client, path: str, **given: Any) -> list[str]:
    """What the page says after a form was sent: the banners."""
    answer = client.post(path, given | {"next": given.get("next", "/office/")}, follow=True)
    return [str(message) for message in answer.context["messages"]]


def pages() -> list[URLPattern]:
    """Every page of the office that this file's views make."""
    found = [one for one in get_resolver().url_patterns for one in getattr(one, "url_patterns", [one])]
    return [
        one for one in found if isinstance(one, URLPattern) and one.callback.__module__.startswith("race.views.office")
    ]


def test_every_page_of_the_office_asks_who_is_there(field: Field):
    """Decorated, every one: without a session nothing but the way to sign in."""
    arguments = {"pk": 1, "kind": "review", "what": "paid"}
    stranger = Client()
    answers = set()
    for pattern in pages():
        wanted = {name: arguments[name] for name in pattern.pattern.converters if name != "slug"}
        if "slug" in pattern.pattern.converters:
            wanted["slug"] = field.edition.slug
        path = staff_path(str(pattern.name), wanted.pop("slug", ""), **wanted)
        for answer in (stranger.get(path), stranger.post(path)):
            if answer.status_code != 405:
                answers.add((answer.status_code, answer["Location"].split("?")[0]))
    assert answers == {(302, "/login/")}
    assert len(pages()) > 30


@pytest.mark.parametrize(
    "path",
    ["", "entries/", "search/?q=zs", "duplicates/", "messages/", "messages/write/", "settings/", "to-do/review/",
     "to-do/refunds/", "to-do/money/", "to-do/places/", "to-do/small/"],
)  # fmt: skip
def test_every_page_stands_empty_and_takes_the_same_queries_when_full(
    office: Client, field: Field, path: str, django_assert_max_num_queries: Any
):
    assert office.get(f"/office/{path}").status_code == 200
    for name in ("张三", "张伟", "章伟"):
        paid(field, name)
    with django_assert_max_num_queries(25) as three:
        office.get(f"/office/{path}")
    for number in range(6):
        paid(field, f"章{'三雷芳硕明亮'[number]}")
    with django_assert_max_num_queries(len(three.captured_queries)):
        office.get(f"/office/{path}")


def test_the_queue_counts_and_leads_to_the_filter(office: Client, field: Field):
    paid(field, "张伟")
    page = office.get("/office/").content.decode()
    assert re.findall(r'href="([^"]+)"><b>(\d+)</b>', page) == [
        ("/office/entries/?state=confirmed&amp;bib=without", "1"),
        ("/office/entries/?state=confirmed&amp;chip=without", "1"),
    ]
    Entry.objects.update(state="withdrawn")
    assert "Nothing is left to do" in text(office, "/office/")


def test_the_list_filters_sorts_and_pages(office: Client, field: Field):
    for name in ("张伟", "李雷"):
        paid(field, name)
    entering.enter(field, "王芳")

    def listed(**query: str) -> list[str]:
        return re.findall(r"<b>([A-Z]+ [A-Za-z]+)</b>", office.get("/office/entries/", query).content.decode())

    assert listed() == ["LI Lei", "WANG Fang", "ZHANG Wei"]
    assert listed(sort="-name") == ["ZHANG Wei", "WANG Fang", "LI Lei"]
    assert listed(state="held") == ["WANG Fang"]
    assert listed(paid="paid", category=str(field.category.pk)) == ["LI Lei", "ZHANG Wei"]
    assert listed(page="9", state="nonsense", team="x", region="'") == ["LI Lei", "WANG Fang", "ZHANG Wei"]
    assert listed(state="withdrawn") == []
    assert "No entry fits these filters" in text(office, "/office/entries/", state="withdrawn")


def test_money_a_bib_and_a_chip_in_place(office: Client, field: Field):
    entry = entering.enter(field, "张伟")
    act = f"/office/entries/{entry.pk}/"
    assert told(office, f"{act}paid/", yuan="100", method="cash") == ["张伟: 100.00 yuan taken."]
    assert told(office, f"{act}paid/", yuan="100", method="cash") == ["Only 0.00 yuan are owed."]
    assert told(office, f"{act}bib/", bib="12") == ["张伟 has number 12."]
    assert told(office, f"{act}chip/", chip="bx-1") == ["张伟 has chip BX-1."]
    entry.refresh_from_db()
    assert (entry.state, entry.paid_fen, entry.bib) == ("confirmed", 10_000, 12)


@pytest.mark.parametrize(
    ("what", "given", "sentence"),
    [
        ("paid", {"yuan": "a lot"}, "Write the sum in yuan, such as 120 or 99.50."),
        ("bib", {"bib": "7a"}, "A bib is a whole number."),
        ("withdraw", {}, "Say why: the reason stays with the change."),
        ("rider", {"birth_date": "yesterday", "reason": "x"}, "A date is written like 1990-03-07."),
        ("reinstate", {"reason": "x"}, "This entry is not withdrawn."),
        ("refund", {"reason": ""}, "Say why: the reason stays with the change."),
    ],
)
def test_what_is_refused_is_a_sentence_and_changes_nothing(
    office: Client, field: Field, what: str, given: dict[str, str], sentence: str
):
    entry = paid(field, "张伟")
    assert told(office, f"/office/entries/{entry.pk}/{what}/", **given) == [sentence]
    again = Entry.objects.get(pk=entry.pk)
    assert (again.state, again.paid_fen, again.bib) == ("confirmed", 10_000, None)


def test_withdraw_reinstate_rider_team_and_link(office: Client, field: Field):
    entry = paid(field, "张伟")
    act = f"/office/entries/{entry.pk}/"
    assert told(office, f"{act}rider/", name_zh="张玮", reason="typo") == ["Changed: Chinese name."]
    assert told(office, f"{act}team/", team="飞驰", reason="new") == ["Team: 飞驰."]
    assert told(office, f"{act}link/") == ["The link goes out in 1 message."]
    assert told(office, f"{act}withdraw/", reason="ill") == [
        "The entry is withdrawn; the place is free or with the first one waiting."
    ]
    assert told(office, f"{act}reinstate/", reason="well") == ["The place is given back."]
    shown = text(office, act)
    for word in ("张玮", "飞驰", "Rider corrected", "Team changed", "Place given back", "zhou"):
        assert word in shown
    assert office.post(f"{act}nonsense/").status_code == 404


def test_private_data_is_masked_until_somebody_asks_and_is_then_in_the_log(office: Client, field: Field):
    entry = paid(field, "张伟")
    Rider.objects.filter(pk=entry.rider_id).update(**dossier.columns({"phone": PHONE, "email": EMAIL}))
    number = entering.resident_number("张伟")
    secrets = (number, BORN, PHONE, EMAIL)
    for path in (
        f"entries/{entry.pk}/",
        "entries/",
        f"search/?q={PHONE}",
        "duplicates/",
        "messages/",
        "messages/write/",
    ):
        page = office.get(f"/office/{path}").content.decode()
        typed = path.partition("=")[2]
        assert [secret for secret in secrets if secret in page and secret != typed] == [], path
    page = office.post(f"/office/entries/{entry.pk}/show/").content.decode()
    assert [secret in page for secret in secrets] == [True] * 4
    line = LogLine.objects.get(what="identity_shown")
    assert (line.by and line.by.username, line.entry_id) == ("zhou", entry.pk)
    assert office.get(f"/office/entries/{entry.pk}/show/").status_code == 405


def test_another_editions_entry_is_not_found(office: Client, field: Field):
    entry = paid(entering.open_entries(slug="other"), "张伟")
    assert office.get(f"/office/entries/{entry.pk}/").status_code == 404
    assert office.post(f"/office/entries/{entry.pk}/show/").status_code == 404


def test_a_form_never_sends_anybody_to_another_site(office: Client, field: Field):
    entry = paid(field, "张伟")
    for there in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", ""):
        answer = office.post(f"/office/entries/{entry.pk}/link/", {"next": there})
        assert answer["Location"] == "/office/"


def test_papers_are_looked_at_accepted_and_refused(office: Client, field: Field):
    Edition.objects.filter(pk=field.edition.pk).update(entry_rules={"documents": [{"kind": "health_certificate"}]})
    field.edition.refresh_from_db()
    entry = paid(field, "张伟")
    paper = papers.send(entry.rider, field.edition, "health_certificate", "a.pdf", b"%PDF-1.7", None)
    assert "Health certificate" in text(office, "/office/to-do/review/")
    answer = office.get(f"/office/papers/{paper.pk}/")
    assert (answer.content, answer["Content-Type"], answer["Content-Security-Policy"].split(";")[0]) == (
        b"%PDF-1.7", "application/pdf", "default-src 'none'",
    )  # fmt: skip
    review = f"/office/papers/{paper.pk}/review/"
    assert told(office, review, verdict="refuse") == ["The rider has to know why: write the reason."]
    assert told(office, review, verdict="refuse", reason="unreadable") == [
        "Health certificate of 张伟 refused; the rider is told why."
    ]
    assert told(office, review, verdict="accept") == ["Health certificate of 张伟 accepted."]
    assert Document.objects.get().state == "accepted"


def test_two_riders_are_merged_and_parted_again(office: Client, field: Field):
    one = paid(field, "张伟")
    other = entering.enter(field, "张伟", number=entering.resident_number("two"), key="again")
    Entry.objects.filter(pk=other.pk).update(state="withdrawn")
    assert "Same name and birth date" in text(office, "/office/duplicates/")
    given = {"one": one.rider_id, "other": other.rider_id, "keep": one.rider_id}
    refused = office.post("/office/duplicates/judge/", {"what": "merge", "reason": " ", **given})
    assert (refused.status_code, refused.context["typed"]["keep"]) == (409, int(given["keep"]))
    assert "Say why: the reason stays with the change." in refused.content.decode()
    assert told(office, "/office/duplicates/judge/", what="merge", reason="same face", **given) == [
        "Merged into 张伟. It can be undone below."
    ]
    assert "No two riders look like one" in text(office, "/office/duplicates/")
    assert told(office, "/office/duplicates/judge/", what="undo", other=other.rider_id, reason="brothers") == [
        "The merge is undone: they are two riders again."
    ]
    assert told(office, "/office/duplicates/judge/", what="two", **given) == ["张伟 and 张伟 stay two people."]
    assert "No two riders look like one" in text(office, "/office/duplicates/")


def test_a_message_is_seen_first_and_sent_once(office: Client, field: Field):
    for name in ("张伟", "李雷"):
        paid(field, name)
    Message.objects.all().delete()
    form = {"channel": "best", "subject_zh": "停车", "body_zh": "{name}：东门。", "state": "confirmed", "key": "k"}
    shown = words(office.post("/office/messages/write/", form | {"step": "preview"}))
    assert "2 messages" in shown and "张伟：东门。" in shown and Message.objects.count() == 0
    sent = [office.post("/office/messages/write/", form | {"step": "send"})["Location"] for _click in range(2)]
    campaign = Campaign.objects.get()
    assert sent == [f"/office/messages/campaigns/{campaign.pk}/"] * 2
    assert (campaign.total, Message.objects.count(), campaign.asked) == (2, 2, {"state": "confirmed"})
    assert "2 queued" in text(office, sent[0])
    steer = f"{sent[0]}steer/"
    assert told(office, steer, what="stop") == ["2 messages are not sent."]
    assert told(office, steer, what="again") == ["2 messages are sent again."]
    assert campaigns.progress(campaign).queued == 2


def test_what_was_typed_survives_a_refusal(office: Client, field: Field):
    paid(field, "张伟")
    form = {"channel": "email", "subject_zh": "停车", "body_zh": "{nme}：东门。", "step": "send", "state": "confirmed"}
    answer = office.post("/office/messages/write/", form)
    page = answer.content.decode()
    assert (answer.status_code, Message.objects.filter(kind="campaign").count()) == (409, 0)
    assert "{nme} stands for nothing." in page and "{nme}：东门。</textarea>" in page and 'value="停车"' in page


def test_a_failed_message_is_read_and_sent_again(office: Client, field: Field):
    paid(field, "张伟")
    Message.objects.update(state="failed", problem="SMTPException 550")
    message = Message.objects.filter(kind="paid").get()
    assert "SMTPException 550" in text(office, "/office/messages/", state="failed")
    assert "10" in text(office, f"/office/messages/{message.pk}/")
    assert told(office, "/office/messages/again/", message=message.pk) == ["1 message is sent again."]
    assert Message.objects.filter(state="queued").count() == 1


def test_settings_change_places_and_the_window(office: Client, field: Field):
    path = f"/office/categories/{field.category.pk}/capacity/"
    assert told(office, path, capacity="30") == [f"{field.category.name} has 30 places."]
    assert told(office, path, capacity="many") == ["The number of places is a whole number."]
    window = {"opens": "2030-01-01T08:00", "closes": "2030-02-01T18:00"}
    assert told(office, "/office/settings/window/", **window) == ["The entry window is changed."]
    edition = Edition.objects.get()
    assert edition.entry_opens_at and edition.entry_opens_at.isoformat() == "2030-01-01T00:00:00+00:00"
    assert "Regulations, version 3" in text(office, "/office/settings/")


def test_a_failed_refund_is_tried_again_or_noted_as_done(office: Client, field: Field):
    entry = paid(field, "张伟")
    assert told(office, f"/office/entries/{entry.pk}/refund/", reason="our mistake") == ["100.00 yuan go back."]
    refund = Refund.objects.get()
    Refund.objects.update(state="failed", problem="closed", tries=12)
    assert "closed" in text(office, "/office/to-do/refunds/")
    path = f"/office/refunds/{refund.pk}/"
    assert told(office, path, what="again") == ["The refund is tried again within a minute."]
    refund.refresh_from_db()
    assert (refund.state, refund.tries) == ("requested", 0)
    assert told(office, path, what="done", ref="cash") == ["The refund is noted as done."]
    refund.refresh_from_db()
    assert (refund.state, Entry.objects.get().paid_fen) == ("done", 0)


def test_the_api_finds_riders_for_the_office_and_nobody_else(office: Client, field: Field):
    entry = paid(field, "张伟")
    Entry.objects.filter(pk=entry.pk).update(bib=7)
    query = {"q": "zw", "edition": field.edition.slug}
    answer = office.get("/api/v1/riders/", query).json()
    assert [(hit["why"], hit["entry"]["bib"], hit["entry"]["rider"]["name_zh"]) for hit in answer] == [
        ("name", 7, "张伟")
    ]
    assert entering.resident_number("张伟") not in str(answer) and "1990-03-07" not in str(answer)
    owner = User.objects.get()
    secrets = {role: tokens.issue(field.edition, owner, role, role)[1] for role in ("office", "timing_crew")}
    codes = [
        Client().get("/api/v1/riders/", {"q": "zw"}, headers={"authorization": f"Bearer {secret}"}).status_code
        for secret in secrets.values()
    ]
    assert (codes, Client().get("/api/v1/riders/", query).status_code) == ([200, 403], 401)


def test_the_page_says_since_when_it_is_true(office: Client):
    before = timezone.now()
    page = office.get("/office/", headers={"x-fresh": "queue"})
    assert page.context["now"] >= before and "regions" not in page.context


def written_in_the_log() -> set[str]:
    """What the code writes into the log, as far as it stands there as a word."""
    found = {bib_letters.TOLD, bib_ranges.KEPT_BACK, bib_ranges.PUT_BACK, bib_ranges.LOST}
    found |= {transponders.LOST, transponders.FOUND}
    for file in Path("race").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "log.note" and len(node.args) > 1:
                found |= {node.args[1].value} if isinstance(node.args[1], ast.Constant) else set()
    return found


def test_whatever_is_written_in_the_log_has_a_word() -> None:
    assert len(written_in_the_log()) > 30
    assert sorted(written_in_the_log() - set(wording.LOG)) == []


def test_every_message_has_a_word() -> None:
    kinds = {file.stem for file in Path("race/templates/race/messages").glob("*.txt")}
    assert sorted(kinds - set(wording.KINDS)) == []


def test_odd_figures_and_days_are_refused_and_not_an_error(office: Client, field: Field):
    one = paid(field, "甲一")
    there = f"/office/entries/{one.pk}/"
    assert office.post(f"{there}paid/", {"yuan": "1.²", "method": "cash"}).status_code == 302
    assert office.post(f"{there}rider/", {"surname_latin": "X" * 61, "reason": "typo"}).status_code == 302
    for opens in ("0001-01-01T00:00", "9999-12-31T23:59"):
        assert office.post("/office/settings/window/", {"opens": opens}).status_code == 302
    assert office.get("/office/ledger/?day=9999-12-31").status_code == 200
    assert office.get("/office/ledger/9999-12-31.xlsx").status_code == 404
    before = (one.paid_fen, one.rider.surname_latin, field.edition.entry_opens_at)
    one.refresh_from_db()
    one.rider.refresh_from_db()
    field.edition.refresh_from_db()
    assert (one.paid_fen, one.rider.surname_latin, field.edition.entry_opens_at) == before
