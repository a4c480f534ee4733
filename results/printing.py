"""Files of communiqués: made after the commit, once, kept with their hash. What a dead worker left is made again."""

from __future__ import annotations

import hashlib

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from results import paper
from results.communique import PRINT
from results.models import Communique, Printed

PDF = "pdf"
__all__ = ["PRINT", "file", "make", "owed"]
#: How many the sweep rings for at once: a worker that comes back is not buried under them.
AT_ONCE = 4


def owed() -> QuerySet[Communique]:
    """Communiqués without their files, the newest first: people wait for that one."""
    files = Printed.objects.filter(communique=OuterRef("pk"), kind=PDF)
    return Communique.objects.filter(~Exists(files)).order_by("-pk")


def make(communique_id: int) -> int:
    """Make the files of a communiqué unless they are there. Safe to run twice at once: the first to arrive stays."""
    made = owed().select_related("link").filter(pk=communique_id).first()
    if made is None:
        return 0
    rows = [_row(made, language) for language in paper.LANGUAGES]
    Printed.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _row(made: Communique, language: str) -> Printed:
    body = paper.pdf(made, language)
    return Printed(
        communique=made, kind=PDF, language=language, sha256=hashlib.sha256(body).hexdigest(), body=body,
        made_at=timezone.now(),
    )  # fmt: skip


def file(made: Communique, language: str) -> Printed:
    """The paper in a language; made now where nobody has come to it yet. KeyError for another language."""
    if language not in paper.LANGUAGES:
        raise KeyError(language)
    make(made.pk)
    return Printed.objects.get(communique=made, kind=PDF, language=language)
