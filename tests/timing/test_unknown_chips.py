"""Unknown chips by the API: shown with who they may be, assigned also for the past, put aside and asked about again."""

import json
from datetime import UTC, datetime

import pytest

from race import gun, transponders
from race.models import Assignment, Race
from tests import cast
from timing import chips, corrections, sources
from timing.models import PutAside, Source

pytestmark = pytest.mark.django_db

ADDRESS = "/api/v1/timing/unknown-chips/"


class Desk:
    """A timekeeper at the API."""

    def __init__(self, client, stage, role="timing_crew"):
        self.client, self.headers = client, cast.bearer(stage.edition, role)

    def get(self, query="", address=ADDRESS):
        """The answer."""
        return self.client.get(f"{address}{query}", headers=self.headers).json()

    def told(self, query=""):
        """Chip, laps, proposed bib, then who it may be and why; a line each."""
        return [
            f"{row['chip']} x{len(row['seen'])} laps {row['laps']} -> {row['proposed']}: "
            + "; ".join(f"{who['bib']} {'+'.join(why['code'] for why in who['reasons'])}" for who in row["suggestions"])
            for row in self.get(query)["results"]
        ]

    def post(self, **body):
        """Status and answer; the codes of the errors where it is refused."""
        answer = self.client.post(ADDRESS, json.dumps(body), content_type="application/json", headers=self.headers)
        said = answer.json()
        return answer.status_code, said if answer.status_code < 400 else [one["code"] for one in said["errors"]]


def mistyped(laps=3, **kwargs):
    """Bib 4 was handed BX0914, and rides with BX0941. Three laps; the others are read with their own."""
    stage = cast.make(laps=laps, **kwargs)
    given = Assignment.objects.get(entry=stage.entries[4])
    transponders.undo(given, by=None, reason="x") if given.during.lower else given.delete()
    transponders.hand_out(stage.edition, [(stage.entries[4], "BX0914", None, None)], by=None)
    gun.fire(stage.wave, cast.GUN, by=None)
    for minute in (20, 40):
        stage.reads(*(f"{chip} 09:{minute}:0{second}" for second, chip in enumerate(["C1", "C2", "C3", "BX0941"])))
    return stage


BEFORE = ["1 1 racing 2", "2 2 racing 2", "3 3 racing 2", "– 4 racing 0"]
AFTER = ["1 1 racing 2", "2 2 racing 2", "3 3 racing 2", "4 4 racing 2"]


def test_a_mistyped_chip_is_found_and_assigned_for_the_past_and_the_board_moves(client):
    stage = mistyped()
    desk = Desk(client, stage)
    assert stage.table() == BEFORE
    assert desk.told() == ["BX0941 x2 laps [1, 2] -> 4: 4 swapped+only_missing+laps_fit"]
    status, made = desk.post(kind="assign", chip="bx0941", race="open", bib=4)
    assert (status, made["bib"], made["from"], made["until"]) == (201, 4, "2024-05-25T00:00:00+08:00", None)
    assert stage.table() == AFTER
    assert Race.objects.get().revision == made["revision"]
    assert desk.told() == []


def test_the_whole_answer(client):
    stage = mistyped()
    finish = Source.objects.get(name="Finish").pk
    [row] = Desk(client, stage).get()["results"]
    day = "2024-05-25T09"
    where = {"course": "loop", "point": "F", "source": finish, "reads": 1}
    reasons = [
        {"code": "swapped", "chip": "BX0914", "bib": None, "at": None},
        {"code": "only_missing", "chip": None, "bib": None, "at": None},
        {"code": "laps_fit", "chip": None, "bib": None, "at": None},
    ]
    assert row == {
        "chip": "BX0941", "reads": 2, "laps": [1, 2], "held": [], "proposed": 4, "put_aside": False,
        "seen": [
            where | {"first": f"{day}:{minute}:03+08:00", "last": f"{day}:{minute}:03+08:00"} for minute in (20, 40)
        ],
        "suggestions": [{"race": "open", "bib": 4, "reasons": reasons}],
    }  # fmt: skip


def test_assigning_twice_or_by_two_at_once_is_one_assignment(client):
    stage = mistyped()
    desk = Desk(client, stage)
    first, again = (desk.post(kind="assign", chip="BX0941", race="open", bib=4) for _ in range(2))
    assert first[1]["assignment"] == again[1]["assignment"]
    assert desk.post(kind="assign", chip="BX0941", race="open", bib=3) == (409, ["chip_taken"])
    assert stage.table() == AFTER


def test_a_mistake_is_undone_and_the_chip_goes_to_the_right_rider(client):
    stage = mistyped()
    desk = Desk(client, stage)
    wrong = desk.post(kind="assign", chip="BX0941", race="open", bib=1, **{"from": "2024-05-25T09:30:00+08:00"})[1]
    undone = desk.post(kind="undo", assignment=wrong["assignment"], reason="it was 4")
    assert (undone[0], undone[1]["from"]) == (201, "2024-05-25T09:30:00+08:00")
    assert stage.table() == BEFORE
    assert desk.post(kind="undo", assignment=wrong["assignment"], reason="again") == (409, ["already_undone"])
    assert desk.post(kind="assign", chip="BX0941", race="open", bib=4)[0] == 201
    assert stage.table() == AFTER
    assert [one.holds for one in chips.lately(stage.edition)] == [True, False]


def test_from_a_moment_on_only_what_came_after_counts(client):
    stage = mistyped()
    body = {"chip": "BX0941", "race": "open", "bib": 4, "from": "2024-05-25T09:30:00+08:00"}
    assert Desk(client, stage).post(kind="assign", **body)[0] == 201
    assert stage.table()[-1] == "4 4 racing 1"
    assert Desk(client, stage).told() == ["BX0941 x1 laps [1] -> 4: 4 held_later+swapped+only_missing+laps_fit"]


def test_it_ends_where_the_chip_is_down_for_somebody_else(client):
    stage = mistyped()
    since = datetime(2024, 5, 25, 6, tzinfo=UTC)
    transponders.hand_out(stage.edition, [(stage.entries[1], "BX0941", since, None)], by=None)
    made = Desk(client, stage).post(kind="assign", chip="BX0941", race="open", bib=4)[1]
    assert made["until"] == "2024-05-25T14:00:00+08:00"
    assert stage.table() == AFTER


def test_a_third_chip_is_refused_and_a_rider_who_is_not_on_the_list(client):
    stage = mistyped()
    transponders.hand_out(stage.edition, [(stage.entries[4], "SPARE1", None, None)], by=None)
    desk = Desk(client, stage)
    assert desk.post(kind="assign", chip="BX0941", race="open", bib=4) == (409, ["two_chips"])
    assert desk.post(kind="assign", chip="BX0941", race="open", bib=99) == (400, ["invalid"])
    assert desk.post(kind="assign", chip="NEVER1", race="open", bib=4) == (409, ["never_read"])
    assert desk.post(kind="assign", chip="BX0941", race="open") == (400, ["required"])
    assert desk.post(kind="put_aside", chip="NEVER1") == (409, ["never_read"])
    assert desk.post(kind="undo", assignment=10**12, reason="x") == (400, ["invalid"])
    assert stage.table() == BEFORE


def test_put_aside_and_asked_about_again(client):
    stage = mistyped()
    desk = Desk(client, stage)
    assert [desk.post(kind="put_aside", chip="BX0941")[0] for _ in range(2)] == [201, 201]
    assert (desk.told(), PutAside.objects.count()) == ([], 1)
    assert [row["put_aside"] for row in desk.get("?aside=1")["results"]] == [True]
    assert [desk.post(kind="ask_again", chip="BX0941")[0] for _ in range(2)] == [201, 201]
    assert len(desk.told()) == 1
    desk.post(kind="put_aside", chip="BX0941")
    desk.post(kind="assign", chip="BX0941", race="open", bib=4)
    assert PutAside.objects.count() == 0


def test_a_chip_that_is_somebodys_at_another_time_says_whose(client):
    stage = cast.make()
    first = Assignment.objects.get(entry=stage.entries[4])
    Assignment.objects.filter(pk=first.pk).delete()
    late = datetime(2024, 5, 25, 1, 30, tzinfo=UTC)
    transponders.hand_out(stage.edition, [(stage.entries[4], "C4", late, None)], by=None)
    gun.fire(stage.wave, cast.GUN, by=None)
    stage.reads("C1 09:20:00", "C2 09:20:01", "C3 09:20:02", "C4 09:20:03")
    desk = Desk(client, stage)
    assert desk.told() == ["C4 x1 laps [1] -> 4: 4 held_later+only_missing"]
    assert desk.get()["results"][0]["held"] == [{"bib": 4, "from": "2024-05-25T09:30:00+08:00", "until": None}]
    assert desk.post(kind="assign", chip="C4", race="open", bib=4)[1]["until"] == "2024-05-25T09:30:00+08:00"
    assert stage.table()[-1] == "4 4 racing 1"


def test_ignored_reads_and_uploads_unmapped_sources_and_taps_ask_nothing(client):
    stage = cast.make()
    stage.reads("X1 09:20:00")
    upload = stage.reads("X2 09:20:00")
    stage.reads("X3 09:20:00", source="Nowhere")
    stage.reads("TAP 09:20:00", "BIB:1 09:20:01", "BIB:99 09:20:02")
    corrections.ignore(stage.read("X1", "09:20:00"), by=None, evidence="a spare wheel")
    undone = corrections.ignore_delivery(upload, by=None, evidence="another race's file")
    assert Desk(client, stage).told() == []
    corrections.undo(undone, by=None, evidence="it was ours")
    assert Desk(client, stage).told() == ["X2 x1 laps [1] -> None: "]


def test_the_clock_of_the_source_is_minded(client):
    stage = mistyped()
    finish = Source.objects.get(name="Finish")
    sources.set_offset(finish, since=None, offset_us=-2_000_000, evidence="GPS", by=None)
    assert Desk(client, stage).get()["results"][0]["seen"][0]["first"] == "2024-05-25T09:20:01+08:00"


@pytest.mark.parametrize("address", [ADDRESS, "/api/v1/timing/chips/"])
def test_as_many_queries_for_three_hundred_as_for_three(client, django_assert_num_queries, address):
    stage = mistyped()
    user = cast.person(stage.edition, "timing_crew")
    client.force_login(user)
    asked = f"{address}?edition={stage.edition.slug}"
    client.get(asked)
    stage.reads("X001 09:20:00", "X002 09:20:00")
    with django_assert_num_queries(14):
        client.get(asked)
    stage.reads(*(f"X{number} 09:{20 + number % 30}:00" for number in range(100, 398)))
    with django_assert_num_queries(14):
        answer = client.get(asked)
    assert len(answer.json().get("results", [None] * 301)) == 301


def test_a_stuck_chip_a_crowd_and_twins_with_their_evidence(client):
    stage = cast.make(laps=4, riders=4)
    finish = Source.objects.get(name="Finish").pk
    gun.fire(stage.wave, cast.GUN, by=None)
    for minute in (20, 40, 59):
        stage.reads(f"C1 09:{minute}:00.010", f"C2 09:{minute}:00.055", f"C3 09:{minute}:00.155")
    stage.reads(*(f"C4 09:{22 + second // 60}:{second % 60:02}.{tick}" for second in range(90) for tick in range(4)))
    stage.reads(
        *(f"W{chip} 08:{50 + second // 60}:{second % 60:02}" for chip in range(6) for second in range(0, 120, 2))
    )
    told = Desk(client, stage).get(address="/api/v1/timing/chips/")
    where = {"course": "loop", "point": "F", "source": finish}
    assert told == {
        "stuck": [
            where | {
                "chip": "C4", "bib": 4, "first": "2024-05-25T09:22:00+08:00", "reads": 360, "a_minute": 242,
                "last": "2024-05-25T09:23:29.300000+08:00",
            },
        ],
        "crowds": [
            where | {"first": "2024-05-25T08:50:00+08:00", "last": "2024-05-25T08:51:58+08:00", "chips": 6},
        ],
        "twins": [
            {
                "bibs": [1, 2], "chips": ["C1", "C2"], "meetings": 3, "widest_us": 45_000,
                "first": "2024-05-25T09:20:00.010000+08:00", "last": "2024-05-25T09:59:00.010000+08:00",
            },
        ],
    }  # fmt: skip


def test_another_edition_asks_about_its_own_chips(client):
    stage, other = mistyped(), cast.make(slug="other")
    desk = Desk(client, other)
    assert desk.told() == []
    assert desk.post(kind="put_aside", chip="BX0941") == (409, ["never_read"])
    made = Desk(client, stage).post(kind="assign", chip="BX0941", race="open", bib=4)[1]
    assert desk.post(kind="undo", assignment=made["assignment"], reason="x") == (400, ["invalid"])
