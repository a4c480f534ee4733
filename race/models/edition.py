"""An event and its yearly editions."""

from __future__ import annotations

from django.db import models
from django.utils.translation import get_language


def in_language(zh: str, en: str) -> str:
    """The wording for the language in force; the other one where that is missing."""
    return (en or zh) if (get_language() or "").startswith("en") else (zh or en)


class Event(models.Model):
    """The Open itself, independent of the year."""

    slug = models.SlugField(unique=True)
    name_zh = models.CharField(max_length=120)
    name_en = models.CharField(max_length=120, blank=True)

    def __str__(self) -> str:
        return self.name_zh


class Edition(models.Model):
    """One running of the event: its days, its place, its clock and its one counter.

    `revision` counts the facts of this edition (see `race.revision`). `clock` is empty for a real race; for a rehearsal
    it holds the segments of `race.clock`.
    """

    event = models.ForeignKey(Event, models.PROTECT, related_name="editions")
    slug = models.SlugField(unique=True)
    number = models.PositiveSmallIntegerField()
    name_zh = models.CharField(max_length=160)
    name_en = models.CharField(max_length=200, blank=True)
    short_zh = models.CharField(max_length=40, blank=True)
    short_en = models.CharField(max_length=60, blank=True)
    sponsor_zh = models.CharField(max_length=80, blank=True)
    sponsor_en = models.CharField(max_length=80, blank=True)
    venue_zh = models.CharField(max_length=120, blank=True)
    venue_en = models.CharField(max_length=120, blank=True)
    zone = models.CharField(max_length=40, help_text="IANA name of the venue's time zone, e.g. Asia/Shanghai")
    starts_on = models.DateField()
    ends_on = models.DateField()
    entry_opens_at = models.DateTimeField(null=True, blank=True)
    entry_closes_at = models.DateTimeField(null=True, blank=True)
    league = models.CharField(max_length=120, blank=True)
    entry_rules = models.JSONField(
        default=dict, blank=True, help_text="What race.entry_rules reads; defaults where empty"
    )
    result_rules = models.JSONField(
        default=dict, blank=True, help_text="Protest window and deposit, doubt at the line, teams; defaults where empty"
    )
    waiver_zh = models.TextField(blank=True)
    waiver_en = models.TextField(blank=True)
    contact = models.JSONField(
        default=dict, blank=True, help_text='The office: {"email", "phone", "hours_zh", "hours_en"}'
    )
    bibs_frozen_at = models.DateTimeField(null=True, blank=True)
    illustrative = models.JSONField(
        default=list, blank=True, help_text="What in this edition is made up, by field path"
    )
    rehearsal = models.BooleanField(default=False)
    clock = models.JSONField(default=list, blank=True)
    revision = models.BigIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["-starts_on", "slug"]

    def __str__(self) -> str:
        return self.slug

    @property
    def name(self) -> str:
        """The full name in the language in force."""
        return in_language(self.name_zh, self.name_en)

    @property
    def short_name(self) -> str:
        """The name for a header, in the language in force."""
        return in_language(self.short_zh, self.short_en) or self.name

    @property
    def venue(self) -> str:
        """The place in the language in force."""
        return in_language(self.venue_zh, self.venue_en)
