"""A ruling that somebody has begun: kept on the way, through a lost connection and in a second tab, until it is signed."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from race.models import Race, User
from race.refused import Refused
from results.models import Draft

MOST_KEYS, LONGEST = 40, 1000


def of(race: Race, by: User) -> Draft | None:
    """What this official has begun in a race."""
    return Draft.objects.filter(race=race, by=by).first()


@transaction.atomic
def save(race: Race, by: User, content: Mapping[str, str], *, base: str = "") -> Draft:
    """Keep a draft. `base`: when the one it goes on from was kept (empty: there was none), as `touched`.

    Refused: `draft_elsewhere`, where another tab has written meanwhile: one of the two would be lost.
    """
    User.objects.select_for_update().only("pk").get(pk=by.pk)  # one after another, also for the first
    held = of(race, by)
    if touched(held) != base:
        raise Refused("draft_elsewhere", _("This draft was changed in another tab."))
    kept = {str(key)[:40]: str(value)[:LONGEST] for key, value in list(content.items())[:MOST_KEYS]}
    made, _new = Draft.objects.update_or_create(
        race=race, by=by, defaults={"content": kept, "touched_at": timezone.now()}
    )
    return made


def drop(race: Race, by: User) -> None:
    """It was signed, or thrown away."""
    Draft.objects.filter(race=race, by=by).delete()


def touched(draft: Draft | None) -> str:
    """When a draft was kept last, exactly; empty for none."""
    at: datetime | None = draft.touched_at if draft else None
    return at.isoformat() if at else ""
