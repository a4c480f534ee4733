"""A club."""

from django.db import models

from race.models.edition import Edition, in_language


class Team(models.Model):
    """A club that enters riders in an edition."""

    edition = models.ForeignKey(Edition, models.PROTECT, related_name="teams")
    name_zh = models.CharField(max_length=80)
    name_en = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["name_zh"]
        constraints = [models.UniqueConstraint(fields=["edition", "name_zh"], name="team_name_once")]

    def __str__(self) -> str:
        return self.name_zh

    @property
    def name(self) -> str:
        """The name in the language in force."""
        return in_language(self.name_zh, self.name_en)
