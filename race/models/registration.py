"""The act of entering: who entered whom, under which regulations, and the links that lead back to it."""

from django.conf import settings
from django.db import models

from race.models.edition import Edition
from race.models.rider import Rider
from race.models.team import Team


class Registration(models.Model):
    """What one person entered in one go: a rider for one or two races, a manager for a team. It is paid as a whole.

    `key` is the idempotency key of the form or the client, `asked` the SHA-256 of what it asked for: the same key with the
    same request is the same registration, with another request a mistake. `contact_sealed` is encrypted JSON
    {"name", "email", "phone"} of whoever pays; the two keyed hashes find a registration again for a one-time code.
    """

    class Kind(models.TextChoices):
        """Who enters."""

        RIDER = "rider"
        TEAM = "team"
        OFFICE = "office"

    edition = models.ForeignKey(Edition, models.PROTECT, related_name="registrations")
    kind = models.CharField(max_length=6, choices=Kind.choices, default=Kind.RIDER)
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="registrations")
    key = models.CharField(max_length=80)
    asked = models.CharField(max_length=64)
    language = models.CharField(max_length=8, default="zh-hans")
    contact_sealed = models.TextField(blank=True)
    email_hash = models.CharField(max_length=64, blank=True, db_index=True)
    phone_hash = models.CharField(max_length=64, blank=True, db_index=True)
    pays = models.CharField(max_length=12, blank=True, help_text="The way of paying that was chosen")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["edition", "key"], name="registration_once")]

    def __str__(self) -> str:
        return f"{self.edition.slug} {self.pk}"


class PrivateLink(models.Model):
    """`/my/<secret>/`: whoever holds it is the payer (`rider` empty) or that one rider of the registration.

    The secret is looked up by its SHA-256 and kept sealed, so that a mail can carry the same link again. `secret` is no
    column: only a link that was made this moment has it in the open.
    """

    secret: str = ""

    registration = models.ForeignKey(Registration, models.CASCADE, related_name="links")
    rider = models.ForeignKey(Rider, models.PROTECT, null=True, blank=True, related_name="links")
    digest = models.CharField(max_length=64, unique=True)
    secret_sealed = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["registration", "rider"],
                condition=models.Q(revoked_at=None),
                nulls_distinct=False,
                name="one_living_link",
            )
        ]

    def __str__(self) -> str:
        return f"link {self.pk}"


class OneTimeCode(models.Model):
    """A code sent to an address or a phone, to come back without the link. `contact_hash` is the vault's keyed hash."""

    edition = models.ForeignKey(Edition, models.CASCADE, related_name="+")
    contact_hash = models.CharField(max_length=64, db_index=True)
    code_digest = models.CharField(max_length=64)
    tries = models.PositiveSmallIntegerField(default=0)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"code {self.pk}"


class Regulations(models.Model):
    """One version of the regulations, frozen: the canonical document that `race.regulations` made of the configuration.

    `waiver_sha256` is the hash of the waiver's two texts in it, `sha256` of the whole.
    """

    edition = models.ForeignKey(Edition, models.PROTECT, related_name="regulations")
    version = models.PositiveSmallIntegerField()
    document = models.JSONField()
    sha256 = models.CharField(max_length=64)
    waiver_sha256 = models.CharField(max_length=64)
    published_at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["edition", "version"]
        constraints = [models.UniqueConstraint(fields=["edition", "version"], name="regulations_version_once")]

    def __str__(self) -> str:
        return f"{self.edition.slug} v{self.version}"


class Acceptance(models.Model):
    """That a rider (or the guardian) accepted a version of the regulations and its waiver. Evidence: never edited."""

    rider = models.ForeignKey(Rider, models.PROTECT, related_name="acceptances")
    registration = models.ForeignKey(Registration, models.PROTECT, null=True, blank=True, related_name="acceptances")
    regulations = models.ForeignKey(Regulations, models.PROTECT, related_name="acceptances")
    waiver_sha256 = models.CharField(max_length=64)
    signer = models.CharField(max_length=80, help_text="The name as it was typed")
    guardian = models.BooleanField(default=False)
    language = models.CharField(max_length=8)
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.rider} {self.regulations}"


class Document(models.Model):
    """A paper a rider sent in: sealed bytes, reviewed with a reason. A better one is a new row; ID cards are never kept."""

    class State(models.TextChoices):
        """What the office made of it."""

        SENT = "sent"
        ACCEPTED = "accepted"
        REFUSED = "refused"
        REPLACED = "replaced"

    rider = models.ForeignKey(Rider, models.PROTECT, related_name="documents")
    edition = models.ForeignKey(Edition, models.PROTECT, related_name="documents")
    kind = models.CharField(max_length=20)
    file_name = models.CharField(max_length=120)
    content_type = models.CharField(max_length=60)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    sealed = models.BinaryField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.SENT)
    reason = models.CharField(max_length=300, blank=True)
    sent_at = models.DateTimeField(auto_now_add=True)
    reviewed_at = models.DateTimeField(null=True, blank=True)
    reviewed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["-sent_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
