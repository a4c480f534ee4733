"""A file that looks like another race's waits for a decision; nothing of it is lost, and nothing waits needlessly."""

import pytest

from race.models import LogLine
from race.refused import Refused
from results.tasks import sweep
from tests import cast
from tests.results.test_facts import RACED, raced
from timing import ingest, intake, parking
from timing.models import Delivery, Pending, Read

pytestmark = pytest.mark.django_db
HEAD = "芯片号,时间,计时点\n"


def sheet(day, chips, times=1):
    rows = [f"{chip},{day} 09:20:{second:02}.250,Finish" for chip in chips for second in range(times)]
    return (HEAD + "\n".join(rows) + "\n").encode("gbk")


def send(stage, body, file=True, **options):
    channel = stage.channel
    made = intake.receive(channel, body, f"k{len(body)}{file}", options={"make": "csv", **options}, file=file).delivery
    ingest.take_in(channel.pk)
    return made


def waits(delivery):
    return [(row.parked, row.parked_why) for row in Pending.objects.filter(pk=delivery.pk)]


OTHER_DAY = sheet("2023/5/20", ["C1", "C2", "C3", "C4"], 3)


def test_a_file_of_other_days_waits_and_counts_when_somebody_says_so():
    stage = raced()
    before = Read.objects.count()
    made = send(stage, OTHER_DAY)
    assert (waits(made), Read.objects.count(), stage.table()) == ([("asked", "other_days")], before, RACED)
    assert sweep()[0] == 0
    parking.leave_out(made, by=None)
    ingest.take_in(made.channel_id)
    assert (waits(made), Read.objects.count()) == ([("left_out", "other_days")], before)
    parking.count(made, by=None)
    assert sweep()[0] == 1
    ingest.take_in(made.channel_id)
    assert (waits(made), Read.objects.count()) == ([], before + 12)
    assert list(LogLine.objects.order_by("pk").values_list("what", "details")) == [
        ("file_left_out", {"delivery": made.pk, "why": "other_days"}),
        ("file_counted", {"delivery": made.pk, "why": "other_days"}),
    ]
    for decide in (parking.count, parking.leave_out):
        with pytest.raises(Refused) as refused:
            decide(made, by=None)
        assert refused.value.code == "not_parked"


def test_what_does_not_wait():
    """Live reads, a handful of rows, and a file with a few rows of the day before."""
    stage = raced()
    assert waits(send(stage, OTHER_DAY, file=False)) == []
    assert waits(send(stage, sheet("2023/5/20", ["C1", "C2", "C3"], 3))) == []
    mixed = sheet("2024/5/25", ["C1", "C2"], 9) + sheet("2023/5/20", ["C1"], 1)
    assert waits(send(stage, mixed)) == []


def test_a_file_of_nobodys_chips_waits_once_chips_are_handed_out():
    strangers = sheet("2024/5/25", [f"X{number}" for number in range(30)])
    assert waits(send(raced(), strangers)) == []  # four chips are no list of chips yet
    assert waits(send(cast.make(slug="big", riders=25), strangers)) == [("asked", "nobodys_chips")]


def test_what_waits_does_not_hold_up_what_comes_after_it():
    stage = raced()
    parked = send(stage, OTHER_DAY)
    later = send(stage, sheet("2024/5/25", ["C4"]))
    assert (waits(parked), waits(later), Delivery.objects.get(pk=later.pk).ingestions.get().new) == (
        [("asked", "other_days")], [], 1,
    )  # fmt: skip
