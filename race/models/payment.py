"""Money: what was asked for, what a provider told, and the ledger. Amounts are fen, hundredths of a yuan."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from race.models.edition import Edition
from race.models.entry import Entry
from race.models.registration import Registration
from race.models.transponder import Transponder


class Payment(models.Model):
    """A sum asked for through one way of paying. `number` is ours and unique over all editions; `lines` says what it is
    for: [{"entry": pk, "fen": n}, ...]. `provider_ref` is the provider's own number of the money received."""

    class State(models.TextChoices):
        """Where the payment stands. Refunds have a state of their own."""

        PENDING = "pending"
        PAID = "paid"
        CLOSED = "closed"

    registration = models.ForeignKey(Registration, models.PROTECT, related_name="payments")
    number = models.CharField(max_length=32, unique=True)
    provider = models.CharField(max_length=12)
    amount_fen = models.PositiveIntegerField()
    lines = models.JSONField(default=list)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    received_fen = models.PositiveIntegerField(default=0)
    provider_ref = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    paid_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "provider_ref"], condition=~Q(provider_ref=""), name="money_counted_once"
            )
        ]

    def __str__(self) -> str:
        return self.number


class Refund(models.Model):
    """Money on its way back. REQUESTED until the provider (or the office, for cash) says it is done; a failed one is tried
    again and stays visible."""

    class State(models.TextChoices):
        """Where the refund stands."""

        REQUESTED = "requested"
        DONE = "done"
        FAILED = "failed"

    payment = models.ForeignKey(Payment, models.PROTECT, related_name="refunds")
    entry = models.ForeignKey(Entry, models.PROTECT, null=True, blank=True, related_name="refunds")
    number = models.CharField(max_length=32, unique=True)
    amount_fen = models.PositiveIntegerField()
    reason = models.CharField(max_length=40)
    state = models.CharField(max_length=10, choices=State.choices, default=State.REQUESTED)
    provider_ref = models.CharField(max_length=64, blank=True)
    problem = models.CharField(max_length=200, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    done_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.number


class ProviderCall(models.Model):
    """What a provider sent us, byte for byte, kept before it is judged. `outcome` is the code of what became of it."""

    provider = models.CharField(max_length=12)
    body = models.BinaryField()
    headers = models.JSONField(default=dict)
    genuine = models.BooleanField()
    number = models.CharField(max_length=64, blank=True)
    outcome = models.CharField(max_length=24)
    received_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.provider} {self.number} {self.outcome}"


class LedgerLine(models.Model):
    """Money that moved, once. Positive came in, negative went out; a mistake is put right by another line."""

    class Kind(models.TextChoices):
        """What moved."""

        FEE = "fee"
        REFUND = "refund"
        DEPOSIT = "deposit"
        DEPOSIT_BACK = "deposit_back"
        DEPOSIT_KEPT = "deposit_kept"
        CORRECTION = "correction"

    edition = models.ForeignKey(Edition, models.PROTECT, related_name="ledger")
    at = models.DateTimeField(auto_now_add=True)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    method = models.CharField(max_length=12, help_text="sandbox, wechat, transfer, cash ...")
    amount_fen = models.IntegerField()
    registration = models.ForeignKey(Registration, models.PROTECT, null=True, blank=True, related_name="ledger")
    entry = models.ForeignKey(Entry, models.PROTECT, null=True, blank=True, related_name="ledger")
    payment = models.ForeignKey(Payment, models.PROTECT, null=True, blank=True, related_name="ledger")
    refund = models.ForeignKey(Refund, models.PROTECT, null=True, blank=True, related_name="ledger")
    transponder = models.ForeignKey(Transponder, models.PROTECT, null=True, blank=True, related_name="ledger")
    note = models.CharField(max_length=200, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            # A refund that is reported twice is booked once.
            models.UniqueConstraint(fields=["refund"], condition=Q(refund__isnull=False), name="refund_booked_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount_fen}"
