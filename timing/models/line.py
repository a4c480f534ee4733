"""What the line desk keeps beside the reads: how machines say they are, and chips that somebody put aside."""

from django.conf import settings
from django.db import models

from race.models import Edition
from timing.models.source import Source


class Status(models.Model):
    """The newest that a machine told of itself. Told again at any time, so it may be lost; no result rests on it.

    `at` is when we heard it (real time). `battery` in percent, `queue` in reads that wait on the machine, `clock_us` its
    clock's own time less ours at that moment (microseconds; null: not told).
    """

    source = models.OneToOneField(Source, models.PROTECT, primary_key=True, related_name="status")
    at = models.DateTimeField()
    battery = models.PositiveSmallIntegerField(null=True)
    mains = models.BooleanField(null=True, help_text="On mains power, where the machine tells")
    queue = models.PositiveIntegerField(null=True)
    clock_us = models.BigIntegerField(null=True)
    said = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.source_id} {self.battery}"


class PutAside(models.Model):
    """A chip that is nobody's, and that an operator no longer wants to be asked about (a ticket, a spare)."""

    edition = models.ForeignKey(Edition, models.PROTECT, related_name="put_aside")
    chip = models.CharField(max_length=32)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["edition", "chip"], name="put_aside_once")]

    def __str__(self) -> str:
        return self.chip
