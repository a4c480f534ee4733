"""What machines and timekeepers saw, as rows."""

from timing.models.correction import Correction
from timing.models.delivery import Delivery, Pending
from timing.models.ingestion import Ingestion, Reject
from timing.models.read import Marker, Read
from timing.models.source import Channel, ClockOffset, Source

__all__ = [
    "Channel", "ClockOffset", "Correction", "Delivery", "Ingestion", "Marker", "Pending", "Read", "Reject", "Source",
]  # fmt: skip
