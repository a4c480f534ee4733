"""A rider's place in a category."""

from django.db import models
from django.db.models import F, Q

from race.models.edition import Edition
from race.models.race import Category, Race
from race.models.registration import Registration
from race.models.rider import Rider
from race.models.team import Team


class Entry(models.Model):
    """A rider's place in a category: one a day for a person, one bib an edition for an entry.

    `identity_hash` is the rider's, kept here so that the database itself refuses a second entry of the same person on
    the same day. What is edited here after the start list is published is recorded by `race.changes`.
    `held_until` (real time) ends a held or offered place; `queue_number` orders the waiting list of the category.
    `fee_fen` is what the place costs this rider, `paid_fen` the sum of the ledger's lines for it, in hundredths of a yuan.
    `pass_code` is what the rider's QR says at the desk: it opens nothing. `quota_key` is the regional quota the place counts
    against, empty for none.
    """

    class State(models.TextChoices):
        """Where the entry stands. A place is taken by the first three."""

        HELD = "held"
        OFFERED = "offered"
        CONFIRMED = "confirmed"
        WAITING = "waiting"
        WITHDRAWN = "withdrawn"
        EXPIRED = "expired"

    PLACED = (State.HELD, State.OFFERED, State.CONFIRMED)
    ALIVE = (*PLACED, State.WAITING)

    edition = models.ForeignKey(Edition, models.PROTECT, related_name="entries")
    race = models.ForeignKey(Race, models.PROTECT, related_name="entries")
    category = models.ForeignKey(Category, models.PROTECT, related_name="entries")
    rider = models.ForeignKey(Rider, models.PROTECT, related_name="entries")
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="entries")
    registration = models.ForeignKey(Registration, models.PROTECT, null=True, blank=True, related_name="entries")
    day = models.DateField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.CONFIRMED)
    held_until = models.DateTimeField(null=True, blank=True)
    queue_number = models.PositiveBigIntegerField(null=True, blank=True)
    quota_key = models.CharField(max_length=8, blank=True)
    fee_fen = models.PositiveIntegerField(default=0)
    paid_fen = models.IntegerField(default=0)
    bib = models.PositiveIntegerField(null=True, blank=True)
    signed_on = models.BooleanField(default=False)
    ranked = models.BooleanField(default=True)
    pass_code = models.CharField(max_length=12, null=True, blank=True, unique=True)
    substitutes = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="substituted_by")
    identity_hash = models.CharField(max_length=64)
    identity_key_version = models.PositiveSmallIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["race", "bib", "pk"]
        verbose_name_plural = "entries"
        constraints = [
            models.UniqueConstraint(
                fields=["edition", "day", "identity_hash"],
                condition=~Q(state__in=("withdrawn", "expired")),
                name="one_entry_a_day",
            ),
            models.UniqueConstraint(
                fields=["edition", "bib"],
                condition=Q(bib__isnull=False) & ~Q(state__in=("withdrawn", "expired")),
                name="bib_once",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("held", "offered")) | Q(held_until__isnull=False), name="held_until_when"
            ),
            models.CheckConstraint(
                condition=~Q(state="waiting") | Q(queue_number__isnull=False), name="waiting_has_a_number"
            ),
        ]
        indexes = [
            models.Index(fields=["held_until"], condition=Q(state__in=("held", "offered")), name="entry_holds"),
            models.Index(fields=["category", "queue_number"], condition=Q(state="waiting"), name="entry_queue"),
        ]

    def __str__(self) -> str:
        return f"{self.bib or '–'} {self.rider}"

    @property
    def owed_fen(self) -> int:
        """What is still to be paid for the place; below 0 where too much was."""
        return self.fee_fen - self.paid_fen

    #: The same in a query.
    OWED = F("fee_fen") - F("paid_fen")
