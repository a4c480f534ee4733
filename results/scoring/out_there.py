"""Who is still out there: called up, and neither home nor seen off the course. Nobody packs up while somebody is.

| article | rule | function | |
|---|---|---|---|
| head count | called up - finished - DNF - pulled = still out there | `still_out` | done |
| | DSQ is a decision about a result: the rider is on the road until seen off it or home | `still_out` | done |
"""

from . import laps, status
from .race_facts import RaceFacts

#: Rulings that say that somebody was seen off the course, or was never on it.
OFF = ("dnf", "dns", "pulled")


def still_out(facts: RaceFacts) -> tuple[int, ...]:
    """The bibs of those still out there, ascending. Nobody is before the gun; a closed race has those who were never found."""
    field = laps.ridden(facts)
    over = {ride.bib for ride in field.rides if ride.home or ride.status == "LAP"}
    over |= {ride.bib for kind in OFF for ride, _ruling in field.ruled(kind)}
    status.settle(field)
    left = (ride for ride in field.rides if ride.bib not in over)
    return tuple(
        sorted(
            ride.bib for ride in left
            if ride.status in ("racing", "NR")
            or (ride.status == "DSQ" and (ride.seen or (ride.gun_us is not None and ride.entry.signed_on)))
        )
    )  # fmt: skip
