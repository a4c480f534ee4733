"""Who is looked for: a rider overdue at a point is marked for a check, or given five more minutes, for all to see."""

from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from race import clock
from race.models import Entry, Race, TimingPoint, User
from race.refused import Refused
from results.models import Watch

WAIT = timedelta(minutes=5)
CLEAR = "clear"


@transaction.atomic
def mark(race: Race, bib: int, lap: int, point: str, kind: str, *, by: User | None) -> Watch | None:
    """Say that a rider is looked into (`check`), or waited for (`wait`: five minutes from now), or neither (`clear`).

    What is said last holds; it ends by itself once the rider is seen, as the next place is another one.
    Refused: `unknown_mark`, `not_on_list`, `unknown_point`.
    """
    if kind not in (*Watch.Kind.values, CLEAR):
        raise Refused("unknown_mark", _("A rider is marked with one of: %(names)s.") % {"names": "check, wait, clear"})
    entry = Entry.objects.filter(race=race, bib=bib, state=Entry.State.CONFIRMED).first() if 0 < bib < 2**31 else None
    if entry is None:
        raise Refused("not_on_list", _("Not on the start list: %(bibs)s.") % {"bibs": bib})
    if not 0 < lap < 2**15 or not TimingPoint.objects.filter(course=race.course_id, code=point).exists():
        raise Refused("unknown_point", _("The race has no such point on such a lap."))
    if kind == CLEAR:
        Watch.objects.filter(entry=entry, lap=lap, point=point).delete()
        return None
    now = clock.now(race.edition)
    said = {"kind": kind, "at": now, "until": now + WAIT if kind == Watch.Kind.WAIT else None, "by": by}
    made, _made = Watch.objects.update_or_create(entry=entry, lap=lap, point=point, defaults=said)
    return made
