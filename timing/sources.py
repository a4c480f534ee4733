"""What an operator says of a source: where it stands, and how far its clock is off."""

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import transaction
from django.utils.translation import gettext as _

from race import changes, clock, revision
from race.models import Race, TimingPoint, User
from race.refused import Refused
from timing.models import ClockOffset, Source

LONGEST_OFFSET_US = 400 * 86_400 * 1_000_000


def races_at(*points: TimingPoint | None) -> list[int]:
    """The races whose boards change with a source that stands at these points."""
    courses = [point.course_id for point in points if point is not None]
    return list(Race.objects.filter(course__in=courses).values_list("pk", flat=True))


@transaction.atomic
def place(
    source: Source, *, point: TimingPoint | None, role: str, zone: str, by: User | None, reason: str = ""
) -> Source:
    """Say where a source stands, whether it is main or backup, and which zone its clock is set to.

    Refused for a zone nobody knows and for a point of another edition. Every board of the courses concerned moves.
    """
    source = Source.objects.select_for_update().select_related("edition").get(pk=source.pk)
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as problem:
        raise Refused("bad_zone", _("%(zone)s is no time zone.") % {"zone": zone}) from problem
    if point is not None and point.course.edition_id != source.edition_id:
        raise Refused("other_edition", _("This timing point belongs to another edition."))
    before = source.point
    wanted = {"point_id": point.pk if point else None, "role": role, "zone": zone}
    changes.edit(source.edition, races_at(before, point), [(source, wanted)], by=by, reason=reason)
    return source


@transaction.atomic
def set_offset(
    source: Source, *, since: datetime | None, offset_us: int, evidence: str, by: User | None
) -> ClockOffset:
    """From `since` on (None: from the beginning), add `offset_us` to the source's clock to get true time.

    Refused without evidence, and for more than 400 days: that is a wrong date, not a clock. Refused (`bad_time`) from a
    year on in which there are no reads.
    """
    if not evidence.strip():
        raise Refused("evidence_missing", _("Say what the offset was measured with."))
    if abs(offset_us) > LONGEST_OFFSET_US:
        raise Refused("offset_too_large", _("A clock is not off by more than 400 days."))
    if since is not None and not clock.EARLIEST <= since < clock.END:
        raise Refused("bad_time", _("An offset begins in the years 1970 to 2099."))
    offset = ClockOffset.objects.create(
        edition=source.edition, source=source, since=since, offset_us=offset_us, evidence=evidence, by=by
    )
    revision.advance(source.edition, races_at(source.point), [offset])
    return offset
