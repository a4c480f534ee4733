"""What every fact has in common: it is written once and carries the number of its revision."""

from django.conf import settings
from django.db import models


class Fact(models.Model):
    """Something that was seen, decided or changed. Appended, never edited, never deleted.

    `revision` is null only inside the transaction that writes the fact: `race.revision.advance` fills it in as its
    last step, and a constraint trigger refuses a commit that forgot to.
    """

    edition = models.ForeignKey("race.Edition", models.PROTECT, related_name="+")
    revision = models.BigIntegerField(null=True, editable=False)
    recorded_at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        abstract = True
