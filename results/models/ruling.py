"""A commissaire's decision."""

from django.db import models

from race.models import Entry, Fact, Race
from results.models.chain import Link


class Ruling(Fact):
    """A decision about a rider or a race. Never edited: `revokes` names the one it takes back.

    `number` counts the rulings of the edition, `at` is the event time at which it was issued; `link` is its place in the
    edition's chain of official acts.
    """

    race = models.ForeignKey(Race, models.PROTECT, related_name="rulings")
    entry = models.ForeignKey(Entry, models.PROTECT, null=True, blank=True, related_name="rulings")
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    kind = models.CharField(max_length=24)
    detail = models.JSONField(default=dict, blank=True)
    article = models.CharField(max_length=40, blank=True, help_text="Code of the article (results/articles)")
    reason = models.CharField(max_length=300)
    revokes = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="revoked_by")
    link = models.OneToOneField(Link, models.PROTECT, related_name="ruling")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["edition", "number"], name="ruling_number_once")]

    def __str__(self) -> str:
        return f"{self.number} {self.kind}"
