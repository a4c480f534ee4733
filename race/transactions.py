"""A transaction that PostgreSQL broke off through nobody's fault is tried again from its beginning."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import OperationalError, connection, transaction
from django.utils.translation import gettext as _

from race import rows
from race.refused import Refused

P = ParamSpec("P")
T = TypeVar("T")
logger = logging.getLogger(__name__)
TRIES = 3
#: PostgreSQL chose this one of two that waited for each other, or could not put it in any order with another.
BROKEN_OFF = {"40P01": "deadlock", "40001": "serialization"}
CLAIM_LIST = """
SELECT pg_try_advisory_xact_lock(hashtextextended($2::text || $1::bigint::text, 0)),
       (SELECT id FROM race_registration WHERE edition_id = $1::bigint AND key = $2::text)
"""


def claimed_list(edition: int, name: str) -> int | None:
    """The registration of an entry list that was taken in before; None where it may be taken in now, by nobody else until
    this transaction ends. Refused (`import_running`) while another one does. One query."""
    ((free, known),) = rows.ask(CLAIM_LIST, [edition, name])
    if not free:
        raise Refused("import_running", _("This list is being taken in at this moment."))
    return None if known is None else int(known)


def retried(action: Callable[P, T]) -> Callable[P, T]:
    """The action in a transaction of its own, at most three times; inside another transaction once, as a part of it.

    An action keeps nothing between two tries but its arguments, and must not change those.
    """

    @wraps(action)
    def whole(*args: P.args, **kwargs: P.kwargs) -> T:
        for left in reversed(range(1 if connection.in_atomic_block else TRIES)):
            try:
                with transaction.atomic():
                    return action(*args, **kwargs)
            except OperationalError as problem:
                code = getattr(problem.__cause__, "sqlstate", None)
                if not left or code not in BROKEN_OFF:
                    raise
                logger.warning("%s: %s, tried again", action.__name__, BROKEN_OFF[code])
        raise AssertionError("unreachable")

    return whole
