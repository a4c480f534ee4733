"""The gun: the official start of a wave."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from race import revision
from race.models import Edition, Gun, User, Wave
from race.refused import Refused


@transaction.atomic
def fire(wave: Wave, at: datetime, *, by: User | None, reason: str = "", seen: int | None = None) -> Gun:
    """Set the official start of a wave (event time, with zone). A later call corrects it; both stay on record.

    `seen`: the revision of the start that stood when the correction was decided (0: none), so that nobody overwrites what a
    colleague has set since. Refused for an instant without a zone, for another day than the race's, for a correction without
    a reason, and where another start stands than the one that was seen.
    """
    if at.tzinfo is None:
        raise Refused("no_zone", _("A time needs its offset from UTC."))
    hours = abs((at - wave.planned_at).total_seconds()) / 3600
    if hours > 12:
        raise Refused("wrong_day", _("The start is more than 12 hours from the programme: check the date."))
    # Two judges decide one after the other. The lock is that of `revision.advance`: a wave's own could go round in a circle.
    Edition.objects.select_for_update(no_key=True).only("pk").get(pk=wave.race.edition_id)
    standing = wave.guns.order_by("-revision").first()
    if seen is not None and seen != (standing.revision if standing else 0):
        raise Refused("fired_meanwhile", _("Another start was set meanwhile: look at it first."))
    if not reason and standing is not None:
        raise Refused("reason_missing", _("A start that was set already is corrected with a reason."))
    gun = Gun.objects.create(edition=wave.race.edition, wave=wave, at=at, by=by, reason=reason)
    revision.advance(wave.race.edition, [wave.race], [gun])
    return gun
