"""Sign-on: the rider is here. Call-up opens and closes by the event's clock, an hour and ten minutes before the start."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from race import changes, clock
from race.entry_rules import EntryRules
from race.models import Entry, Race, Role, User, Wave
from race.refused import Refused

#: Who may let a rider through in spite of what is missing or of the clock, with a written reason.
MAY_LET_THROUGH = frozenset({Role.Name.CHIEF, Role.Name.ORGANISER})
NOT_OPEN, CLOSED = "sign_on_not_open", "sign_on_closed"


@dataclass(frozen=True, slots=True)
class Window:
    """From when until when riders of a wave sign on, in event time; the end does not belong to it."""

    opens_at: datetime
    closes_at: datetime

    def refusal(self, at: datetime) -> str:
        """Why nobody signs on at an instant, as a code; empty while sign-on is open."""
        if at < self.opens_at:
            return NOT_OPEN
        return "" if at < self.closes_at else CLOSED


def window(wave: Wave, rules: EntryRules) -> Window:
    """The window of a wave by its time on the programme."""
    opens, closes = timedelta(minutes=rules.sign_on_opens_min), timedelta(minutes=rules.sign_on_closes_min)
    return Window(wave.planned_at - opens, wave.planned_at - closes)


@transaction.atomic
def sign_on(
    race: Race,
    bibs: Iterable[int],
    *,
    by: User | None,
    here: bool = True,
    roles: Collection[str] = (),
    reason: str = "",
) -> int:
    """Note that riders of a race are here (or, with `here=False`, that this was a mistake). Returns how many changed.

    Whoever is already signed on stays so: a second scan is no error. Refused as a whole when a bib is not on the list, and
    outside the window unless one of the asker's `roles` may let riders through and a reason is written. A program (`by`
    None) is not bound by the window, and a mistake is taken back at any time.
    """
    wanted = set(bibs)
    found = Entry.objects.select_for_update(of=("self",)).select_related("race", "category__wave")
    entries = list(found.filter(race=race, bib__in=wanted, state=Entry.State.CONFIRMED).order_by("pk"))
    strangers = sorted(wanted - {entry.bib for entry in entries if entry.bib})
    if strangers:
        raise Refused("not_on_list", _("Not on the start list: %(bibs)s.") % {"bibs": ", ".join(map(str, strangers))})
    moved = [entry for entry in entries if entry.signed_on is not here]
    if here and by is not None and not (reason and MAY_LET_THROUGH & set(roles)):
        _refuse_outside(race, moved)
    changes.edit(race.edition, [race], [(entry, {"signed_on": here}) for entry in moved], by=by, reason=reason)
    return len(moved)


def _refuse_outside(race: Race, entries: Iterable[Entry]) -> None:
    rules, now = EntryRules.of(race.edition.entry_rules), clock.now(race.edition)
    said = {window(entry.category.wave, rules).refusal(now) for entry in entries}
    if CLOSED in said:
        raise Refused(
            "sign_on_closed", _("Sign-on is closed. The chief commissaire may let a rider through with a reason.")
        )
    if NOT_OPEN in said:
        raise Refused("sign_on_not_open", _("Sign-on is not open yet."))
