"""What machines and timekeepers saw, as rows."""

from timing.models.correction import Correction
from timing.models.delivery import Delivery, Pending
from timing.models.ingestion import Ingestion, Reject
from timing.models.line import PutAside, Status
from timing.models.read import Marker, Read
from timing.models.source import Channel, ClockOffset, Source
from timing.models.upload import Upload, UploadPiece

__all__ = [
    "Channel", "ClockOffset", "Correction", "Delivery", "Ingestion", "Marker", "Pending", "PutAside", "Read", "Reject",
    "Source", "Status", "Upload", "UploadPiece",
]  # fmt: skip
