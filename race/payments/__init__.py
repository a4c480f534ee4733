"""Money for places: asked for (`asking`), received (`arrival`), told by providers (`calls`), given back (`refunds`)."""

from race.payments.arrival import settle
from race.payments.asking import checkout, owed, start
from race.payments.calls import record, reprocess
from race.payments.refunds import refund_done, refund_entry, refund_preview, run_refunds

__all__ = [
    "checkout",
    "owed",
    "record",
    "refund_done",
    "refund_entry",
    "refund_preview",
    "reprocess",
    "run_refunds",
    "settle",
    "start",
]
