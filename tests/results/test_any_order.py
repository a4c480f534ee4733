"""The same reads give the same standings, whatever way they came: any order, any split, any repetition, any make."""

from itertools import pairwise

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from race import gun
from results import live, memory
from tests import cast
from timing import ingest, intake
from timing.models import Read

WHERE = ("Finish", "Backup", "Pass")
READS = st.lists(
    st.tuples(st.integers(1, 5), st.integers(-60, 2400), st.sampled_from(WHERE)), min_size=2, max_size=24, unique=True
)


def clock_time(second):
    """From 09:10 on; C5 is nobody's."""
    at = 600 + second
    return f"09:{at // 60:02d}:{at % 60:02d}.{at * 37 % 1000:03d}"


def as_rows(reads):
    """As a file of a spreadsheet."""
    lines = [f"C{bib},2024/5/25 {clock_time(at)},{where}" for bib, at, where in reads]
    return "csv", "\n".join(["芯片号,时间,计时点", *lines, ""]).encode("gbk")


def as_messages(reads):
    """As the timing software says them, a message each."""
    said = [f"{where}@Passing@t={clock_time(at)}|c=C{bib}|d=240525@{at % 9}@$" for bib, at, where in reads]
    return "mylaps", "\r\n".join(said).encode()


def as_json(reads):
    """As a bridge posts them."""
    rows = [{"source": where, "chip": f"C{bib}", "local": f"2024-05-25T{clock_time(at)}"} for bib, at, where in reads]
    return "json", orjson.dumps({"reads": rows})


def standings(stage):
    """The board, but for its number and what it says of when."""
    stage.race.refresh_from_db()
    board = orjson.loads(live.board(stage.race).json)
    return board["rows"], orjson.loads(live.encode(memory.known(stage.race)).json)["rows"]


class AnyOrder(TestCase):
    """Two editions with the same riders: one hears everything once and in order."""

    # Each example scores two races over a database; the thorough profile still runs a hundred.
    @settings(max_examples=max(6, settings.default.max_examples // 8), deadline=None)
    @given(READS, st.randoms(use_true_random=False))
    def test_the_way_they_came_changes_nothing(self, reads, dice):
        memory.forget()
        plain, wild = cast.make(laps=3), cast.make(laps=3, slug="wild")
        for stage in (plain, wild):
            gun.fire(stage.wave, cast.GUN, by=None)
        make, body = as_json(sorted(reads, key=lambda read: read[1]))
        intake.receive(plain.channel, body, "all", options={"make": make})
        ingest.take_in(plain.channel.pk)
        said = [*reads, *dice.choices(reads, k=dice.randrange(len(reads)))]
        dice.shuffle(said)
        cuts = sorted(dice.randrange(len(said) + 1) for _cut in range(dice.randrange(6)))
        for number, (start, end) in enumerate(pairwise([0, *cuts, len(said)])):
            if start == end:
                continue
            make, body = dice.choice((as_rows, as_messages, as_json))(said[start:end])
            for _again in range(dice.choice((1, 1, 2))):
                intake.receive(wild.channel, body, str(number), options={"make": make}, file=dice.random() < 0.3)
            if dice.random() < 0.5:
                ingest.take_in(wild.channel.pk)
        ingest.take_in(wild.channel.pk)
        stored = [
            set(Read.objects.filter(source__edition=stage.edition).values_list("source__name", "chip", "local_us"))
            for stage in (plain, wild)
        ]
        assert (stored[0] == stored[1], len(stored[0])) == (True, len(reads))
        # Whole or remembered, of the plain or of the wild one: four boards, and one truth.
        assert len({orjson.dumps(rows) for stage in (plain, wild) for rows in standings(stage)}) == 1
