"""Protests: filed, argued, decided; and what was shown."""

from django.conf import settings
from django.db import models

from race.models import Edition, Entry, Fact, Race
from results.models.chain import Link
from results.models.publication import Publication
from results.models.ruling import Ruling


class Protest(Fact):
    """A protest against a published result. `at` is event time; `bibs` are the rows it is about.

    `by_entry` is the rider (or his team) who files it; `publication` is the version it stands against: its window counts.
    """

    race = models.ForeignKey(Race, models.PROTECT, related_name="protests")
    publication = models.ForeignKey(Publication, models.PROTECT, null=True, blank=True, related_name="protests")
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    by_entry = models.ForeignKey(Entry, models.PROTECT, null=True, blank=True, related_name="protests")
    filed_by = models.CharField(max_length=80, blank=True, help_text="Who handed it in, where no rider did")
    bibs = models.JSONField(default=list)
    text = models.CharField(max_length=2000)

    class Meta:
        ordering = ["edition", "number"]
        constraints = [models.UniqueConstraint(fields=["edition", "number"], name="protest_number_once")]

    def __str__(self) -> str:
        return f"P{self.number}"


class ProtestStep(Fact):
    """What happened to a protest, in order: its deposit taken or given back, a verdict, or withdrawn.

    A verdict is an official act (`link`); the ruling it leads to, if any, is named.
    """

    class Kind(models.TextChoices):
        """What happened."""

        DEPOSIT = "deposit"
        UPHELD = "upheld"
        REJECTED = "rejected"
        WITHDRAWN = "withdrawn"
        RETURNED = "returned"
        KEPT = "kept"

    SETTLES = (Kind.UPHELD, Kind.REJECTED, Kind.WITHDRAWN)

    protest = models.ForeignKey(Protest, models.PROTECT, related_name="steps")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    at = models.DateTimeField()
    amount_fen = models.PositiveIntegerField(null=True, blank=True)
    reason = models.CharField(max_length=1000, blank=True)
    ruling = models.ForeignKey(Ruling, models.PROTECT, null=True, blank=True, related_name="protest_steps")
    link = models.OneToOneField(Link, models.PROTECT, null=True, blank=True, related_name="protest_step")

    def __str__(self) -> str:
        return f"{self.protest} {self.kind}"


class Evidence(models.Model):
    """A photo or paper shown for a ruling or a protest: kept byte for byte, found by its hash. Never public."""

    edition = models.ForeignKey(Edition, models.PROTECT, related_name="evidence")
    ruling = models.ForeignKey(Ruling, models.PROTECT, null=True, blank=True, related_name="evidence")
    protest = models.ForeignKey(Protest, models.PROTECT, null=True, blank=True, related_name="evidence")
    name = models.CharField(max_length=120)
    media_type = models.CharField(max_length=60)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    body = models.BinaryField()
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    def __str__(self) -> str:
        return self.name


class Draft(models.Model):
    """A ruling somebody has begun: kept through a lost connection, gone when it is signed or thrown away."""

    race = models.ForeignKey(Race, models.CASCADE, related_name="drafts")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    content = models.JSONField(default=dict)
    touched_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["race", "by"], name="draft_once")]

    def __str__(self) -> str:
        return f"{self.race} {self.by}"
