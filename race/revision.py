"""One counter: every fact of an edition has a number, and the board at revision N is a function of all facts up to N."""

from collections.abc import Iterable, Sequence

from django.db import connection, transaction

from race import doorbell
from race.models import Edition, Fact, Race


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
