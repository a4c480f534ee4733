"""Who is still out there: called up, and neither home nor out of the race. Nobody goes home while somebody is."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from race.models import Race
from race.refused import Refused
from results import facts, scoring
from results.scoring.race_facts import RaceFacts, Standings

#: Rulings that say that somebody was seen off the course.
OFF = ("dnf", "dns", "pulled")


def bibs(known: RaceFacts, standings: Standings) -> list[int]:
    """Called up less finished, DNF and pulled, by bib. Nobody is before the gun.

    A disqualified rider who was not seen home rides on until a ruling says that he is off the course.
    """
    off = {ruling.bib for ruling in known.rulings if ruling.kind in OFF}
    goal = max((row.laps for row in standings.rows if row.status == "FIN"), default=known.rules.laps)
    out = []
    for row in standings.rows:
        begun = row.status in ("racing", "NR")
        riding_on = row.status == "DSQ" and row.laps < goal and bool(row.crossings)
        if (begun or riding_on) and row.bib not in off:
            out.append(row.bib)
    return sorted(out)


def of(race: Race) -> list[int]:
    """The same of a race as it is now."""
    known = facts.gather(race).facts
    return bibs(known, scoring.score(known))


def named(race: Race, said: Sequence[int]) -> None:
    """Refused as `riders_out` unless every rider who is still out there is named. The edition's row is locked by now."""
    missing = [bib for bib in of(race) if bib not in set(said)]
    if missing:
        shown = ", ".join(map(str, missing[:30])) + (" …" if len(missing) > 30 else "")
        sentence = _("Still out there: %(bibs)s. Whoever closes the race names them.")
        raise Refused("riders_out", sentence % {"bibs": shown})
