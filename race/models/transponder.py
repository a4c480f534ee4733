"""Timing chips and who carries them, from when until when."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Value

from race.models.edition import Edition
from race.models.entry import Entry
from race.models.fact import Fact


class Transponder(models.Model):
    """A chip of an edition, by the code decoders send (upper case, leading zeros kept)."""

    edition = models.ForeignKey(Edition, models.PROTECT, related_name="transponders")
    code = models.CharField(max_length=32)

    class Meta:
        ordering = ["code"]
        constraints = [models.UniqueConstraint(fields=["edition", "code"], name="chip_once")]

    def __str__(self) -> str:
        return self.code


class Assignment(Fact):
    """A chip tied to an entry from a moment (also a past one) until a moment; never to two at once.

    The ends of `during` are event time; an open end means "until further notice". Ending one is a change
    (`race.changes`), handing out the next one a new assignment.
    """

    transponder = models.ForeignKey(Transponder, models.PROTECT, related_name="assignments")
    entry = models.ForeignKey(Entry, models.PROTECT, related_name="assignments")
    during = DateTimeRangeField(default_bounds="[)")

    class Meta:
        constraints = [
            # Core range types only: no PostgreSQL extension is used anywhere.
            ExclusionConstraint(
                name="chip_with_one_rider_at_a_time",
                expressions=[
                    (
                        Func(F("transponder"), F("transponder"), Value("[]"), function="int8range"),
                        RangeOperators.OVERLAPS,
                    ),
                    ("during", RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.transponder} -> {self.entry}"
