"""People who work here, what they may do, and the keys of their machines."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _

from race.models.edition import Edition


class User(AbstractUser):
    """Somebody with an account. What they may do is in their roles, one edition at a time."""


class Role(models.Model):
    """What a person does at an edition."""

    class Name(models.TextChoices):
        """The roles, from facts of the sport: who enters riders, who times, who rules."""

        ORGANISER = "organiser", _("organiser")
        OFFICE = "office", _("office")
        TIMING_CREW = "timing_crew", _("timing crew")
        COMMISSAIRE = "commissaire", _("commissaire")
        CHIEF = "chief", _("chief commissaire")
        ANNOUNCER = "announcer", _("announcer")
        ADMINISTRATOR = "administrator", _("administrator")

    user = models.ForeignKey(User, models.CASCADE, related_name="roles")
    edition = models.ForeignKey(Edition, models.CASCADE, related_name="roles")
    name = models.CharField(max_length=14, choices=Name.choices)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "edition", "name"], name="role_once")]

    def __str__(self) -> str:
        return f"{self.user} {self.name}"


class Token(models.Model):
    """A machine's key: one edition, one role. Only its SHA-256 is kept; the secret is shown once.

    A decoder's or bridge's token has the role `deliveries`: it may only add deliveries, and only reads of the sources its
    channel names count (`timing.models.Channel`).
    """

    DELIVERIES = "deliveries"

    edition = models.ForeignKey(Edition, models.CASCADE, related_name="tokens")
    user = models.ForeignKey(User, models.CASCADE, related_name="tokens")
    role = models.CharField(max_length=14, choices=[*Role.Name.choices, (DELIVERIES, _("adds deliveries only"))])
    label = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.label
