"""A rider's place in a category."""

from django.db import models

from race.models.edition import Edition
from race.models.race import Category, Race
from race.models.rider import Rider
from race.models.team import Team


class Entry(models.Model):
    """A rider's place in a category: one a day for a person, one bib an edition for an entry.

    `identity_hash` is the rider's, kept here so that the database itself refuses a second entry of the same person on
    the same day. What is edited here after the start list is published is recorded by `race.changes`.
    """

    class State(models.TextChoices):
        """Where the entry stands."""

        HELD = "held"
        CONFIRMED = "confirmed"
        WITHDRAWN = "withdrawn"

    edition = models.ForeignKey(Edition, models.PROTECT, related_name="entries")
    race = models.ForeignKey(Race, models.PROTECT, related_name="entries")
    category = models.ForeignKey(Category, models.PROTECT, related_name="entries")
    rider = models.ForeignKey(Rider, models.PROTECT, related_name="entries")
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="entries")
    day = models.DateField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.CONFIRMED)
    bib = models.PositiveIntegerField(null=True, blank=True)
    signed_on = models.BooleanField(default=False)
    ranked = models.BooleanField(default=True)
    identity_hash = models.CharField(max_length=64)
    identity_key_version = models.PositiveSmallIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["race", "bib", "pk"]
        verbose_name_plural = "entries"
        constraints = [
            models.UniqueConstraint(
                fields=["edition", "day", "identity_hash"],
                condition=~models.Q(state="withdrawn"),
                name="one_entry_a_day",
            ),
            models.UniqueConstraint(
                fields=["edition", "bib"],
                condition=models.Q(bib__isnull=False) & ~models.Q(state="withdrawn"),
                name="bib_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bib or '–'} {self.rider}"
