"""A league: rounds of a season, of which some are ridden elsewhere."""

from django.db import models

from race.models import Category, Edition, Entry


class League(models.Model):
    """A season's league. `rules`: tables of points, best N of M, the tie-breaks by name, which groups it ranks.

    `groups`: [{"code", "zh", "en", "table"?, "best"?}]; a round's categories say which group they score in.
    """

    slug = models.SlugField(unique=True)
    name_zh = models.CharField(max_length=120)
    name_en = models.CharField(max_length=160, blank=True)
    season = models.CharField(max_length=20)
    rules = models.JSONField(default=dict)
    groups = models.JSONField(default=list)

    def __str__(self) -> str:
        return self.slug


class Round(models.Model):
    """A round: an edition of ours (`edition`), or one ridden elsewhere whose results were brought in."""

    league = models.ForeignKey(League, models.PROTECT, related_name="rounds")
    order = models.PositiveSmallIntegerField()
    name_zh = models.CharField(max_length=120)
    name_en = models.CharField(max_length=160, blank=True)
    held_on = models.DateField()
    edition = models.ForeignKey(Edition, models.PROTECT, null=True, blank=True, related_name="league_rounds")

    class Meta:
        ordering = ["league", "order"]
        constraints = [models.UniqueConstraint(fields=["league", "order"], name="round_order_once")]

    def __str__(self) -> str:
        return f"{self.league} {self.order}"


class RoundCategory(models.Model):
    """Which group of the league a category of an edition of ours scores in."""

    round = models.ForeignKey(Round, models.PROTECT, related_name="categories")
    category = models.ForeignKey(Category, models.PROTECT, related_name="league_rounds")
    group = models.CharField(max_length=20)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["round", "category"], name="round_category_once")]

    def __str__(self) -> str:
        return f"{self.round} {self.category}"


class RoundResult(models.Model):
    """A line of a round ridden elsewhere. `identity_hash` or `entry` tells who it was; neither: by name alone, for a
    person to say. `member` is the key under which the league adds up."""

    round = models.ForeignKey(Round, models.PROTECT, related_name="results")
    group = models.CharField(max_length=20)
    place = models.PositiveIntegerField(null=True, blank=True)
    name = models.CharField(max_length=80)
    team = models.CharField(max_length=120, blank=True)
    identity_hash = models.CharField(max_length=80, blank=True, db_index=True)
    entry = models.ForeignKey(Entry, models.PROTECT, null=True, blank=True, related_name="+")
    member = models.CharField(max_length=80, blank=True)

    class Meta:
        ordering = ["round", "group", "place", "name"]

    def __str__(self) -> str:
        return f"{self.round} {self.name}"
