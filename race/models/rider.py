"""A person who rides."""

from django.db import models


class Rider(models.Model):
    """A person, once, whatever they enter. The identity number is never stored in the open.

    `identity_sealed` is the encrypted number, `identity_hash` the keyed hash that finds and compares it
    (`race.vault`). `sort_key` is the toneless pinyin that lists and searches use.
    """

    class Sex(models.TextChoices):
        """As on the document."""

        MALE = "M"
        FEMALE = "F"

    class IdentityKind(models.TextChoices):
        """Which document the rider showed."""

        RESIDENT = "resident"
        PASSPORT = "passport"
        PERMIT = "permit"

    name_zh = models.CharField(max_length=60, blank=True)
    surname_latin = models.CharField(max_length=60, blank=True)
    given_latin = models.CharField(max_length=80, blank=True)
    sort_key = models.CharField(max_length=160, db_index=True, blank=True)
    sex = models.CharField(max_length=1, choices=Sex.choices)
    birth_date = models.DateField()
    nation = models.CharField(max_length=3, default="CHN", help_text="IOC code")
    region_code = models.CharField(
        max_length=6, blank=True, help_text="GB/T 2260 code of the province, as the rider gave it"
    )
    region_zh = models.CharField(max_length=20, blank=True)
    region_en = models.CharField(max_length=40, blank=True)
    uci_id = models.CharField(max_length=11, blank=True)
    phone_sealed = models.TextField(blank=True)
    identity_kind = models.CharField(max_length=10, choices=IdentityKind.choices)
    identity_sealed = models.TextField(blank=True)
    identity_hash = models.CharField(max_length=64, db_index=True)
    identity_key_version = models.PositiveSmallIntegerField(default=1)
    synthetic = models.BooleanField(
        default=False, help_text="Made up for a rehearsal; the identity number belongs to nobody"
    )

    class Meta:
        ordering = ["sort_key", "pk"]

    def __str__(self) -> str:
        return self.name_zh or self.latin

    @property
    def latin(self) -> str:
        """`SURNAME Given`, as result lists print it."""
        return f"{self.surname_latin.upper()} {self.given_latin}".strip()
