"""The gun: the official start of a wave."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from race import revision
from race.models import Gun, User, Wave
from race.refused import Refused


@transaction.atomic
def fire(wave: Wave, at: datetime, *, by: User | None, reason: str = "") -> Gun:
    """Set the official start of a wave (event time, with zone). A later call corrects it; both stay on record.

    Refused for an instant without a zone, for another day than the race's, and for a correction without a reason.
    """
    if at.tzinfo is None:
        raise Refused("no_zone", _("A time needs its offset from UTC."))
    hours = abs((at - wave.planned_at).total_seconds()) / 3600
    if hours > 12:
        raise Refused("wrong_day", _("The start is more than 12 hours from the programme: check the date."))
    if not reason and wave.guns.exists():
        raise Refused("reason_missing", _("A start that was set already is corrected with a reason."))
    gun = Gun.objects.create(edition=wave.race.edition, wave=wave, at=at, by=by, reason=reason)
    revision.advance(wave.race.edition, [wave.race], [gun])
    return gun
