"""A ruling and its revocation, by the doors they come through: the board is byte for byte what it was."""

import orjson
import pytest

from race.clock import now
from results import facts, live, memory, rulings
from results.models import Ruling
from tests.results.test_publication import finished

pytestmark = pytest.mark.django_db

DETAILS = {
    "dsq": {"leave_place_open": True},
    "pulled": {"after_lap": 1},
    "time_penalty": {"seconds": 20},
    "credit_time_of": {"of": 1},
    "chip_swap": {"a": 1, "b": 3},
    "results_at_lap": {"lap": 1},
    "neutralise": {"us": 90_000_000},
    "finish_order": {"order": [[2], [1]]},
}
#: They change nothing on this board: a warning is a word, 3 rides alone, nobody is over a limit.
SILENT = {"warning", "otl_waive", "otl_waive_all", "split"}


def boards(stage):
    """The board from all the facts, and the one a worker has remembered."""
    stage.race.refresh_from_db()
    whole, remembered = live.board(stage.race), live.encode(memory.known(stage.race))
    assert whole == remembered
    return orjson.loads(whole.json)


def result(board):
    """All that a board says but for its number and what moment it is of."""
    return {key: value for key, value in board.items() if key not in ("revision", "clock", "now")}


def test_each_kind_of_ruling_taken_back_restores_the_board_byte_for_byte():
    stage = finished()
    memory.forget()
    before = orjson.dumps(result(boards(stage)))
    silent = set()
    for kind, (about_rider, must, _may) in rulings.KINDS.items():
        if kind == "close":
            continue
        detail = DETAILS.get(kind, {})
        if "at_us" in must:
            detail = {"at_us": facts.microseconds(now(stage.edition)) - 1_000_000}
        made = rulings.issue(stage.race, kind, bib=3 if about_rider else None, detail=detail, reason=kind, by=None)
        if orjson.dumps(result(boards(stage))) == before:
            silent.add(kind)
        rulings.revoke(Ruling.objects.get(pk=made.pk), reason="it was another", by=None)
        assert orjson.dumps(result(boards(stage))) == before, kind
    assert silent == SILENT
