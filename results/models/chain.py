"""The edition's one chain of official acts."""

from django.db import models

from race.models import Edition


class Link(models.Model):
    """One official act (ruling, publication, communiqué) with the hash of the act before it.

    `canonical` is exactly what was hashed: it carries bibs and no names. An edited or deleted act breaks the chain at
    its place; a cut tail is found against the head printed on the last communiqué.
    """

    edition = models.ForeignKey(Edition, models.PROTECT, related_name="chain")
    position = models.PositiveIntegerField()
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)
    canonical = models.BinaryField()

    class Meta:
        ordering = ["edition", "position"]
        constraints = [
            models.UniqueConstraint(fields=["edition", "position"], name="chain_position_once"),
            models.UniqueConstraint(fields=["edition", "previous_hash"], name="chain_unbroken"),
        ]

    def __str__(self) -> str:
        return self.hash[:12]
