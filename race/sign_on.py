"""Sign-on: the rider is here."""

from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _

from race import changes
from race.models import Entry, Race, User
from race.refused import Refused


@transaction.atomic
def sign_on(race: Race, bibs: Iterable[int], *, by: User | None, here: bool = True) -> int:
    """Note that riders of a race are here (or, with `here=False`, that this was a mistake). Returns how many changed.

    Whoever is already signed on stays so: a second scan is no error. Refused as a whole when a bib is not on the list.
    """
    wanted = set(bibs)
    entries = list(
        Entry.objects.select_for_update().filter(race=race, bib__in=wanted, state=Entry.State.CONFIRMED).order_by("pk")
    )
    strangers = sorted(wanted - {entry.bib for entry in entries if entry.bib})
    if strangers:
        raise Refused("not_on_list", _("Not on the start list: %(bibs)s.") % {"bibs": ", ".join(map(str, strangers))})
    moved = [entry for entry in entries if entry.signed_on is not here]
    changes.edit(race.edition, [race], [(entry, {"signed_on": here}) for entry in moved], by=by)
    return len(moved)
