"""The pages of the line desk that are about sources, and the same for machines."""

import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import translation
from redis import Redis

from race.models import Role
from race.refused import Refused
from tests import cast
from tests.timing.line_cast import crew, deliver, make, pass_by
from timing import channels
from timing.line import tally
from timing.models import Channel, ClockOffset
from timing.packing import pack
from timing.views.sources import thousandths

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _counted_anew(redis: Redis) -> Iterator[None]:
    tally.forget()
    with translation.override("en"):
        yield
    tally.forget()


@pytest.fixture
def race() -> cast.Cast:
    return make()


def test_the_page_and_its_fragment_show_the_same(race: cast.Cast) -> None:
    pass_by(race, "09:29:00", "Finish")
    browser = crew(race)
    page, part = browser.get("/line/").content.decode(), browser.get("/line/now/").content.decode()
    assert part.strip() in page
    assert 'id="source-' in part and "style=" not in page


def test_the_answer_to_a_form_lets_the_language_be_changed(race: cast.Cast) -> None:
    answer = crew(race).post("/line/pad/open/", {"point": race.finish.pk, "name": "Pad A"})
    assert answer.status_code == 200
    assert re.findall(r"/language/[a-z-]+/\?next=([^\"]+)", answer.content.decode()) == ["/line/pad/"]


def test_rows_of_a_live_line_are_shown_where_they_are(race: cast.Cast) -> None:
    pass_by(race, "09:29:00", "Finish")
    deliver(race, b"source,chip,time\nFinish,C1,yesterday\n", {"make": "csv"})
    page = crew(race).get("/line/now/").content.decode()
    assert re.findall(r'href="([^"]+)">See the rows', page) == [
        f"/line/sources/{race.edition.sources.get(name='Finish').pk}/#rejects"
    ]


@pytest.mark.parametrize("role", ["timing_crew", "commissaire", "organiser"])
def test_the_pages_of_sources_and_the_bridge_open(race: cast.Cast, role: str) -> None:
    pass_by(race, "09:29:00", "Elsewhere")
    pass_by(race, "09:29:00", "Finish")
    browser = crew(race, role)
    pk = race.edition.sources.get(name="Finish").pk
    for page in ("sources/", f"sources/{pk}/", "bridge/", "now/", "alarms/"):
        assert browser.get(f"/line/{page}").status_code == 200, page


def test_the_bridge_is_the_very_file_of_the_command(race: cast.Cast, tmp_path: Any) -> None:
    answer = crew(race).get("/line/bridge/daguguan-bridge.pyz")
    got, made = tmp_path / "got.pyz", pack(tmp_path / "made.pyz")
    got.write_bytes(answer.content)
    assert zipfile.ZipFile(got).namelist() == zipfile.ZipFile(made).namelist()
    assert answer["Content-Disposition"] == 'attachment; filename="daguguan-bridge.pyz"'


def test_channels_are_added_and_closed_on_the_page(race: cast.Cast) -> None:
    browser = crew(race)
    browser.post("/line/channels/", {"make": "mylaps", "label": "Mat", "port": "3099", "allowed": "192.0.2.0/24"})
    made = Channel.objects.get(edition=race.edition, port=3099)
    assert (made.label, made.allowed, made.open) == ("Mat", ["192.0.2.0/24"], True)
    browser.post(f"/line/channels/{made.pk}/", {"open": "no"})
    made.refresh_from_db()
    assert made.open is False


def test_a_key_is_shown_once_and_withdrawn(race: cast.Cast) -> None:
    browser = crew(race)
    shown = browser.post("/line/keys/", {"label": "Van", "source": ["Finish"]})
    made = Channel.objects.get(edition=race.edition, label="Van")
    secret = shown.context["secret"]
    assert secret and secret in shown.content.decode() and secret not in browser.get("/line/sources/").content.decode()
    assert [source.name for source in made.sources.all()] == ["Finish"]
    browser.post(f"/line/channels/{made.pk}/")
    made.refresh_from_db()
    assert made.token is not None and made.token.revoked_at is not None
    with pytest.raises(Refused):
        channels.give_key(race.edition, " ", [], by=cast.person(race.edition, "timing_crew"))


def test_the_api_tells_the_same(race: cast.Cast) -> None:
    pass_by(race, "09:29:00", "Finish")
    pass_by(race, "09:29:00", "Backup", ahead_us=1_200_000)
    headers = cast.bearer(race.edition, Role.Name.TIMING_CREW) | {"Accept-Language": "en"}
    said = Client().get("/api/v1/timing/line/", headers=headers).json()
    assert [(row["name"], row["reads"], row["state"]) for row in said["sources"]] == [
        ("Backup", 6, "ok"), ("Finish", 6, "ok"), ("Pass", 0, "idle"),
    ]  # fmt: skip
    assert said["alarms"] == [
        {
            "code": "clock_off", "level": "warn", "source": "Backup", "fact": "The clock of Backup is off by +1.20 s.",
            "consequence": "Measured with 6 riders whom Finish saw, too. Times move by it once it is applied.",
        }
    ]  # fmt: skip
    backup = race.edition.sources.get(name="Backup")
    there = f"/api/v1/timing/sources/{backup.pk}/measured/"
    assert Client().get(there, headers=headers).json()["offset_us"] == -1_200_000
    made = Client().post(there, {"ahead_us": 1_200_000}, content_type="application/json", headers=headers)
    assert (made.status_code, made.json()["since"]) == (201, None)
    assert Client().get(there, headers=headers).content == b""


def test_a_stale_or_broken_form_moves_no_source(race: cast.Cast) -> None:
    """Two of the crew had the page open; and a point that is no more must not mean `nowhere`."""
    browser, finish = crew(race), race.edition.sources.get(name="Finish")
    there = f"/line/sources/{finish.pk}/place/"
    shown = {name: str(race.finish.pk) for name in ("point", "was_point")} | {
        "role": "main", "was_role": "main", "zone": "Asia/Shanghai", "was_zone": "Asia/Shanghai",
    }  # fmt: skip
    browser.post(there, shown | {"zone": "UTC"})
    browser.post(there, shown | {"role": "backup"})
    for broken in ("99999", "abc", "9" * 5000):
        browser.post(there, {"point": broken, "role": "main"})
    finish.refresh_from_db()
    assert (finish.point_id, finish.role, finish.zone) == (race.finish.pk, "backup", "UTC")
    form = {"token": "abc", "point": "9" * 5000, "entry": "9" * 5000, "chip": "C1"}
    assert [
        browser.post(f"/line/{page}/", form).status_code for page in ("pad/withdraw", "pad/open", "chips/assign")
    ] == [404] * 3


def test_seconds_are_read_exactly() -> None:
    assert [thousandths(text) for text in ("−0.310", "1", "-0.5", "+12,25")] == [-310, 1000, -500, 12250]
    for text in ("", "x", "1.2345", "1e3", "٣"):
        with pytest.raises(Refused):
            thousandths(text)


def test_an_offset_by_hand_begins_on_the_venues_clock(race: cast.Cast) -> None:
    finish = race.edition.sources.get(name="Finish")
    form = {"seconds": "−0.310", "since": "2024-05-25T09:40:00", "evidence": "GPS beside it"}
    crew(race).post(f"/line/sources/{finish.pk}/offset/", form)
    made = ClockOffset.objects.get(source=finish)
    assert (made.since, made.offset_us) == (datetime(2024, 5, 25, 1, 40, tzinfo=UTC), -310_000)
