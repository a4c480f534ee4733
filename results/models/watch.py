"""What the line agreed about a rider who should have passed."""

from django.conf import settings
from django.db import models

from race.models import Entry


class Watch(models.Model):
    """A rider overdue at a point of a lap: somebody looks into it, or all wait until an instant. No result rests on it.

    Event times. Everybody at the line sees it, with who said so and when.
    """

    class Kind(models.TextChoices):
        """What was agreed."""

        CHECK = "check"
        WAIT = "wait"

    entry = models.ForeignKey(Entry, models.PROTECT, related_name="watches")
    lap = models.PositiveSmallIntegerField()
    point = models.SlugField()
    kind = models.CharField(max_length=5, choices=Kind.choices)
    until = models.DateTimeField(null=True, blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entry", "lap", "point"], name="watch_once")]

    def __str__(self) -> str:
        return f"{self.entry_id} {self.kind}"
