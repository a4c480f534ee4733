"""One counter: every fact of an edition has a number, and the board at revision N is a function of all facts up to N."""

from collections.abc import Iterable, Sequence

from django.db import connection, transaction

from race import doorbell
from race.models import Change, Edition, Fact, Race

SET_BACK = "the record was set back: boards of higher numbers had been shown"
#: How far past a number that was shown: facts that changed no board had numbers too.
MARGIN = 1000


def advance(edition: Edition, races: Iterable[Race | int], facts: Sequence[Fact] = ()) -> int:
    """Move the edition's counter by one and give `facts` that number; it becomes the revision of `races`.

    Call it last inside the transaction that writes the facts: the row lock it takes on the edition is held until the
    commit, so whoever sees revision N sees every fact up to N. An action that must know its number first calls it first.
    After the commit the bell rings for the board of each race. Returns the number. Raises if not inside a transaction.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("revision.advance belongs inside the transaction of the fact")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE race_edition SET revision = revision + 1 WHERE id = %s RETURNING revision", [edition.pk])
        number = int(cursor.fetchone()[0])
    edition.revision = number
    ids = sorted({race if isinstance(race, int) else race.pk for race in races})
    if ids:
        Race.objects.filter(pk__in=ids, revision__lt=number).update(revision=number)
        doorbell.after_commit(doorbell.REFRESH, ids)
    for model in {type(fact) for fact in facts}:
        written = [fact for fact in facts if type(fact) is model]
        model._default_manager.filter(pk__in=[fact.pk for fact in written]).update(revision=number)
        for fact in written:
            fact.revision = number
    return number


@transaction.atomic
def lead_past(race: Race, shown: int) -> int:
    """Lead the counter past a number that was shown and that the record does not know: an older dump was restored.

    What is appended from here on would otherwise get numbers under which something else was seen, printed and kept. Every race
    that has a number gets the new one. Recorded as a change of the edition. Returns the race's revision.
    """
    edition = Edition.objects.select_for_update().get(pk=race.edition_id)
    revision = Race.objects.values_list("revision", flat=True).get(pk=race.pk)
    if revision >= shown:  # somebody else was here first
        return int(revision)
    was, edition.revision = edition.revision, max(edition.revision, shown) + MARGIN
    edition.save(update_fields=["revision"])
    change = Change.objects.create(
        edition=edition, model=edition._meta.label, object_id=edition.pk, reason=SET_BACK,
        before={"revision": was}, after={"revision": edition.revision + 1},
    )  # fmt: skip
    return advance(edition, Race.objects.filter(edition=edition, revision__gt=0), [change])
