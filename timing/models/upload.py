"""A large file on its way in, piece by piece: what was sent before a cable was pulled is not sent again."""

from django.conf import settings
from django.db import models

from timing.models.delivery import Delivery
from timing.models.source import Channel


class Upload(models.Model):
    """A file that arrives in pieces, in order. Complete, it becomes one delivery and its pieces go.

    `key` is the sender's idempotency key; `code` names the upload in addresses. `size` and `sha256` are what the sender
    announced; `received` is how many bytes are committed here, which is where a sender goes on.
    """

    channel = models.ForeignKey(Channel, models.PROTECT, related_name="uploads")
    code = models.CharField(max_length=32, unique=True)
    key = models.CharField(max_length=160)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64, blank=True)
    received = models.BigIntegerField(default=0)
    options = models.JSONField(default=dict)
    started_at = models.DateTimeField()
    touched_at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    delivery = models.ForeignKey(Delivery, models.PROTECT, null=True, blank=True, related_name="uploads")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "key"], name="upload_key_once")]

    def __str__(self) -> str:
        return f"{self.code} {self.received}/{self.size}"


class UploadPiece(models.Model):
    """Bytes of an upload, from `start` on."""

    upload = models.ForeignKey(Upload, models.CASCADE, related_name="pieces")
    start = models.BigIntegerField()
    body = models.BinaryField()

    class Meta:
        ordering = ["upload", "start"]
        constraints = [models.UniqueConstraint(fields=["upload", "start"], name="piece_once")]

    def __str__(self) -> str:
        return f"{self.upload_id} {self.start}"
