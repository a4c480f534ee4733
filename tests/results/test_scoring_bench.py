"""The measure of the core runs, whatever it finds: times are not asserted here."""

import re

from bench import recompute
from bench.scoring import main


def test_the_measure_runs_on_a_small_race(capsys):
    main(riders=8, laps=3)
    lines = capsys.readouterr().out.splitlines()
    assert [re.sub(r" +[\d.]+ best +[\d.]+ median  ms", "", line) for line in lines] == [
        "road: 8 riders x 3 laps, 24 reads, 24 passings",
        "  reads to passings",
        "  72 noisy reads to passings",
        "  passings to standings, closed",
        "  passings to standings, live at half",
        "laps: 8 riders x 3 laps, 24 reads, 24 passings",
        "  reads to passings",
        "  72 noisy reads to passings",
        "  passings to standings, closed",
        "  passings to standings, live at half",
    ]


def test_the_whole_recompute_is_measured_on_a_race_in_which_every_rule_speaks():
    found = recompute.figures(riders=40, laps=3)
    assert (found["riders"], found["rulings"]) == (40, 40)
    assert found["whole_ms"] >= found["score_and_explain_ms"] > 0
