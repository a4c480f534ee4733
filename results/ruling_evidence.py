"""The files that are shown for a ruling: read and judged before it is signed, so that the act can carry their hashes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from race import clock
from race.models import User
from race.refused import Refused
from results import evidence
from results.models import Evidence, Ruling


@dataclass(frozen=True, slots=True)
class Shown:
    """A file that is shown."""

    name: str
    media_type: str
    sha256: str
    body: bytes


def read(files: Iterable[tuple[str, bytes]]) -> list[Shown]:
    """Files as they came, by name and bytes; the same one twice counts once. Refused: `paper_type`, `paper_size`,
    `papers_many`."""
    found: dict[str, Shown] = {}
    for name, body in files:
        sha256 = hashlib.sha256(body).hexdigest()
        found[sha256] = Shown(evidence.tidy(name), evidence.judged(body), sha256, body)
    if len(found) > evidence.MOST:
        raise Refused("papers_many", _("At most %(n)s files are shown for a ruling.") % {"n": evidence.MOST})
    return list(found.values())


def keep(ruling: Ruling, shown: Sequence[Shown], *, by: User | None) -> None:
    """Keep what was shown, in the transaction of the ruling."""
    Evidence.objects.bulk_create(
        Evidence(
            edition=ruling.edition, ruling=ruling, name=one.name, media_type=one.media_type, sha256=one.sha256,
            size=len(one.body), body=one.body, at=clock.now(ruling.edition), by=by,
        )
        for one in shown
    )  # fmt: skip
