"""The bytes as they arrived."""

from django.db import models

from timing.models.source import Channel


class Delivery(models.Model):
    """The bytes as received, once: the unit that is acknowledged. Evidence: a trigger refuses any edit or deletion.

    `key` is the idempotency key of the sender (for a TCP connection: its peer and byte position); the same key again is
    the same delivery. `options` tells how to read it: make, zone, date, source, file name.
    """

    channel = models.ForeignKey(Channel, models.PROTECT, related_name="deliveries")
    received_at = models.DateTimeField()
    key = models.CharField(max_length=160)
    peer = models.CharField(max_length=64, blank=True)
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    body = models.BinaryField()
    options = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "key"], name="delivery_key_once")]
        indexes = [models.Index(fields=["peer"])]

    def __str__(self) -> str:
        return f"{self.channel} {self.pk}"


class Pending(models.Model):
    """A delivery that is not fully taken in yet: what the sweep rings for. Gone once its last part is in.

    Written and removed in the same transactions as the facts it follows, so it can be rebuilt from them. A file that
    looks like another race's is parked: kept, and not taken in until an operator says that it counts.
    """

    class Parked(models.TextChoices):
        """Whether somebody has to decide first, or has decided against it."""

        NO = ""
        ASKED = "asked"
        LEFT_OUT = "left_out"

    delivery = models.OneToOneField(Delivery, models.PROTECT, primary_key=True, related_name="pending")
    channel = models.ForeignKey(Channel, models.PROTECT, related_name="pending")
    file = models.BooleanField(default=False)
    done = models.PositiveIntegerField(default=0, help_text="Reads of the delivery already taken in")
    parked = models.CharField(max_length=8, choices=Parked.choices, default=Parked.NO, blank=True)
    parked_why = models.CharField(max_length=40, blank=True, help_text="Code of the reason")

    def __str__(self) -> str:
        return str(self.pk)
