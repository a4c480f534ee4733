"""What was shown for a protest or a ruling: photos and papers, kept byte for byte, seen by officials only."""

import hashlib
import re

from django.db import transaction
from django.utils.translation import gettext as _

from race import clock, papers
from race.models import User
from race.refused import Refused
from results.models import Evidence, Protest, Ruling

#: Files of one protest or one ruling.
MOST = 6


def judged(content: bytes) -> str:
    """What a file is, told by its first bytes. Refused: `paper_size`, `paper_type`."""
    return papers.content_type(content)


@transaction.atomic
def keep(shown_for: Protest | Ruling, name: str, content: bytes, *, by: User | None) -> Evidence:
    """Keep a file that was shown. The same bytes again are the same piece of evidence.

    Refused: what `judged` refuses, and `papers_many` above `MOST` files.
    """
    told = judged(content)
    type(shown_for).objects.select_for_update(of=("self",)).get(pk=shown_for.pk)
    owner = {"protest": shown_for} if isinstance(shown_for, Protest) else {"ruling": shown_for}
    there = Evidence.objects.filter(**owner).defer("body")
    digest = hashlib.sha256(content).hexdigest()
    if (same := there.filter(sha256=digest).first()) is not None:
        return same
    if there.count() >= MOST:
        raise Refused(
            "papers_many", _("There are %(n)s files already. Hand more to the officials in person.") % {"n": MOST}
        )
    return Evidence.objects.create(
        edition=shown_for.edition, **owner, name=tidy(name), media_type=told, sha256=digest, size=len(content), body=content,
        at=clock.now(shown_for.edition), by=by,
    )  # fmt: skip


def tidy(name: str) -> str:
    """A file name without folders and signs that no name has."""
    plain = re.sub(r"[\x00-\x1f\x7f]", "", name.replace("\\", "/").rsplit("/", 1)[-1]).strip()
    return plain[-120:] or "file"
