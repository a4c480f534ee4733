"""That a part of a delivery was taken in, and what could not be read."""

from django.db import models

from race.models import Fact
from timing.models.delivery import Delivery


class Ingestion(Fact):
    """The fact that reads `first` to `first + count` of a delivery were taken in, with the counts."""

    delivery = models.ForeignKey(Delivery, models.PROTECT, related_name="ingestions")
    first = models.PositiveIntegerField(default=0)
    count = models.PositiveIntegerField(default=0)
    new = models.PositiveIntegerField(default=0)
    known = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    unknown = models.PositiveIntegerField(default=0, help_text="Of the new reads: of chips nobody carries")
    markers = models.PositiveIntegerField(default=0)
    last = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["delivery", "first"], name="part_once")]

    def __str__(self) -> str:
        return f"{self.delivery} {self.first}+{self.count}"


class Reject(models.Model):
    """Bytes that could not be read, verbatim, with the reason."""

    ingestion = models.ForeignKey(Ingestion, models.PROTECT, related_name="rejects")
    raw = models.BinaryField()
    reason = models.CharField(max_length=40)

    def __str__(self) -> str:
        return self.reason
