"""Files of communiqués: made after the commit, once, kept with their hash. What a dead worker left is made again.

What cannot be made is tried again after a while that doubles, up to LONGEST_S: Redis remembers when, and a lost Redis only
means that it is tried sooner. The officials' desk says so meanwhile.
"""

from __future__ import annotations

import hashlib
import logging
from datetime import timedelta

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from redis.exceptions import RedisError

from race.models import Edition
from results import paper
from results.communique import PRINT
from results.live import store
from results.models import Communique, Printed

logger = logging.getLogger(__name__)

PDF = "pdf"
__all__ = ["PRINT", "due", "file", "make", "owed", "stuck", "try_to_make"]
#: Seconds until a paper that could not be made is tried again: the first time, and at most.
FIRST_S, LONGEST_S = 2, 300
#: Communiqué -> how often it could not be made, and the key that is there while it waits.
FAILED, WAITS = "print:failed", "print:waits:"
#: A paper that is not there so long after its communiqué was recorded is one somebody has to know of.
OVERDUE = timedelta(seconds=30)
#: How many the sweep rings for at once: a worker that comes back is not buried under them.
AT_ONCE = 4


def owed() -> QuerySet[Communique]:
    """Communiqués without their files, the newest first: people wait for that one."""
    files = Printed.objects.filter(communique=OuterRef("pk"), kind=PDF)
    return Communique.objects.filter(~Exists(files)).order_by("-pk")


def due() -> list[int]:
    """The communiqués whose files are to be made now: owed, and not waiting after a failure. None while Redis is away."""
    newest = list(owed().values_list("pk", flat=True))
    if not newest:
        return []
    try:
        waiting = store().mget([f"{WAITS}{pk}" for pk in newest])
    except RedisError:
        return []
    return [pk for pk, waits in zip(newest, waiting, strict=True) if waits is None][:AT_ONCE]


def stuck(edition: Edition) -> list[Communique]:
    """Communiqués of an edition that should have their files by now, the oldest first."""
    before = timezone.now() - OVERDUE
    found = owed().filter(edition=edition, recorded_at__lt=before).order_by("number")
    return list(found.only("number", "code", "recorded_at"))


def try_to_make(communique_id: int) -> int:
    """Make the files, or note that they could not be made and when to try again; whatever went wrong is in the log."""
    try:
        made = make(communique_id)
    except Exception:
        times = int(store().hincrby(FAILED, str(communique_id), 1))
        wait_s = min(FIRST_S << min(times - 1, 16), LONGEST_S)
        store().set(f"{WAITS}{communique_id}", 1, ex=wait_s)
        logger.exception("communiqué %s could not be made, for time %s; again in %s s", communique_id, times, wait_s)
        return 0
    store().hdel(FAILED, str(communique_id))
    return made


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
