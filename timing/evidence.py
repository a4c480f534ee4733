"""What arrived, handed out again exactly as it came."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from race import rows
from race.refused import Refused
from timing.models import Delivery

PIECE = 4 * 1024 * 1024  # bytes in memory at a time
_SHA256 = "SELECT encode(sha256(body), 'hex') FROM timing_delivery WHERE id = $1"
_PIECE = "SELECT substr(body, $2, $3) FROM timing_delivery WHERE id = $1"


def check(delivery: Delivery) -> None:
    """Take the hash of the bytes anew. Refused: `evidence_changed`, if it is not the one of their arrival."""
    ((sha256,),) = rows.ask(_SHA256, [delivery.pk])
    if sha256 != delivery.sha256:
        raise Refused("evidence_changed", _("The bytes of this delivery are no longer those that arrived."))


def pieces(delivery: Delivery) -> Iterator[bytes]:
    """The bytes, piece by piece."""
    for start in range(0, delivery.size, PIECE):
        ((piece,),) = rows.ask(_PIECE, [delivery.pk, start + 1, PIECE])
        yield bytes(piece)
