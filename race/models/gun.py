"""The official start of a wave."""

from django.db import models

from race.models.fact import Fact
from race.models.race import Wave


class Gun(Fact):
    """The official start of a wave, chosen by a commissaire. The newest one counts; the older ones stay."""

    wave = models.ForeignKey(Wave, models.PROTECT, related_name="guns")
    at = models.DateTimeField()
    reason = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return f"{self.wave} {self.at:%H:%M:%S.%f}"
