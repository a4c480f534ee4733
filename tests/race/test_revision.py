"""One counter, and facts that are written once."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.db import DatabaseError, IntegrityError, connection, transaction

from race import changes, gun, revision, sign_on, transponders
from race.models import Change, Fact, Gun
from results import protests, publication, rulings
from tests import cast
from timing import corrections, sources
from timing.models import Delivery, Marker, Read, Reject, Source

pytestmark = pytest.mark.django_db


def hand_out(stage):
    entry = cast.enter(stage, 77)
    return transponders.hand_out(stage.edition, [(entry, "C77", None, None)], by=None)[0]


def take_in(stage):
    return stage.reads("C1 09:30:00").ingestions.get()


def change(stage):
    changes_before = Change.objects.count()
    sign_on.sign_on(stage.race, [1], by=None, here=False)
    assert Change.objects.count() == changes_before + 1
    return Change.objects.latest("pk")


def correct(stage):
    stage.reads("C1 09:30:00")
    return corrections.ignore(stage.read("C1", "09:30:00"), by=None, evidence="camera 2")


def publish(stage):
    gun.fire(stage.wave, cast.GUN, by=None)
    return publication.publish(stage.race, by=None)


def protest(stage):
    publish(stage)
    return protests.file(stage.race, bibs=[1], text="pushed me off the road", filed_by="A manager")


#: Every fact model, and an action that writes one.
WRITERS = {
    "race.Change": change,
    "race.Gun": lambda stage: gun.fire(stage.wave, cast.GUN, by=None),
    "race.Assignment": hand_out,
    "timing.Ingestion": take_in,
    "timing.ClockOffset": lambda stage: sources.set_offset(
        Source.objects.get(name="Backup"), since=None, offset_us=1, evidence="GPS", by=None
    ),
    "timing.Correction": correct,
    "results.Ruling": lambda stage: rulings.issue(stage.race, "dnf", bib=1, reason="broken chain", by=None),
    "results.Publication": publish,
    "results.Communique": lambda stage: publish(stage).communique,
    "results.Protest": protest,
    "results.ProtestStep": lambda stage: protests.withdraw(protest(stage), by=None),
}


def test_every_fact_model_is_listed_here():
    assert {model._meta.label for model in apps.get_models() if issubclass(model, Fact)} == set(WRITERS)


@pytest.mark.parametrize("label", sorted(WRITERS))
def test_writing_a_fact_advances_the_edition_and_the_race(label):
    stage = cast.make()
    before = stage.edition.revision
    fact = WRITERS[label](stage)
    fact.refresh_from_db()
    stage.edition.refresh_from_db()
    stage.race.refresh_from_db()
    assert fact._meta.label == label
    assert fact.revision == stage.edition.revision == stage.race.revision
    assert fact.revision > before


def refused(statement, reason):
    with pytest.raises(DatabaseError, match=reason), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize("label", sorted(set(WRITERS) - {"race.Assignment"}))
def test_the_database_refuses_to_edit_or_delete_a_fact(label):
    fact = WRITERS[label](cast.make())
    for statement in (
        f"UPDATE {fact._meta.db_table} SET revision = 1 WHERE id = {fact.pk}",
        f"DELETE FROM {fact._meta.db_table} WHERE id = {fact.pk}",
    ):
        refused(statement, "is a fact: it is written once")


def test_the_database_refuses_to_edit_or_delete_evidence():
    stage = cast.make()
    stage.reads("C1 09:30:00", " x nonsense".strip())
    for model in (Delivery, Read, Reject):
        table, pk = model._meta.db_table, model.objects.first().pk
        for statement in (f"UPDATE {table} SET id = id WHERE id = {pk}", f"DELETE FROM {table} WHERE id = {pk}"):
            refused(statement, "is evidence")
    assert Marker._meta.db_table == "timing_marker"
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid WHERE tgname = 'kept'")
        tables = {name for (name,) in cursor.fetchall()}
    entering = {"race_acceptance", "race_providercall", "race_ledgerline", "race_desktick", "race_logline"}
    afterwards = {"results_certificate", "results_certificatefile", "results_prizepayment"}
    assert (
        tables
        == {"timing_delivery", "timing_read", "timing_marker", "timing_reject", "results_link", "results_printed"}
        | entering
        | afterwards
    )


def test_the_database_refuses_to_empty_a_table_of_facts_or_evidence():
    stage = cast.make()
    stage.reads("C1 09:30:00")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "SELECT DISTINCT relname FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid"
            " WHERE tgname IN ('written_once', 'kept', 'numbered')"
        )
        tables = sorted(name for (name,) in cursor.fetchall())
    assert {"timing_delivery", "timing_read", "results_ruling", "race_ledgerline"} < set(tables)
    for table in (*tables, "race_edition"):  # the last reaches them all by CASCADE
        refused(f"TRUNCATE {table} CASCADE", "it is not emptied")
    assert (Delivery.objects.count(), Read.objects.count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_a_fact_without_a_number_cannot_be_committed():
    stage = cast.make()
    with pytest.raises(IntegrityError, match="has no revision"), transaction.atomic():
        Gun.objects.create(edition=stage.edition, wave=stage.wave, at=cast.GUN)
    assert Gun.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_advance_outside_a_transaction_is_a_bug():
    stage = cast.make()
    with pytest.raises(transaction.TransactionManagementError):
        revision.advance(stage.edition, [stage.race])


def test_a_race_that_is_not_concerned_keeps_its_revision():
    stage, other = cast.make(), cast.make(slug="other")
    before = (other.race.revision, other.edition.revision)
    stage.reads("C1 09:30:00")
    other.race.refresh_from_db()
    other.edition.refresh_from_db()
    assert (other.race.revision, other.edition.revision) == before


def test_an_edit_that_changes_nothing_is_no_fact():
    stage = cast.make()
    with transaction.atomic():
        assert changes.edit(stage.edition, [stage.race], [(stage.entries[1], {"signed_on": True})], by=None) is None


def test_a_change_says_before_and_after_of_what_changed_only():
    stage = cast.make()
    sign_on.sign_on(stage.race, [1], by=None, here=False)
    made = Change.objects.latest("pk")
    assert (made.model, made.object_id, made.before, made.after) == (
        "race.Entry",
        stage.entries[1].pk,
        {"signed_on": True},
        {"signed_on": False},
    )


def test_taking_a_chip_back_ends_it_and_is_recorded():
    stage = cast.make()
    assignment = stage.entries[1].assignments.get()
    transponders.take_back(assignment, cast.GUN + timedelta(hours=1), by=None, reason="lost")
    made = Change.objects.latest("pk")
    assert made.before == {"during": [None, None]}
    assert made.after == {"during": [None, "2024-05-25T02:00:00Z"]}
