"""Frozen standings."""

from django.db import models

from race.models import Fact, Race
from results.models.chain import Link


class Publication(Fact):
    """The standings of a race at a revision, frozen: the one result that is stored."""

    class Standing(models.TextChoices):
        """How far the result has come."""

        PROVISIONAL = "provisional"
        OFFICIAL = "official"
        AMENDED = "amended"

    race = models.ForeignKey(Race, models.PROTECT, related_name="publications")
    version = models.PositiveIntegerField()
    standing = models.CharField(max_length=12, choices=Standing.choices)
    board = models.BinaryField()
    link = models.OneToOneField(Link, models.PROTECT, related_name="publication")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["race", "version"], name="publication_version_once")]

    def __str__(self) -> str:
        return f"{self.race} v{self.version}"
