"""Numbers that a machine gave and that never came: what it sent between two messages was lost on the way.

Only makes that number each detection: sent again, it has the same number. MYLAPS does so in the records of version 1, each
box of a location by itself. Records of version 2 have no number, and those of its messages tell nothing: what is sent again
comes in a message of another number.

A number that came at any time of the day is there, whatever the order; a leap of more than `LONGEST` is a machine that
began to count anew. A gun marker carries a number, too, and is no read.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection

from race.models import Edition
from timing.clocks import microseconds
from timing.line.tally import Tally

#: Makes whose machines number each detection, without leaving numbers out.
NUMBERED = ("raceresult", "ultra", "amb_p3", "mylaps")
LONGEST = 200
SHOWN = 50
#: It looks at all numbers of a day, so not at each question: holes are no matter of a second.
EVERY_S = 5.0
LOOKED_BACK = timedelta(hours=24)


class Hole(NamedTuple):
    """Numbers `first` to `last` are missing; between two reads of these times on the machine's own clock."""

    first: int
    last: int
    from_us: int
    until_us: int

    @property
    def missing(self) -> int:
        """How many numbers."""
        return self.last - self.first + 1


FIND = """
SELECT source_id, before + 1, seq - 1, least(before_us, at_us), greatest(before_us, at_us),
  (SELECT count(*) FROM timing_marker m WHERE m.source_id = near.source_id
   AND m.local_us BETWEEN least(before_us, at_us) AND greatest(before_us, at_us)) AS markers
FROM (
  SELECT source_id, seq, at_us, lag(seq) OVER told AS before, lag(at_us) OVER told AS before_us
  FROM (
    SELECT r.source_id, box, r.seq, min(r.local_us) AS at_us FROM timing_read r JOIN timing_source s ON s.id = r.source_id,
      LATERAL (SELECT CASE s.make WHEN 'mylaps' THEN r.device ELSE '' END AS box) counting
    WHERE s.edition_id = %s AND s.make = ANY(%s) AND r.seq IS NOT NULL AND r.local_us >= %s
    GROUP BY r.source_id, box, r.seq
  ) numbers WINDOW told AS (PARTITION BY source_id, box ORDER BY seq)
) near WHERE seq - before BETWEEN 2 AND %s ORDER BY source_id, seq
"""


def holes_of(edition: Edition, tally: Tally, now: datetime) -> Mapping[int, tuple[Hole, ...]]:
    """Source -> its holes of the last day, by number. One query, and only where something came since the last look."""
    moment = time.monotonic()
    if tally.upto != tally.holes_upto and moment - tally.holes_at >= EVERY_S:
        tally.holes = find(edition, now)
        tally.holes_upto, tally.holes_at = tally.upto, moment
    return tally.holes


def find(edition: Edition, now: datetime) -> dict[int, tuple[Hole, ...]]:
    """The same, asked for now."""
    with connection.cursor() as cursor:
        cursor.execute(FIND, [edition.pk, list(NUMBERED), microseconds(now - LOOKED_BACK), LONGEST + 1])
        rows = cursor.fetchall()
    found: dict[int, tuple[Hole, ...]] = {}
    for source, first, last, from_us, until_us, markers in rows:
        if markers < last - first + 1:
            found[source] = (*found.get(source, ()), Hole(first, last, from_us, until_us))
    return found
