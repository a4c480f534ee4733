"""Rulings on many riders at once: DNF and pulled lists, the time cut. Each is a ruling of its own; all of them or none."""

from __future__ import annotations

import re
from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from race.models import Race, User
from race.refused import Refused
from results import rulings
from results.models import Ruling

#: What is ruled by list, and how many at once: each waits for the one before in the chain.
KINDS = ("dnf", "dns", "pulled", "otl_waive")
MOST = 200


def bibs(text: str) -> list[int]:
    """The numbers in what somebody typed or pasted, each once, in their order. Refused (`bad_number`) for anything else."""
    words = [word for word in re.split(r"[\s,;，；、]+", text.strip()) if word]
    if wrong := [word for word in words if not (word.isascii() and word.isdigit() and len(word) < 10)]:
        raise Refused("bad_number", _("%(text)s is no number.") % {"text": wrong[0][:40]})
    return list(dict.fromkeys(int(word) for word in words))


@transaction.atomic
def issue(
    race: Race, kind: str, found: Sequence[int], *, reason: str, by: User | None, article: str = "",
    after_lap: int | None = None,
) -> list[Ruling]:  # fmt: skip
    """The same ruling on each of these riders. One that is refused refuses all: nobody has to ask which were written.

    Refused: `unknown_kind`, `bib_missing` for none, `too_many`, and as `rulings.issue`.
    """
    if kind not in KINDS:
        raise Refused("unknown_kind", _("There is no ruling of this kind: %(kind)s.") % {"kind": kind})
    if not found:
        raise Refused("bib_missing", _("Write the numbers of the riders."))
    if len(found) > MOST:
        raise Refused("too_many", _("At most %(n)s riders at once.") % {"n": MOST})
    detail = {"after_lap": after_lap} if kind == "pulled" and after_lap is not None else {}
    return [rulings.issue(race, kind, bib=bib, detail=detail, reason=reason, by=by, article=article) for bib in found]
