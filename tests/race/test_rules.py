"""The regulations: every rule that is enforced has a sentence in both languages; versions, page and PDF say the same."""

import copy
from collections.abc import Iterator
from dataclasses import fields
from datetime import date
from typing import Any

import pytest
from django.db import transaction
from django.utils.html import escape
from django.utils.translation import override

from race import regulations, rules_text
from race.entry_rules import EntryRules
from race.models import Category, Edition, Event, Race, Regulations
from race.rules_text import results as results_text
from results.scoring.race_facts import Limit, Rules
from seeds import planting
from seeds import regulations as seeds
from tests import pdf
from tests.entering import open_entries

LANGUAGES = ("zh-hans", "en")
Document = dict[str, Any]


@pytest.fixture(scope="module")
def frozen(django_db_setup: None, django_db_blocker: Any) -> Document:
    """The regulations of the 10th edition as it is planted; its rows are gone again."""
    with django_db_blocker.unblock(), transaction.atomic():
        made = regulations.document(planted())
        transaction.set_rollback(True)
    return made


@pytest.fixture
def document(frozen: Document) -> Document:
    return copy.deepcopy(frozen)


def planted() -> Edition:
    """The courses, races and categories of the 10th edition, without its riders."""
    document = seeds.tenth()
    row = document["edition"]
    event = Event.objects.create(**document["event"])
    edition = planting._edition(event, row, row["starts_on"], row["ends_on"])
    Edition.objects.filter(pk=edition.pk).update(entry_closes_at=row["entry_closes"])
    planting.plant_programme(edition, date.fromisoformat(row["starts_on"]))
    return Edition.objects.get(pk=edition.pk)


def said(document: Document, language: str) -> list[str]:
    """Every sentence and every row."""
    with override(language):
        text = rules_text.of(document)
    return [words for _key, _number, _chapter, words in rules_text._said(text)]


def moved(before: Document, after: Document) -> dict[str, bool]:
    """Whether the text differs, by language."""
    return {language: said(before, language) != said(after, language) for language in LANGUAGES}


BOTH = dict.fromkeys(LANGUAGES, True)
OTHER_RULES: dict[str, Any] = {
    "hold_minutes": 20, "offer_hours": 12, "offers_end_days_before": 3, "transfer_hold_hours": 48,
    "payment_methods": ["on_site"], "refund_steps": [[20, 100], [10, 50]], "change_days_before": 8,
    "substitute_days_before": 2, "transfers_allowed": True, "chip_deposit_fen": 20_000, "guardian_under": 16,
    "one_a_day": False, "exclusions": [["ME", "MM"]], "barred_years": 3, "reserved_bibs": [13, 14],
    "bibs_frozen_days_before": 4, "sign_on_opens_min": 90, "sign_on_closes_min": 20, "merge_below": 15,
    "protest_minutes": 15, "protest_deposit_fen": 0, "documents": [{"kind": "health_certificate"}],
    "insurance_min_fen": 60_000_000, "retention_days": 30, "neutral_nations": ["AIN"],
}  # fmt: skip
OTHER_SCORING: dict[str, Any] = {
    "min_lap_us_by_category": {"ME": 300_000_000}, "windows": [{"point": "F", "from_s": 60}],
    "rank_by": "net", "rank_scope": "race", "lapped": "lead_lap", "lapped_ranked": True, "bunch": False,
    "bunch_scope": "category", "gap_us": 3_000_000, "wheel_us": 0, "min_lap_us": 60_000_000, "min_first_us": 90_000_000,
    "time_point": "P", "laps_by_category": {"ME": 3}, "without_gun": True, "together_us": 5_000_000,
    "limit": {"percent": 8},
}  # fmt: skip
OTHER_CATEGORY: dict[str, Any] = {
    "code": "ZZ", "name_zh": "另一组", "name_en": "Another", "sex": "A", "min_age": 17, "max_age": 77,
    "age_by": "birth_year", "professionals": "barred", "capacity": 123, "fee_fen": 12_345,
    "quotas": [{"prefix": "41", "max": 60}, {"each": 50}], "first_bib": 5, "last_bib": 99, "regulations": {},
    "gun": "2024-05-25T07:07:00+08:00",
}  # fmt: skip
OTHER_RACE: dict[str, Any] = {
    "format": "laps", "laps": 9, "lap_m": 4321, "course_zh": "新赛道", "course_en": "New loop",
}  # fmt: skip
OTHER_EDITION: dict[str, Any] = {
    "name_zh": "另一届", "name_en": "Another", "venue_zh": "郑州", "venue_en": "Zhengzhou", "sponsor_zh": "某某",
    "sponsor_en": "Somebody", "zone": "Asia/Urumqi", "league": "另一联赛", "contact": {"phone": "0379-0000"},
    "starts_on": "2024-05-24", "ends_on": "2024-05-27", "entry_opens_at": "2024-03-01T00:00:00+00:00",
    "entry_closes_at": "2024-05-01T00:00:00+00:00",
}  # fmt: skip
ONE_LANGUAGE = {"name_zh", "name_en", "venue_zh", "venue_en", "sponsor_zh", "sponsor_en", "course_zh", "course_en"}


def test_each_rule_of_entering_has_another_value_here() -> None:
    assert set(OTHER_RULES) == {column.name for column in fields(EntryRules)}


@pytest.mark.parametrize("key", sorted(OTHER_RULES))
def test_a_rule_of_entering_that_changes_changes_a_sentence(document: Document, key: str) -> None:
    after = copy.deepcopy(document)
    after["entry_rules"][key] = OTHER_RULES[key]
    assert moved(document, after) == BOTH


def test_each_key_of_scoring_has_a_sentence_and_the_same_default() -> None:
    """Format, laps and points come from the race and its course; all else an organiser may set."""
    given = {column.name for column in fields(Rules)} - {"format", "laps", "finish", "points"}
    defaults = {name: getattr(Rules(), name) for name in given}
    assert dict(results_text.DEFAULTS) == defaults | {"limit": {}}
    assert given | {"format"} == set(results_text._SENTENCES) == set(OTHER_SCORING) | {"format"}


@pytest.mark.parametrize("key", sorted(OTHER_SCORING))
def test_a_rule_of_scoring_that_changes_changes_a_sentence(document: Document, key: str) -> None:
    after = copy.deepcopy(document)
    after["races"][0]["rules"][key] = OTHER_SCORING[key]
    assert moved(document, after) == BOTH


@pytest.mark.parametrize("part", [column.name for column in fields(Limit)])
def test_each_part_of_a_time_limit_is_said(document: Document, part: str) -> None:
    before, after = copy.deepcopy(document), copy.deepcopy(document)
    before["races"][0]["rules"]["limit"] = {}
    after["races"][0]["rules"]["limit"] = {part: 600_000_000}
    assert moved(before, after) == BOTH


def test_what_the_seeds_say_of_races_and_categories_is_known() -> None:
    rows = seeds.tenth()["races"]
    assert {key for row in rows for key in row["rules"]} - set(results_text.DEFAULTS) == set()
    assert {key for row in rows for key in row["regulations"]} - set(results_text._CATEGORY) == set()


def test_an_unknown_key_is_shown_as_it_is(document: Document) -> None:
    document["races"][0]["rules"]["sprints"] = 3
    document["races"][0]["categories"][0]["regulations"]["cake"] = "yes"
    found = [line for line in said(document, "en") if "=" in line]
    assert found == ["Men's road elite: sprints = 3", "Men's road elite: cake = yes"]


@pytest.mark.parametrize("key", sorted(OTHER_CATEGORY))
def test_what_changes_in_a_category_changes_the_text(document: Document, key: str) -> None:
    after = copy.deepcopy(document)
    after["races"][0]["categories"][0][key] = OTHER_CATEGORY[key]
    expected = {"zh-hans": key != "name_en", "en": key != "name_zh"} if key in ONE_LANGUAGE else BOTH
    assert moved(document, after) == expected


def test_everything_of_a_category_is_tried(document: Document) -> None:
    assert set(document["races"][0]["categories"][0]) - {"mark"} == set(OTHER_CATEGORY)


@pytest.mark.parametrize("key", sorted(OTHER_RACE))
def test_what_changes_in_a_race_changes_the_text(document: Document, key: str) -> None:
    after = copy.deepcopy(document)
    after["races"][0][key] = OTHER_RACE[key]
    expected = {"zh-hans": not key.endswith("_en"), "en": not key.endswith("_zh")}
    assert moved(document, after) == expected


@pytest.mark.parametrize("key", sorted(OTHER_EDITION))
def test_what_changes_in_the_edition_changes_the_text(document: Document, key: str) -> None:
    after = copy.deepcopy(document)
    after["edition"][key] = OTHER_EDITION[key]
    expected = {"zh-hans": not key.endswith("_en"), "en": not key.endswith("_zh")}
    assert moved(document, after) == expected


def test_everything_of_the_edition_is_tried(document: Document) -> None:
    """The number stands in the name; what is illustrative is marked."""
    assert set(document["edition"]) - {"number", "illustrative"} == set(OTHER_EDITION)


def test_the_declaration_is_said_in_its_language(document: Document) -> None:
    assert document["waiver"]["zh"] in said(document, "zh-hans")
    assert document["waiver"]["en"] in said(document, "en")


def clauses(document: Document, language: str = "en") -> Iterator[rules_text.Clause]:
    with override(language):
        for chapter in rules_text.of(document).chapters:
            yield from (block for block in chapter.blocks if isinstance(block, rules_text.Clause))


def test_deadlines_are_real_days(document: Document) -> None:
    document["entry_rules"] |= {"refund_steps": [[20, 100], [10, 80]]}
    text = {clause.key: clause.text for clause in clauses(document)}
    assert text["entering.refund"] == (
        "Of the fee a rider who withdraws gets back: until the end of 5 May 100%; until the end of 15 May 80%; "
        "nothing after that."
    )
    assert text["changes.change"] == "Riders change their entry or withdraw by themselves until the end of 15 May."


def test_races_that_share_a_sentence_share_a_clause(document: Document) -> None:
    found = [(clause.about, clause.text) for clause in clauses(document) if clause.key.startswith("results.limit.")]
    assert found == [
        (
            "Men's road elite",
            "Time limit: the time of the first and 10% more. Whoever comes later is outside it (OTL).",
        ),
        ("Women's open", "Time limit: 15 minutes behind the first. Whoever comes later is outside it (OTL)."),
        (
            "Men's road mass, Men's MTB mass",
            "Time limit: 20 minutes behind the first. Whoever comes later is outside it (OTL).",
        ),
        ("Men's MTB open", "There is no time limit."),
    ]


def test_what_is_made_up_is_marked_or_said_once_for_all(document: Document) -> None:
    marked = {clause.key: clause.made_up for clause in clauses(document)}
    assert (marked["entering.hold"], marked["entering.order"]) == (True, False)
    document["edition"]["illustrative"] = ["*"]
    with override("en"):
        text = rules_text.of(document)
    assert (text.made_up, text.partly_made_up) == (True, False)


def test_every_clause_has_a_key_of_its_own(document: Document) -> None:
    keys = [key for key, *_ in rules_text._said(rules_text.of(document))]
    assert len(keys) == len(set(keys))


def test_two_versions_differ_in_the_clauses_that_changed(document: Document) -> None:
    after = copy.deepcopy(document)
    after["entry_rules"] |= {"hold_minutes": 20, "protest_deposit_fen": 0}
    after["races"][2]["rules"]["limit"] = {}
    with override("en"):
        found = rules_text.changes(rules_text.of(document), rules_text.of(after))
    limit = "Whoever comes later is outside it (OTL)."
    assert [(change.chapter, change.old, change.new) for change in found] == [
        (
            "Entering, places and payment",
            "A place is held for 15 minutes while it is paid; then it is free for others.",
            "A place is held for 20 minutes while it is paid; then it is free for others.",
        ),
        (
            "How results are made",
            f"Men's road mass, Men's MTB mass: Time limit: 20 minutes behind the first. {limit}",
            "Men's road mass, Men's MTB open: There is no time limit.",
        ),
        ("How results are made", "", f"Men's MTB mass: Time limit: 20 minutes behind the first. {limit}"),
        ("How results are made", "Men's MTB open: There is no time limit.", ""),
        ("Protests", "It is handed in with ¥500, which are given back when the protest is upheld.", ""),
    ]


# --- the page -------------------------------------------------------------------------------------------------------


def test_the_page_says_every_sentence_of_the_version(client, db):
    edition = planted()
    for language in LANGUAGES:
        client.cookies["django_language"] = language
        page = client.get(f"/editions/{edition.slug}/rules/").content.decode()
        with override(language):
            text = rules_text.of(regulations.current(edition).document)
        missing = [
            block.text
            for chapter in text.chapters
            for block in chapter.blocks
            if isinstance(block, rules_text.Clause) and escape(block.text) not in page
        ]
        assert missing == []


def test_an_old_version_is_shown_as_it_was_and_what_changed_since(client, db):
    field = open_entries()
    Edition.objects.filter(pk=field.edition.pk).update(entry_rules={"hold_minutes": 25})
    client.cookies["django_language"] = "en"
    now = client.get("/rules/")
    then = client.get("/rules/?version=1")
    assert now.context["shown"].version == 2
    assert [(change.old, change.new) for change in now.context["changed"]] == [
        (
            "A place is held for 15 minutes while it is paid; then it is free for others.",
            "A place is held for 25 minutes while it is paid; then it is free for others.",
        )
    ]
    assert ("25 minutes" in then.content.decode(), "15 minutes" in then.content.decode()) == (False, True)
    assert "This version is no longer in force." in then.content.decode()
    assert Regulations.objects.filter(edition=field.edition).count() == 2


def test_the_page_never_reads_the_rows_of_a_version_shown(client, db):
    """Rows that change after a version was frozen do not change it."""
    field = open_entries(capacity=123)
    Category.objects.filter(pk=field.category.pk).update(capacity=77)
    page = client.get("/rules/?version=1").content.decode()
    assert (">123<" in page, ">77<" in page) == (True, False)


def test_bare_address_leads_to_the_edition_people_come_for(client, db):
    field = open_entries()
    assert client.get("/rules/").context["edition"] == field.edition


@pytest.mark.parametrize("address", ["/rules/?version=9", "/rules/?version=x", "/rules/9.pdf", "/editions/none/rules/"])
def test_what_does_not_exist_is_not_there(client, db, address):
    open_entries()
    assert client.get(address).status_code == 404


def test_without_an_edition_there_is_nothing(client, db):
    assert client.get("/rules/").status_code == 404


@pytest.mark.parametrize("races", [1, 3])
def test_the_page_needs_few_queries(client, db, django_assert_max_num_queries, races):
    field = open_entries()
    for at in range(1, races):
        Race.objects.create(
            edition=field.edition, course=field.category.race.course, slug=f"more-{at}", name_zh="更多",
            day=field.category.race.day, format="road", laps=1,
        )  # fmt: skip
    regulations.current(field.edition)
    with django_assert_max_num_queries(8):
        client.get("/rules/")


def test_the_pdf_says_what_the_page_says(client, db):
    edition = planted()
    version = regulations.current(edition)
    for language in LANGUAGES:
        client.cookies["django_language"] = language
        answer = client.get(f"/editions/{edition.slug}/rules/{version.version}.pdf")
        assert answer["Content-Type"] == "application/pdf"
        printed = squeezed(pdf.text(answer.content))
        with override(language):
            text = rules_text.of(version.document)
        blocks = [block for chapter in text.chapters for block in chapter.blocks]
        sentences = [block.text for block in blocks if isinstance(block, rules_text.Clause)]
        short = [one for one in sentences if len(one) < 60]  # a longer one may go over the foot of a page
        assert [one for one in short if squeezed(one) not in printed] == []
        assert version.sha256[:16] in printed


def squeezed(text: str) -> str:
    return "".join(text.split())
