"""A person who rides."""

from django.db import models

from race.models.edition import in_language


class Rider(models.Model):
    """A person, once, whatever they enter. The identity number is never stored in the open.

    `identity_sealed` is the encrypted number, `identity_hash` the keyed hash that finds and compares it
    (`race.vault`). `sort_key` is the toneless pinyin that lists use, `search_key` all that a person may type for the name
    (`race.names`). `private_sealed` holds what only the office and the rider may read, as encrypted JSON (`race.dossier`):
    phone, e-mail, emergency contact, medical notes, guardian, insurance. `professional` is what the rider declared
    ({"registered", "uci_team_until", "retired_on"}). A rider found to be the same person as another points to the one kept.
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
        RESIDENCE_PERMIT_HMT = "residence_permit_hmt"
        PERMIT_HM = "permit_hm"
        PERMIT_TW = "permit_tw"
        PR_CARD = "pr_card"

    name_zh = models.CharField(max_length=60, blank=True)
    surname_latin = models.CharField(max_length=60, blank=True)
    given_latin = models.CharField(max_length=80, blank=True)
    passport_name = models.CharField(max_length=120, blank=True, help_text="As printed on the document")
    sort_key = models.CharField(max_length=160, db_index=True, blank=True)
    search_key = models.TextField(blank=True)
    sex = models.CharField(max_length=1, choices=Sex.choices)
    birth_date = models.DateField()
    nation = models.CharField(max_length=3, default="CHN", help_text="IOC code")
    region_code = models.CharField(
        max_length=6, blank=True, help_text="GB/T 2260 code of the province, as the rider gave it"
    )
    region_zh = models.CharField(max_length=20, blank=True)
    region_en = models.CharField(max_length=40, blank=True)
    uci_id = models.CharField(max_length=11, blank=True)
    professional = models.JSONField(default=dict, blank=True)
    private_sealed = models.TextField(blank=True)
    email_hash = models.CharField(max_length=64, blank=True, db_index=True)
    phone_hash = models.CharField(max_length=64, blank=True, db_index=True)
    identity_kind = models.CharField(max_length=20, choices=IdentityKind.choices)
    identity_country = models.CharField(max_length=3, blank=True, help_text="IOC code of who issued a passport")
    identity_sealed = models.TextField(blank=True)
    identity_hash = models.CharField(max_length=64, db_index=True)
    identity_key_version = models.PositiveSmallIntegerField(default=1)
    synthetic = models.BooleanField(
        default=False, help_text="Made up for a rehearsal; the identity number belongs to nobody"
    )
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="merged")
    erased_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["sort_key", "pk"]

    def __str__(self) -> str:
        return self.name_zh or self.latin

    @property
    def name(self) -> str:
        """In the language in force."""
        return in_language(self.name_zh, self.latin)

    @property
    def latin(self) -> str:
        """`SURNAME Given`, as result lists print it."""
        return f"{self.surname_latin.upper()} {self.given_latin}".strip()
