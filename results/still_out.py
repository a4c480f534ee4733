"""A race is not closed over the head of somebody who is still out there: those who are, are named."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from race.models import Race
from race.refused import Refused
from results import facts
from results.scoring.out_there import still_out

MOST_SHOWN = 30


def named(race: Race, said: Sequence[int]) -> list[int]:
    """The riders still out there; refused as `riders_out` unless each of them is named, and as
    `not_started` before the first gun. The edition's row is locked by now."""
    known = facts.gather(race).facts
    if not known.begun:
        raise Refused("not_started", _("The race has not started: no gun was fired."))
    out = still_out(known)
    if missing := [bib for bib in out if bib not in set(said)]:
        shown = ", ".join(map(str, missing[:MOST_SHOWN])) + (" …" if len(missing) > MOST_SHOWN else "")
        sentence = _("Still out there: %(bibs)s. Whoever closes the race names them.")
        raise Refused("riders_out", sentence % {"bibs": shown})
    return list(out)
