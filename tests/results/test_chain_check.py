"""Each way to touch an official act behind the program's back is found, and its place named."""

import json
from contextlib import contextmanager

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from race import changes
from race.models import Entry
from results import chain_check, printing, protests, publication, ruling_evidence, rulings
from results.models import Communique, Link, ProtestStep, Ruling
from tests.results.test_publication import finished

pytestmark = pytest.mark.django_db


@pytest.fixture
def stage():
    """Six acts: close, publication, communiqué, dsq, publication, communiqué."""
    stage = finished()
    publication.publish(stage.race, by=None)
    rulings.issue(stage.race, "dsq", bib=1, reason="helmet", article="R-HELMET", by=None)
    publication.publish(stage.race, by=None)
    printing.make(Communique.objects.latest("pk").pk)
    return stage


@contextmanager
def guards_off():
    """As whoever owns the database can: no trigger fires."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET session_replication_role = replica")
        try:
            yield cursor
        finally:
            cursor.execute("SET session_replication_role = DEFAULT")


def found(stage, head=""):
    return [(fault.position, fault.code) for fault in chain_check.faults(stage.edition, head)]


def test_what_was_not_touched_is_whole(stage):
    paper = Communique.objects.select_related("link").latest("pk")
    assert [found(stage, head) for head in ("", paper.link.hash, paper.link.previous_hash)] == [[], [], []]
    # As the foot of a paper prints it.
    digest = paper.link.previous_hash
    printed = " ".join(digest[at : at + 4] for at in range(0, 16, 4)) + " ⋯ " + digest[-4:]
    assert found(stage, printed) == []


EDITS = [
    ("results_ruling", "reason = 'nothing'", "kind = 'dsq'", [(4, "row_differs")]),
    ("results_ruling", "detail = '{\"seconds\": 1}'", "kind = 'dsq'", [(4, "row_differs")]),
    ("results_ruling", "at = at + interval '1 second'", "kind = 'close'", [(1, "row_differs")]),
    ("results_publication", "standing = 'official'", "version = 2", [(5, "row_differs")]),
    ("results_publication", "board = board || ' '::bytea", "version = 1", [(2, "row_differs")]),
    ("results_communique", "content = content || ' '::bytea", "number = 2", [(6, "row_differs")]),
    ("results_communique", "code = 'C2-0000'", "number = 2", [(6, "row_differs")]),
    ("results_printed", "body = body || ' '::bytea", "language = 'zh'", [(6, "file_differs")]),
    ("results_link", "canonical = canonical || ' '::bytea", "position = 4", [(4, "broken")]),
    ("results_link", "hash = repeat('0', 64)", "position = 3", [(3, "broken")]),
]


@pytest.mark.parametrize(("table", "change", "where", "faults"), EDITS)
def test_an_edited_row_is_found_at_its_place(stage, table, change, where, faults):
    with guards_off() as cursor:
        cursor.execute(f"UPDATE {table} SET {change} WHERE {where}")
        assert cursor.rowcount == 1
    assert found(stage) == faults


def test_a_ruling_given_to_another_rider_is_found(stage):
    other = stage.entries[2].pk
    with guards_off() as cursor:
        cursor.execute("UPDATE results_ruling SET entry_id = %s WHERE kind = 'dsq'", [other])
    assert found(stage) == [(4, "row_differs")]


VERDICT = (7, "row_differs")
SHOWN = (8, "row_differs")
LATER = [
    ("UPDATE results_proteststep SET reason = 'bribed' WHERE kind = 'rejected'", VERDICT),
    ("UPDATE results_proteststep SET kind = 'upheld' WHERE kind = 'rejected'", VERDICT),
    ("UPDATE results_protest SET bibs = '[3]'", VERDICT),
    ("DELETE FROM results_proteststep WHERE kind = 'rejected'", (7, "row_missing")),
    ("UPDATE results_evidence SET body = body || ' '::bytea", SHOWN),
    ("DELETE FROM results_evidence", SHOWN),
]


def test_a_touched_verdict_and_touched_evidence_are_found_at_their_places(stage):
    entry = Entry.objects.get(race=stage.race, bib=2)
    protest = protests.file(stage.race, bibs=[1], text="took my line", by_entry=entry)
    protests.decide(protest, ProtestStep.Kind.REJECTED, reason=" not seen on film ", by=None)
    shown = ruling_evidence.read([("film.png", b"\x89PNG\r\n\x1a\n" + b"picture")])
    rulings.issue(stage.race, "dnf", bib=4, reason="see film", by=None, shown=shown)
    assert found(stage) == []
    for statement, fault in LATER:
        with transaction.atomic():
            with guards_off() as cursor:
                cursor.execute(statement)
                assert cursor.rowcount == 1
            assert found(stage) == [fault], statement
            transaction.set_rollback(True)


def test_a_number_swapped_later_by_the_program_is_no_fault(stage):
    entry = stage.entries[1]
    changes.edit(stage.edition, [stage.race], [(entry, {"bib": 77})], by=None)
    assert Entry.objects.get(pk=entry.pk).bib == 77
    assert found(stage) == []


def test_a_deleted_ruling_and_its_deleted_act_are_found(stage):
    ruling = Ruling.objects.get(kind="dsq")
    with guards_off() as cursor:
        cursor.execute("DELETE FROM results_ruling WHERE id = %s", [ruling.pk])
    assert found(stage) == [(4, "row_missing")]
    with guards_off() as cursor:
        cursor.execute("DELETE FROM results_link WHERE id = %s", [ruling.link_id])
    assert found(stage) == [(4, "broken")]


def test_a_cut_tail_is_found_against_the_printed_head_and_only_so(stage):
    head = Communique.objects.latest("pk").link.hash
    with guards_off() as cursor:
        cursor.execute("DELETE FROM results_printed")
        cursor.execute("DELETE FROM results_communique WHERE number = 2")
        cursor.execute("DELETE FROM results_publication WHERE version = 2")
        cursor.execute("DELETE FROM results_link WHERE position > 4")
    assert found(stage) == []
    assert found(stage, head) == [(5, "head_missing")]
    assert found(stage, "0000") == [(5, "head_missing")]  # too short to mean anything


def test_the_command_names_the_place_and_fails(stage, capsys):
    call_command("verify_chain", edition="edition-open")
    assert capsys.readouterr().out == f"edition-open: 6 acts, whole; head {Link.objects.latest('position')}\n"
    with guards_off() as cursor:
        cursor.execute("UPDATE results_ruling SET reason = 'x' WHERE kind = 'dsq'")
    with pytest.raises(CommandError, match="1 faults"):
        call_command("verify_chain")
    assert capsys.readouterr().out == "edition-open: act 4: row_differs: ruling: reason\n"
    with pytest.raises(CommandError, match="1 faults"):
        call_command("verify_chain", "--json")
    assert json.loads(capsys.readouterr().out) == {
        "faults": 1,
        "editions": [
            {"edition": "edition-open", "acts": 6, "head": Link.objects.latest("position").hash,
             "faults": [{"position": 4, "code": "row_differs", "what": "ruling: reason"}]}
        ],
    }  # fmt: skip
    for wrong in ({"edition": "no-such"}, {"head": "abc"}):
        with pytest.raises(CommandError):
            call_command("verify_chain", **wrong)
