"""Each measurement runs at a tiny size and tells what it promises; no time is asserted."""

import json
import random
from contextlib import nullcontext
from dataclasses import replace

import pytest

from bench import board, board_http, fuzz, fuzz_counts, ingest_file, live_lane, mat_to_board, scoring, spectators
from bench.__main__ import BENCHES, GOALS, main, table
from bench.figures import percentile
from bench.place import named
from timing.decoders import MAKES
from timing.decoders.live import LIVE


def without(found, *measured):
    """The figures that are no measurement; those that are must be there, as numbers."""
    assert [name for name in measured if not isinstance(found[name], int | float)] == []
    return {name: value for name, value in found.items() if name not in measured}


def test_scoring_tells_both_formats():
    steps = ("derive_ms", "derive_noisy_ms", "score_ms", "score_live_ms", "ms")
    measured = [f"{format_name}_{step}" for format_name in ("road", "laps") for step in steps]
    assert without(scoring.figures(riders=6, laps=2), *measured) == {"riders": 6, "laps": 2}


@pytest.mark.django_db(transaction=True)
def test_a_file_is_stored_once_beside_a_bare_copy():
    found = ingest_file.figures(reads=200)
    measured = ("copy_rows_per_s", "rows_per_s", "ratio", "again_to_first")
    assert without(found, *measured) == {"reads": 200, "lost": 0, "again_added": 0}


@pytest.mark.django_db(transaction=True)
def test_a_board_is_told_step_by_step():
    found = board.figures(riders=5, laps=2)
    measured = ("board_ms", "cost_ms", "facts_ms", "score_ms", "encode_ms")
    assert without(found, *measured) == {"riders": 5, "passings": 10, "finishers": 5}


@pytest.mark.django_db(transaction=True)
def test_every_read_of_a_real_line_comes_to_a_board(process_environment, redis):
    found = mat_to_board.figures(rate=20, length_s=1, riders=8)
    measured = ("boards", "p50_ms", "p99_ms", "yardstick_ms", "commit_ms", "celery_ms", "redis_ms", "ratio")
    assert without(found, *measured) == {"reads": 20, "rate_per_s": 20, "lost": 0, "not_on_a_board": 0}


@pytest.mark.django_db(transaction=True)
def test_the_held_board_is_asked_for_beside_a_bare_server(process_environment, redis):
    found = board_http.figures(riders=4, length_s=0.1)
    beside = ("nginx_per_s", "ratio")  # null where no nginx is installed
    measured = ("board_bytes", "gzip_bytes", "per_s", "bare_per_s", "ratio_to_bare")
    assert sorted(without(found, *measured)) == sorted(beside)


@pytest.mark.django_db(transaction=True)
def test_live_reads_are_taken_in_beside_a_backlog(monkeypatch):
    monkeypatch.setattr(live_lane, "LIVE", 2)
    found = live_lane.figures(lines=200)
    measured = ("beside", "alone_ms", "beside_ms", "worst_beside_ms", "ratio")
    assert without(found, *measured) == {"lost": 0}


def test_spectators_get_every_frame():
    found = spectators.figures(clients=3, frames=2)
    measured = ("connect_s", "p50_ms", "p99_ms", "kib_per_client")
    assert without(found, *measured) == {"clients": 3, "frames_expected": 6, "frames_received": 6}


def test_an_unknown_bench_is_told_so(capsys):
    assert main(["--only", "speed"]) == 2
    assert capsys.readouterr().err == f"There is no bench 'speed'; there are: {', '.join(BENCHES)}.\n"


def test_without_a_database_there_is_no_bench(capsys, monkeypatch):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert main(["--only", "scoring"]) == 2
    assert capsys.readouterr().err == "A bench needs PostgreSQL; ./run bench starts one and sets DATABASE_URL.\n"


def test_json_is_one_object_on_the_last_line(capsys, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql:///nowhere")
    monkeypatch.setattr("bench.__main__.own_place", lambda url: nullcontext())
    monkeypatch.setattr("bench.__main__.figures", lambda name, full: {"ratio": 0.5, "full": full})
    assert main(["--json", "--only", "ingest-file", "--full"]) == 0
    figures = {"ratio": 0.5, "full": True}
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == {"ingest-file": figures, **figures}


def test_a_person_sees_which_goals_are_reached():
    assert table("mat-to-board", {"lost": 0, "ratio": 9.5, "p50_ms": 40}).splitlines() == [
        "mat-to-board: from a decoder's socket to the published board, beside the least it can cost",
        "  lost                             0   ok: <= 0 (aim 0)",
        "  ratio                          9.5   MISSED: <= 8 (aim 4)",
        "  p50_ms                          40",
    ]


def test_every_goal_is_of_a_bench_there_is():
    assert set(GOALS) - set(BENCHES) == set()


def test_percentiles():
    values = [float(value) for value in range(100, 0, -1)]
    assert [percentile(values, 50), percentile(values, 99), percentile([7.0], 99), percentile([], 50)] == [
        51,
        100,
        7,
        0,
    ]


def test_another_database_of_the_same_server():
    assert named("postgresql://app@/app?host=/tmp/sock", "bench_1") == "postgresql://app@/bench_1?host=/tmp/sock"
    assert named("postgresql://localhost:5432/app", "bench_1") == "postgresql://localhost:5432/bench_1"


# --- fuzz -------------------------------------------------------------------------------------------------------------


def planted(parse):
    """A decoder of ours that does something else with its bytes."""
    return fuzz.targets({"planted": replace(MAKES["json"], parse=parse)})


def test_fuzz_finds_a_decoder_that_raises_and_tells_how_to_see_it_again():
    def fails(body, context):
        if b"$" in body:
            raise ZeroDivisionError
        return MAKES["json"].parse(body, context)

    tries, failure = fuzz.throw(planted(fails), random.Random(1), lambda tries: tries < 1000)
    assert failure is not None
    assert (failure.target, b"$" in failure.data, tries < 1000) == ("parse-planted", True, True)
    assert str(failure).endswith(f"\n  ./run fuzz --again parse-planted {failure.data.hex()}")
    assert "ZeroDivisionError" in str(failure)


def test_fuzz_finds_a_decoder_that_does_not_make_up_its_mind():
    answers = iter(range(10**9))
    _tries, failure = fuzz.throw(
        planted(lambda body, context: next(answers)), random.Random(1), lambda tries: tries < 10
    )
    assert failure is not None
    assert "the same bytes were read in two ways" in failure.said


@pytest.mark.parametrize("make", sorted(fuzz_counts.SAID))
def test_fuzz_finds_a_decoder_that_drops_something(make):
    decoder = MAKES[make]
    full = max(fuzz.samples_of(make), key=lambda body: len(decoder.parse(body, fuzz.CONTEXT).reads))

    def forgetful(body, context):
        parsed = decoder.parse(body, context)
        return parsed._replace(reads=parsed.reads[2:])

    assert fuzz.attempt(make, lambda data: fuzz.parse(decoder, data), full) is None
    failure = fuzz.attempt(make, lambda data: fuzz.parse(replace(decoder, parse=forgetful), data), full)
    assert failure is not None
    assert "things were said, and" in failure.said


def test_fuzz_takes_only_the_targets_that_are_asked_for(capsys):
    assert fuzz.main(["--only", "json", "--each", "0.01"]) == 0
    assert "parse-json\n" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        fuzz.main(["--only", "sundial"])


def test_fuzz_finds_a_session_that_depends_on_the_cut():
    class Forgetful:
        pending = b""

        def feed(self, data):
            return [data]

    decoder = replace(MAKES["mylaps"], open_session=lambda name: Forgetful())
    failure = fuzz.attempt("session-planted", lambda data: fuzz.converse(decoder, data), bytes(1000))
    assert failure is not None
    assert "the cut of the stream changed its frames" in failure.said


def test_fuzz_finds_nothing_in_what_we_have():
    found = fuzz.targets()
    assert set(found) == {"scoring", *(f"parse-{make}" for make in MAKES), *(f"session-{make}" for make in LIVE)}
    assert len(LIVE) == 8 and len(MAKES) == 12
    enough = 30 * len(found)
    assert fuzz.throw(found, random.Random(2), lambda tries: tries < enough) == (enough, None)


def test_fuzz_does_one_input_once_more(capsys):
    assert fuzz.main(["--again", "parse-csv", b"\xff\xfe".hex()]) == 0
    assert capsys.readouterr().out == "1 inputs, nothing failed\n"


def test_fuzz_fails_with_the_bytes(capsys, monkeypatch):
    def fails(data):
        raise ZeroDivisionError

    monkeypatch.setattr(fuzz, "targets", lambda: {"scoring": fails})
    assert fuzz.main(["--seconds", "1", "--seed", "3"]) == 1
    data = random.Random(3).randbytes(8).hex()
    assert capsys.readouterr().out.splitlines()[-2:] == [
        "scoring failed. To see it again:",
        f"  ./run fuzz --again scoring {data}",
    ]
