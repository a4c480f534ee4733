"""How detections at a timing point become one passing: settings that can change a board, so each edit is a fact."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from race import changes
from race.models import Gun, Race, TimingPoint, User
from race.refused import Refused

SETTINGS = ("dedup_ms", "backup_ms", "policy")
#: Two mats of one line are seconds apart, and no lap is shorter than this.
LONGEST_MS = 600_000


@transaction.atomic
def change(point: TimingPoint, values: Mapping[str, Any], *, by: User | None, reason: str = "") -> TimingPoint:
    """Other settings for a point: `dedup_ms`, `backup_ms`, `policy`, as many as are given. Every board of the course moves.

    Refused: `bad_setting`; `reason_missing` once a race of the course has its gun, for then it can change places.
    """
    point = TimingPoint.objects.select_for_update(of=("self",)).select_related("course__edition").get(pk=point.pk)
    wanted = {name: values[name] for name in SETTINGS if name in values}
    _check(wanted)
    races = list(Race.objects.filter(course=point.course_id).values_list("pk", flat=True))
    if not reason.strip() and Gun.objects.filter(wave__race__in=races).exists():
        raise Refused("reason_missing", _("A race of this course has begun: say why this changes now."))
    changes.edit(point.course.edition, races, [(point, wanted)], by=by, reason=reason.strip())
    return point


def _check(wanted: Mapping[str, Any]) -> None:
    for name in ("dedup_ms", "backup_ms"):
        value = wanted.get(name, 0)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LONGEST_MS:
            said = {"name": name, "most": LONGEST_MS}
            raise Refused("bad_setting", _("%(name)s is a whole number of milliseconds from 0 to %(most)s.") % said)
    if wanted.get("policy", TimingPoint.Policy.FIRST) not in TimingPoint.Policy.values:
        raise Refused("bad_setting", _("The policy is one of: %(names)s.") % {"names": ", ".join(TimingPoint.Policy)})
