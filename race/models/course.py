"""The road: a loop, its profile and the points on it that count."""

from django.db import models

from race.models.edition import Edition, in_language


class Course(models.Model):
    """One loop (or road) of an edition. `profile` is [[metres from the start line, altitude in metres], ...]."""

    edition = models.ForeignKey(Edition, models.PROTECT, related_name="courses")
    code = models.SlugField()
    name_zh = models.CharField(max_length=80)
    name_en = models.CharField(max_length=80, blank=True)
    lap_m = models.PositiveIntegerField()
    profile = models.JSONField(default=list, blank=True)
    summit = models.JSONField(default=dict, blank=True, help_text='The named climb: {"m", "alt", "zh", "en"}')

    class Meta:
        constraints = [models.UniqueConstraint(fields=["edition", "code"], name="course_code_once")]

    def __str__(self) -> str:
        return f"{self.edition.slug} {self.code}"

    @property
    def name(self) -> str:
        """The name in the language in force."""
        return in_language(self.name_zh, self.name_en)


class TimingPoint(models.Model):
    """A place on a course that counts, and how detections there become one passing.

    `dedup_ms`: detections of one rider closer together than this are one passing. `policy`: which of them gives the
    time. `backup_ms`: how far a backup detection may lie from a main one and still be the same passing.
    """

    class Kind(models.TextChoices):
        """What a crossing of the point means."""

        START = "start"
        INTERMEDIATE = "intermediate"
        FINISH = "finish"

    class Policy(models.TextChoices):
        """Which detection of a burst gives the time of the passing."""

        FIRST = "first"
        STRONGEST = "strongest"
        LAST = "last"

    course = models.ForeignKey(Course, models.PROTECT, related_name="points")
    code = models.SlugField()
    name_zh = models.CharField(max_length=80)
    name_en = models.CharField(max_length=80, blank=True)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    at_m = models.PositiveIntegerField(default=0)
    dedup_ms = models.PositiveIntegerField(default=5000)
    backup_ms = models.PositiveIntegerField(default=3000)
    policy = models.CharField(max_length=10, choices=Policy.choices, default=Policy.FIRST)

    class Meta:
        ordering = ["course", "at_m", "code"]
        constraints = [models.UniqueConstraint(fields=["course", "code"], name="point_code_once")]

    def __str__(self) -> str:
        return f"{self.course.code} {self.code}"
