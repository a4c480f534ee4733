"""One detection as sent."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from timing.models.ingestion import Ingestion
from timing.models.source import Source


class Read(models.Model):
    """One detection. Identity: source, chip, date and time as the device wrote them.

    `local_us` is the device's wall clock in microseconds since 1970-01-01 00:00 of that same clock; it is not UTC, so
    that a correction of the source's zone or offset moves every read and doubles none. The unique key begins with the
    time: that order is several times faster to load than one that begins with the source.

    The database does not check the two keys of each row: on a file that alone costs as much as all else together. Only
    `timing.ingest` writes here; it takes the source from the table and adds the ingestion before the same commit.

    `seq` is the number that the machine gave this read, where its make numbers reads; sent again, it has the same.
    """

    source = models.ForeignKey(Source, models.PROTECT, related_name="reads", db_index=False, db_constraint=False)
    chip = models.CharField(max_length=32)
    local_us = models.BigIntegerField()
    ingestion = models.ForeignKey(Ingestion, models.PROTECT, related_name="reads", db_index=False, db_constraint=False)
    seq = models.BigIntegerField(null=True)
    rssi = models.SmallIntegerField(null=True)
    lap = models.IntegerField(null=True)
    device = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["local_us", "source", "chip"], name="read_once")]
        indexes = [
            models.Index(fields=["chip"]),
            # Reads lie on disk in the order in which they were taken in: this finds the newest at next to no cost.
            BrinIndex(fields=["ingestion"], name="read_by_ingestion", pages_per_range=16),
        ]

    def __str__(self) -> str:
        return f"{self.chip} {self.local_us}"


class Marker(models.Model):
    """A gun or trigger a decoder reported: a proposal to a commissaire, never a start by itself."""

    source = models.ForeignKey(Source, models.PROTECT, related_name="markers")
    ingestion = models.ForeignKey(Ingestion, models.PROTECT, related_name="gun_markers")
    kind = models.CharField(max_length=40)
    name = models.CharField(max_length=80, blank=True)
    local_us = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "local_us", "kind", "name"], name="marker_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"
