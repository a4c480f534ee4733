"""The event page: which edition people come for, what it says, and the one thing to do."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from django.utils.translation import override

from race import clock, season
from race.models import Category, Course, Edition, Race
from race.views import event
from tests import cast
from tests.entering import Field, enter, open_entries


def racing(slug: str = "race-day") -> Edition:
    """A rehearsal whose clock stands in the morning of its race day."""
    edition = cast.make(riders=0, slug=slug).edition
    Edition.objects.filter(pk=edition.pk).update(rehearsal=True)
    edition.refresh_from_db()
    clock.set_rehearsal(edition, event=datetime(2024, 5, 25, 2, tzinfo=UTC), speed=0)
    return Edition.objects.get(pk=edition.pk)


def shown(client: Any, address: str = "/", language: str = "en") -> Any:
    client.cookies["django_language"] = language
    answer = client.get(address)
    assert answer.status_code == 200
    return answer


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("opens", "closes", "starts", "expected"),
    [
        (-HOUR, HOUR, 10, "open"),
        (-HOUR, None, 10, "open"),
        (HOUR, 2 * HOUR, 10, "ahead"),
        (None, None, 10, "ahead"),
        (-2 * HOUR, -HOUR, 10, "closed"),
        (-HOUR, HOUR, 0, "racing"),
        (-HOUR, HOUR, -1, "racing"),
        (-HOUR, HOUR, -2, "over"),
    ],
)
def test_what_an_edition_is_about(opens, closes, starts, expected):
    """Editions of two days; entries by real time, the race by the days at the venue."""
    now = datetime(2026, 5, 1, 16, 30, tzinfo=UTC)  # 00:30 on 2 May at the venue
    first = datetime(2026, 5, 2, tzinfo=UTC).date() + timedelta(days=starts)
    edition = Edition(
        zone="Asia/Shanghai", starts_on=first, ends_on=first + timedelta(days=1), clock=[],
        entry_opens_at=opens and now + opens, entry_closes_at=closes and now + closes,
    )  # fmt: skip
    assert season.state(edition, now) == expected


def test_the_race_comes_before_entries_and_the_nearest_before_the_next(db):
    near, far = open_entries(slug="near").edition, open_entries(slug="far").edition
    Edition.objects.filter(pk=far.pk).update(
        starts_on=far.starts_on + timedelta(days=9), ends_on=far.ends_on + timedelta(days=9)
    )
    old = cast.make(riders=0, slug="old").edition
    now = racing("now")
    assert [(one.edition, one.state) for one in season.standings()] == [
        (now, "racing"), (near, "open"), (far, "open"), (old, "over"),
    ]  # fmt: skip


def test_during_the_race_home_leads_to_live_at_once(client, db):
    """And the edition that can be entered stands beside it."""
    edition, other = racing(), open_entries().edition
    page = shown(client)
    assert page.context["action"] == event.Action("Watch live", f"/editions/{edition.slug}/live/")
    assert b'class="event-live"' in page.content
    assert [(card["edition"], card["state"], card["url"]) for card in page.context["others"]] == [
        (other, "open", f"/editions/{other.slug}/")
    ]


def test_while_entries_are_open_one_enters(client, db):
    field = open_entries()
    page = shown(client)
    assert page.context["action"] == event.Action("Enter", f"/editions/{field.edition.slug}/enter/")
    assert b'class="event-live"' not in page.content


@pytest.mark.parametrize(
    ("published", "action"),
    [(True, ("See the start list", "start-list/")), (False, ("The start list is not out yet", ""))],
)
def test_after_entries_one_sees_the_start_list_or_why_not(client, db, published, action):
    field = open_entries()
    Edition.objects.filter(pk=field.edition.pk).update(entry_closes_at=timezone.now() - HOUR)
    if published:
        Race.objects.update(published_at=timezone.now())
    found = shown(client).context["action"]
    assert (found.text, found.url.removeprefix(f"/editions/{field.edition.slug}/")) == action


def test_after_the_race_one_sees_the_results(client, db):
    edition = cast.make(riders=0).edition
    assert shown(client).context["action"] == event.Action("See the results", f"/editions/{edition.slug}/live/")


def test_before_entries_it_says_when_they_open(client, db):
    field = open_entries()
    opens = timezone.now().replace(hour=4, minute=0) + timedelta(days=2)
    Edition.objects.filter(pk=field.edition.pk).update(entry_opens_at=opens)
    page = shown(client)
    assert (page.context["action"].url, page.context["action"].text) == ("", page.context["window"])
    assert page.context["window"].endswith(", 12:00")


def places(page: Any) -> list[str]:
    """The words beside the bars that are shown."""
    found = re.findall(
        r'<span class="left-(?:some|none)">(.*?)</span>(?=<span class="left-|</p>)', page.content.decode()
    )
    return [re.sub(r"<[^>]+>", "", words) for words in found]


def test_places_are_said_as_they_are(client, db):
    field = open_entries(capacity=2)
    assert places(shown(client)) == ["2 of 2 left"]
    enter(field, "甲")
    assert places(shown(client)) == ["1 of 2 left"]
    enter(field, "乙")
    enter(field, "丙")
    assert places(shown(client)) == ["Full · 1 on the waiting list"]
    assert places(shown(client, language="zh-hans")) == ["已满 · 候补 1 人"]


def test_the_window_is_in_the_time_of_the_venue(client, db):
    field = open_entries()
    closes = datetime(2099, 5, 15, 10, tzinfo=UTC)
    Edition.objects.filter(pk=field.edition.pk).update(entry_closes_at=closes)
    assert shown(client).context["window"] == "Entries until 15 May, 18:00"
    assert shown(client, language="zh-hans").context["window"] == "报名到 5月15日 18:00 为止"


def test_a_course_is_drawn_once_with_who_rides_it(client, db):
    field = open_entries()
    course = Course.objects.get(edition=field.edition)
    course.profile = [[0, 100], [course.lap_m // 2, 180], [course.lap_m, 100]]
    course.summit = {"m": course.lap_m // 2, "alt": 180, "zh": "大谷关", "en": "Daguguan Pass"}
    course.save()
    profile = shown(client).context["profiles"]
    assert [(one.course, one.climb_m, [each["size"] for each in one.drawings]) for one in profile] == [
        (course, 80, ["phone", "desk"])
    ]
    drawn = profile[0].drawings[0]
    assert drawn["line"] == "M1.0 98.3L179.0 34.0L357.0 98.3"
    assert drawn["summit"] == {"x": 179.0, "y": 34.0, "anchor": "middle", "text": "Daguguan Pass 180 m"}


@pytest.mark.parametrize("profile", [[], [[0, 5]], [[0, 5], [1000, 5]]])
def test_a_course_without_a_profile_or_a_flat_one_is_no_trouble(client, db, profile):
    open_entries()
    Course.objects.update(profile=profile)
    assert len(shown(client).context["profiles"]) == (len(profile) > 1)


def test_without_an_edition_it_says_so(client, db):
    assert "No edition yet" in shown(client).content.decode()


def test_an_edition_has_an_address_of_its_own(client, db):
    racing()
    field = open_entries()
    assert shown(client, f"/editions/{field.edition.slug}/").context["edition"] == field.edition
    assert client.get("/editions/none/").status_code == 404


@pytest.mark.parametrize("categories", [1, 5])
def test_the_page_needs_few_queries(client, db, django_assert_max_num_queries, categories):
    field: Field = open_entries()
    for at in range(1, categories):
        category = Category.objects.get(pk=field.category.pk)
        category.pk, category.code = None, f"X{at}"
        category.save()
    racing()
    with override("en"), django_assert_max_num_queries(4):
        client.get(f"/editions/{field.edition.slug}/")
