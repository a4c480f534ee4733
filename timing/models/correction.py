"""What a timekeeper says about reads."""

from django.db import models

from race.models import Entry, Fact, TimingPoint
from timing.models.delivery import Delivery
from timing.models.read import Read


class Correction(Fact):
    """A timekeeper's fact about reads: ignore one, move one, or add one that a person or a camera saw.

    `undoes` names an earlier correction that no longer holds. Times are event time, UTC microseconds. An "ignore" with a
    `delivery` instead of a read speaks of every read which that delivery was the first to bring: how an upload is undone.
    """

    class Kind(models.TextChoices):
        """What is done."""

        IGNORE = "ignore"
        MOVE = "move"
        ADD = "add"
        UNDO = "undo"

    kind = models.CharField(max_length=6, choices=Kind.choices)
    read = models.ForeignKey(Read, models.PROTECT, null=True, blank=True, related_name="corrections")
    delivery = models.ForeignKey(Delivery, models.PROTECT, null=True, blank=True, related_name="corrections")
    entry = models.ForeignKey(Entry, models.PROTECT, null=True, blank=True, related_name="corrections")
    point = models.ForeignKey(TimingPoint, models.PROTECT, null=True, blank=True, related_name="corrections")
    at_us = models.BigIntegerField(null=True, blank=True)
    undoes = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="undone_by")
    evidence = models.CharField(max_length=200)

    def __str__(self) -> str:
        return f"{self.kind} {self.evidence}"
