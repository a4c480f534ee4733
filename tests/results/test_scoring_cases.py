"""The worked cases, and the command that runs them."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from results.scoring.cases import judge

FILE = Path(__file__).parent.parent / "data" / "scoring-cases.json"
CASES = json.loads(FILE.read_text(encoding="utf-8"))["cases"]
OWN = json.loads(FILE.with_name("more-scoring-cases.json").read_text(encoding="utf-8"))["cases"]
RACES = [case for case in CASES + OWN if case["kind"] in ("mass", "laps")]


@pytest.mark.parametrize("case", CASES + OWN, ids=lambda case: case["id"])
def test_the_engine_agrees_with_the_case(case):
    verdict = judge(case)
    assert (verdict.got, verdict.outcome) == (verdict.expected, "agree")


def test_there_are_95_of_them():
    assert len(CASES) == 95


def renamed(case):
    """The same race with other numbers, every fact in another order, and riders who have nothing to do with it."""
    told = json.loads(json.dumps(case))
    race, expect = told["given"], told["expect"]

    def number(bib):
        return 3 * bib + 100

    chips = race.get("chips")
    if chips:
        race["chips"] = {chip: number(bib) for chip, bib in reversed(chips.items())}
    else:
        race["reads"] = [[number(read[0]), *read[1:]] for read in race["reads"]]
    race["reads"].reverse()
    race["reads"].append(["of-nobody", 1_234_567])
    race["riders"] = [{**rider, "bib": number(rider["bib"])} for rider in reversed(race["riders"])]
    race["riders"] += [{"bib": 9001}, {"bib": 9002}]
    if not chips:
        race["chips"] = {str(rider["bib"]): rider["bib"] for rider in race["riders"]}
    for ruling in race.get("decisions", ()):
        ruling |= {key: number(ruling[key]) for key in ("bib", "of", "a", "b") if key in ruling}
    for group in race.get("judge", {}).get("order", ()):
        group[:] = map(number, group)
    race.setdefault("decisions", []).append({"type": "dnf", "bib": 9002})
    expect["rows"] = [[row[0], number(row[1]), *row[2:]] for row in expect["rows"]]
    dnf = next((at for at, row in enumerate(expect["rows"]) if row[2] in ("DSQ", "DNS")), len(expect["rows"]))
    expect["rows"].insert(dnf, [None, 9002, "DNF", 0, None, None])
    expect["rows"].append([None, 9001, "DNS", 0, None, None])
    expect.pop("flags", None)
    return told


@pytest.mark.parametrize("case", RACES, ids=lambda case: case["id"])
def test_other_numbers_another_order_and_riders_beside_it_change_no_case(case):
    verdict = judge(renamed(case))
    assert (verdict.got, verdict.outcome) == (verdict.expected, "agree")


def _file(tmp_path: Path, *cases: dict) -> Path:
    path = tmp_path / "cases.json"
    path.write_text(json.dumps({"schema": "scoring-cases/1", "cases": cases}), encoding="utf-8")
    return path


def _wrong() -> dict:
    case = json.loads(json.dumps(next(case for case in CASES if case["id"] == "M02")))
    case["expect"]["rows"][1][4] = 3600
    return case


def test_a_file_that_agrees_passes(tmp_path):
    out = StringIO()
    call_command("score_cases", _file(tmp_path, CASES[0], CASES[1]), "--json", stdout=out)
    report = json.loads(out.getvalue())
    assert report == {
        "total": 2,
        "agree": 2,
        "disagree": 0,
        "unsupported": 0,
        "cases": [{"id": case["id"], "kind": "mass", "outcome": "agree"} for case in CASES[:2]],
    }


def test_a_disagreement_fails_and_says_what_differs(tmp_path):
    out = StringIO()
    with pytest.raises(CommandError, match="1 of 2 cases do not agree"):
        call_command("score_cases", _file(tmp_path, CASES[0], _wrong()), "--json", stdout=out)
    assert json.loads(out.getvalue())["cases"][1] == {
        "id": "M02",
        "kind": "mass",
        "outcome": "disagree",
        "expected": {"rows": [[1, 1, "FIN", 1, 3600, 0], [2, 2, "FIN", 1, 3600, 1]]},
        "got": {"rows": [[1, 1, "FIN", 1, 3600, 0], [2, 2, "FIN", 1, 3601, 1]]},
    }


def test_a_kind_that_is_not_built_is_no_agreement(tmp_path):
    out = StringIO()
    with pytest.raises(CommandError, match="1 of 1 cases do not agree"):
        call_command(
            "score_cases", _file(tmp_path, {"id": "Q1", "kind": "keirin", "given": {}, "expect": {}}), stdout=out
        )
    assert out.getvalue().splitlines() == ["Q1    keirin    unsupported ", "unsupported: 1"]


@pytest.mark.parametrize("text", ["not json", "[]", '{"cases": []}', '{"cases": 3}'])
def test_a_file_that_is_no_file_of_cases_is_said_to_be_none(tmp_path, text):
    path = tmp_path / "cases.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CommandError, match=r"cases\.json: "):
        call_command("score_cases", path)


def test_a_case_that_is_not_in_the_schema_is_named(tmp_path):
    with pytest.raises(CommandError, match="Case M01 is not written in the schema"):
        call_command("score_cases", _file(tmp_path, {**CASES[0], "given": {"riders": []}}))


def test_flags_are_checked_for_the_bibs_a_case_names():
    case = json.loads(json.dumps(next(case for case in CASES if case["id"] == "M34")))
    case["expect"]["flags"]["2"] = ["duplicate_read"]
    assert judge(case).outcome == "disagree"


def test_the_order_within_one_unranked_status_is_not_checked():
    case = json.loads(json.dumps(CASES[0]))
    case["given"]["riders"] += [{"bib": 8}, {"bib": 9}]
    case["expect"]["rows"] += [[None, 9, "DNS", 0, None, None], [None, 8, "DNS", 0, None, None]]
    assert judge(case).outcome == "agree"
