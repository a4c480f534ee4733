"""Prize money: what was handed out, and what came back."""

from django.conf import settings
from django.db import models

from race.models import Category, Entry, Team
from results.models.publication import Publication


class PrizePayment(models.Model):
    """Prize money that moved, once: handed to a rider or a team, or taken back. A mistake is put right by another line.

    `gross_fen` is the prize, `tax_fen` what was withheld of it; negative where the money came back. `publication` is the
    result it was paid on, `place` the place there.
    """

    class Kind(models.TextChoices):
        """Which way the money went."""

        PAID = "paid"
        BACK = "back"

    category = models.ForeignKey(Category, models.PROTECT, related_name="prize_payments")
    publication = models.ForeignKey(Publication, models.PROTECT, related_name="prize_payments")
    entry = models.ForeignKey(Entry, models.PROTECT, null=True, blank=True, related_name="prize_payments")
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="prize_payments")
    kind = models.CharField(max_length=4, choices=Kind.choices)
    place = models.PositiveIntegerField(null=True)
    gross_fen = models.IntegerField()
    tax_fen = models.IntegerField(default=0)
    receipt = models.CharField(max_length=80, blank=True, help_text="Who signed for it, or the number of the receipt")
    reason = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(entry__isnull=False, team__isnull=True)
                | models.Q(entry__isnull=True, team__isnull=False),
                name="prize_of_a_rider_or_a_team",
            )
        ]

    def __str__(self) -> str:
        return f"{self.entry or self.team} {self.gross_fen}"
