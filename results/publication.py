"""Publishing: the standings of a race at a revision, frozen."""

import hashlib

from django.db import transaction
from django.db.models import Max

from race import revision
from race.models import Race, User
from results import chain, live
from results.models import Publication


@transaction.atomic
def publish(race: Race, *, by: User | None, standing: str = Publication.Standing.PROVISIONAL) -> Publication:
    """Freeze the board as it is now. The counter moves first: its row lock makes "all facts up to N" a snapshot."""
    number = revision.advance(race.edition, [race])
    race = Race.objects.select_related("edition", "course").get(pk=race.pk)
    frozen = live.board(race)
    newest = Publication.objects.filter(race=race).aggregate(Max("version"))["version__max"] or 0
    act = {
        "act": "publication",
        "race": race.slug,
        "revision": number,
        "version": newest + 1,
        "standing": str(standing),
        "sha256": hashlib.sha256(frozen.json).hexdigest(),
    }
    return Publication.objects.create(
        edition=race.edition,
        revision=number,
        race=race,
        version=newest + 1,
        standing=standing,
        board=frozen.json,
        link=chain.append(race.edition, act),
        by=by,
    )
