"""Mails and text messages: written with what they tell, sent after the commit, kept as a record."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from race.models.edition import Edition
from race.models.registration import Registration
from race.models.rider import Rider


class Campaign(models.Model):
    """One text to many riders. `asked` is the filter as the office chose it, `total` how many it was when it was sent."""

    edition = models.ForeignKey(Edition, models.PROTECT, related_name="campaigns")
    key = models.CharField(max_length=80)
    channel = models.CharField(max_length=5)
    asked = models.JSONField(default=dict)
    subject = models.JSONField(default=dict, help_text='{"zh", "en"}')
    body = models.JSONField(default=dict, help_text='{"zh", "en"}')
    total = models.PositiveIntegerField(default=0)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["edition", "key"], name="campaign_once")]

    def __str__(self) -> str:
        return f"campaign {self.pk}"


class Message(models.Model):
    """One mail or text message to one person. Address and text are sealed; the text is forgotten 30 days after sending."""

    class Channel(models.TextChoices):
        """By which way."""

        EMAIL = "email"
        SMS = "sms"

    class State(models.TextChoices):
        """Where it stands. FAILED after the last try; the office sees it."""

        QUEUED = "queued"
        SENT = "sent"
        FAILED = "failed"

    edition = models.ForeignKey(Edition, models.PROTECT, related_name="messages")
    registration = models.ForeignKey(Registration, models.PROTECT, null=True, blank=True, related_name="messages")
    rider = models.ForeignKey(Rider, models.PROTECT, null=True, blank=True, related_name="messages")
    campaign = models.ForeignKey(Campaign, models.PROTECT, null=True, blank=True, related_name="messages")
    kind = models.CharField(max_length=24)
    channel = models.CharField(max_length=5, choices=Channel.choices)
    language = models.CharField(max_length=8, default="zh-hans")
    to_sealed = models.TextField(blank=True)
    content_sealed = models.TextField(blank=True, help_text='Encrypted JSON {"subject", "text"}')
    state = models.CharField(max_length=6, choices=State.choices, default=State.QUEUED)
    tries = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["not_before", "id"], condition=Q(state="queued"), name="message_queue")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
