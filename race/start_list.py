"""The start list: who rides, published as a fact."""

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from race import changes
from race.models import Edition, Entry, Race, User
from race.refused import Refused


@transaction.atomic
def publish(races: Iterable[Race], *, by: User | None) -> None:
    """Publish the start lists of races of one edition; from now on every change to them is a fact.

    Refused where an entry of the list has no bib: a commissaire could not name the rider.
    """
    races = list(races)
    edition = Edition.objects.get(pk=races[0].edition_id)
    missing = Entry.objects.filter(race__in=races, state=Entry.State.CONFIRMED, bib=None).count()
    if missing:
        raise Refused("no_bib", _("%(count)d entries have no bib yet.") % {"count": missing})
    now = timezone.now()
    changes.edit(edition, races, [(race, {"published_at": now}) for race in races if race.published_at is None], by=by)
