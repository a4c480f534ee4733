"""A race, who is ranked together in it, and who leaves on which gun."""

from django.db import models
from django.utils.translation import get_language

from race.models.course import Course
from race.models.edition import Edition, in_language


class Race(models.Model):
    """One contest on one course, one day. `rules` holds the special regulations the engine enforces (see docs/scoring.md).

    `revision` is the number of the newest fact that can change this race: cache key, ETag and event id of its board.
    `published_at` is when the start list was published: from then on every change to it is a fact.
    """

    class Format(models.TextChoices):
        """How a race is scored: results.scoring.formats has one file for each."""

        ROAD = "road"
        LAPS = "laps"

    edition = models.ForeignKey(Edition, models.PROTECT, related_name="races")
    course = models.ForeignKey(Course, models.PROTECT, related_name="races")
    slug = models.SlugField(unique=True)
    name_zh = models.CharField(max_length=80)
    name_en = models.CharField(max_length=80, blank=True)
    day = models.DateField()
    order = models.PositiveSmallIntegerField(default=0)
    format = models.CharField(max_length=8, choices=Format.choices)
    laps = models.PositiveSmallIntegerField()
    rules = models.JSONField(default=dict, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    revision = models.BigIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["edition", "day", "order", "slug"]

    def __str__(self) -> str:
        return self.slug

    @property
    def name(self) -> str:
        """The name in the language in force."""
        return in_language(self.name_zh, self.name_en)

    @property
    def short_name(self) -> str:
        """The name on a phone's tab, in the language in force."""
        return short_name(self.name)


def short_name(name: str) -> str:
    """The name on a phone's tab, where five must stand side by side: without what all of them share, if anything is left."""
    if not (get_language() or "").startswith("en"):
        return name.removeprefix("男子").removesuffix("组") or name
    if "women" in name.lower():
        return "Women"
    kept = [word for word in name.split() if word.lower() not in ("men", "men's", "men’s", "road")]
    # Lower case but for the first letter and for what is written in capitals, such as MTB.
    text = " ".join(word if word.isupper() else word.lower() for word in kept)
    return text[:1].upper() + text[1:] or name


class Wave(models.Model):
    """Who leaves on one gun. `planned_at` is the time on the programme; the official start is a `Gun`."""

    race = models.ForeignKey(Race, models.PROTECT, related_name="waves")
    code = models.SlugField()
    planned_at = models.DateTimeField()

    class Meta:
        ordering = ["planned_at", "code"]
        constraints = [models.UniqueConstraint(fields=["race", "code"], name="wave_code_once")]

    def __str__(self) -> str:
        return f"{self.race.slug} {self.code}"


class Category(models.Model):
    """Who is ranked together, and how many may.

    `taken` counts the places that are held, offered or confirmed, never more than `capacity`; `waiting` counts the waiting
    list, and `queue_last` is the number its newest one was given. The three are moved by `race.places` alone.
    `quotas`: places of the capacity that riders of a region may take at most, {"prefix": "4103", "max": 60}, or
    {"each": 50} for any one region that no prefix names.
    """

    class Sex(models.TextChoices):
        """Who may enter."""

        MEN = "M"
        WOMEN = "F"
        ALL = "A"

    class AgeBy(models.TextChoices):
        """What a rider's age is counted to: the day of the race, or the end of its year (UCI 1.1.034)."""

        RACE_DAY = "race_day"
        BIRTH_YEAR = "birth_year"

    class Professionals(models.TextChoices):
        """Whether registered professionals may enter."""

        ALLOWED = "allowed"
        BARRED = "barred"

    race = models.ForeignKey(Race, models.PROTECT, related_name="categories")
    wave = models.ForeignKey(Wave, models.PROTECT, related_name="categories")
    code = models.CharField(max_length=4)
    mark = models.CharField(max_length=12, blank=True, help_text="The shape that stands for it (ui/categories)")
    name_zh = models.CharField(max_length=80)
    name_en = models.CharField(max_length=80, blank=True)
    sex = models.CharField(max_length=1, choices=Sex.choices, default=Sex.ALL)
    min_age = models.PositiveSmallIntegerField(default=18)
    max_age = models.PositiveSmallIntegerField(default=99)
    age_by = models.CharField(max_length=10, choices=AgeBy.choices, default=AgeBy.RACE_DAY)
    professionals = models.CharField(max_length=8, choices=Professionals.choices, default=Professionals.ALLOWED)
    capacity = models.PositiveIntegerField()
    taken = models.PositiveIntegerField(default=0)
    waiting = models.PositiveIntegerField(default=0)
    queue_last = models.PositiveBigIntegerField(default=0)
    quotas = models.JSONField(default=list, blank=True)
    fee_fen = models.PositiveIntegerField(default=0)
    prizes_fen = models.JSONField(default=list, blank=True, help_text="Prize money by place, from the first on, in fen")
    first_bib = models.PositiveIntegerField(null=True, blank=True)
    last_bib = models.PositiveIntegerField(null=True, blank=True)
    regulations = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["race", "code"]
        verbose_name_plural = "categories"
        constraints = [
            models.UniqueConstraint(fields=["race", "code"], name="category_code_once"),
            models.CheckConstraint(condition=models.Q(taken__lte=models.F("capacity")), name="no_place_sold_twice"),
        ]

    def __str__(self) -> str:
        return f"{self.race.slug} {self.code}"

    @property
    def name(self) -> str:
        """The name in the language in force."""
        return in_language(self.name_zh, self.name_en)

    @property
    def left(self) -> int:
        """Places a newcomer could have now: none while anyone waits."""
        return 0 if self.waiting else max(self.capacity - self.taken, 0)


class QuotaCount(models.Model):
    """How many places of a category riders of one region hold; `key` is what `race.eligibility.quota_key` says."""

    category = models.ForeignKey(Category, models.CASCADE, related_name="quota_counts")
    key = models.CharField(max_length=8)
    taken = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["category", "key"], name="quota_counted_once")]

    def __str__(self) -> str:
        return f"{self.category} {self.key}"
