"""What was handed out and ticked at a desk, and what the office did before anything was a fact."""

from django.conf import settings
from django.db import models

from race.models.edition import Edition
from race.models.entry import Entry
from race.models.registration import Registration
from race.models.rider import Rider


class DeskTick(models.Model):
    """One tick at sign-on, as the tablet made it: perhaps without a network, and sent later. Appended, never edited.

    `key` is made on the tablet, so that sending again is harmless. `item`: identity, cloth, plate, chip, deposit,
    waiver, sign_on, let_through ... `value` is what was handed out (a chip's code) or `off` for a tick taken back.
    `at` is event time on the tablet; `outcome` says whether it counts ("done", "known", or why it does not).
    """

    edition = models.ForeignKey(Edition, models.PROTECT, related_name="desk_ticks")
    key = models.UUIDField(unique=True)
    entry = models.ForeignKey(Entry, models.PROTECT, related_name="desk_ticks")
    item = models.CharField(max_length=16)
    value = models.CharField(max_length=80, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    desk = models.CharField(max_length=40, blank=True)
    at = models.DateTimeField()
    received_at = models.DateTimeField(auto_now_add=True)
    outcome = models.CharField(max_length=24)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.item} {self.entry}"


class LogLine(models.Model):
    """Who did what to whom in the office and on the private pages, without identity data. Appended, never edited."""

    edition = models.ForeignKey(Edition, models.PROTECT, null=True, blank=True, related_name="log")
    what = models.CharField(max_length=32)
    registration = models.ForeignKey(Registration, models.PROTECT, null=True, blank=True, related_name="log")
    entry = models.ForeignKey(Entry, models.PROTECT, null=True, blank=True, related_name="log")
    rider = models.ForeignKey(Rider, models.PROTECT, null=True, blank=True, related_name="log")
    details = models.JSONField(default=dict, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.what} {self.at:%Y-%m-%d %H:%M}"
