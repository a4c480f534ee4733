"""Frozen standings, and the numbered papers that say so."""

from django.db import models

from race.models import Fact, Race
from results.models.chain import Link


class Publication(Fact):
    """The standings of a race at a revision, frozen: the one result that is stored.

    `at` is when it was posted, in event time: the protest clock runs from there.
    """

    class Standing(models.TextChoices):
        """How far the result has come."""

        PROVISIONAL = "provisional"
        OFFICIAL = "official"
        AMENDED = "amended"

    race = models.ForeignKey(Race, models.PROTECT, related_name="publications")
    version = models.PositiveIntegerField()
    standing = models.CharField(max_length=12, choices=Standing.choices)
    at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=300, blank=True)
    board = models.BinaryField()
    link = models.OneToOneField(Link, models.PROTECT, related_name="publication")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["race", "version"], name="publication_version_once")]

    def __str__(self) -> str:
        return f"{self.race} v{self.version}"


class Communique(Fact):
    """A numbered paper of the commissaires (第N号公告): what was published or ruled, as data, and its place in the chain.

    `content` is exactly the JSON that is handed out and hashed; `code` is what stands behind `/verify/`. A later one may
    supersede it; none is ever edited.
    """

    class Kind(models.TextChoices):
        """What it tells."""

        RESULT = "result"
        RULING = "ruling"
        PROTEST = "protest"
        NOTICE = "notice"

    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=8, choices=Kind.choices)
    race = models.ForeignKey(Race, models.PROTECT, null=True, blank=True, related_name="communiques")
    publication = models.OneToOneField(Publication, models.PROTECT, null=True, blank=True, related_name="communique")
    supersedes = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="superseded_by")
    at = models.DateTimeField()
    code = models.CharField(max_length=16, unique=True)
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField()
    link = models.OneToOneField(Link, models.PROTECT, related_name="communique")

    class Meta:
        ordering = ["edition", "number"]
        constraints = [models.UniqueConstraint(fields=["edition", "number"], name="communique_number_once")]

    def __str__(self) -> str:
        return f"No. {self.number}"


class Printed(models.Model):
    """A file made of a communiqué or of a result after the commit, kept so that its hash can be checked for ever."""

    communique = models.ForeignKey(Communique, models.PROTECT, related_name="printed")
    kind = models.CharField(max_length=8)
    language = models.CharField(max_length=8, blank=True)
    sha256 = models.CharField(max_length=64, db_index=True)
    body = models.BinaryField()
    made_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["communique", "kind", "language"], name="printed_once")]

    def __str__(self) -> str:
        return f"{self.communique} {self.kind}"
