"""What could not be read, kept verbatim with the reason."""

from collections.abc import Sequence
from itertools import islice

from django.db import connection

from timing.decoders.model import Reject

#: Of one part of a delivery. The whole of it is in the delivery; more rows than these nobody looks at one by one, and a
#: file of millions would hold up the reads behind it.
MOST = 20_000
MORE = "and_more"
_PLAIN = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\x00": ""})


def keep(ingestion: int, rejects: Sequence[Reject]) -> None:
    """Write the rejects of an ingestion. Beyond `MOST` a last one, `and_more`, tells how many more there were."""
    if not rejects:
        return
    kept = list(islice(rejects, MOST))
    if len(rejects) > MOST:
        kept.append(Reject(b"%d" % (len(rejects) - MOST), MORE))
    lines = (f"{ingestion}\t\\\\x{one.raw.hex()}\t{one.reason.translate(_PLAIN)}\n" for one in kept)
    with (
        connection.cursor() as cursor,
        cursor.copy("COPY timing_reject (ingestion_id, raw, reason) FROM STDIN") as copy,
    ):
        for line in lines:
            copy.write(line)
