"""Finisher certificates: what each says, its files, and the work of making them for everybody."""

from django.conf import settings
from django.db import models

from race.models import Edition, Entry, Race
from results.models.publication import Publication


class Certificate(models.Model):
    """What a certificate says of a finisher, once. Where the result says otherwise later, that is another certificate.

    `said` is what is certified (docs/api.md); `code` is what stands behind `/verify/`; `publication` is the result it was
    first issued on. Whether it still holds is never stored: it is compared with the newest publication when somebody asks.
    """

    edition = models.ForeignKey(Edition, models.PROTECT, related_name="+")
    race = models.ForeignKey(Race, models.PROTECT, related_name="certificates")
    entry = models.ForeignKey(Entry, models.PROTECT, related_name="certificates")
    publication = models.ForeignKey(Publication, models.PROTECT, related_name="certificates")
    code = models.CharField(max_length=16, unique=True)
    said = models.JSONField()
    sha256 = models.CharField(max_length=64)
    issued_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entry", "sha256"], name="certified_once")]

    def __str__(self) -> str:
        return self.code


class CertificateFile(models.Model):
    """A certificate as PDF in a language, kept so that its hash can be checked for ever."""

    certificate = models.ForeignKey(Certificate, models.PROTECT, related_name="files")
    language = models.CharField(max_length=8)
    sha256 = models.CharField(max_length=64, db_index=True)
    body = models.BinaryField()
    made_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["certificate", "language"], name="certificate_file_once")]

    def __str__(self) -> str:
        return f"{self.certificate} {self.language}"


class CertificateJob(models.Model):
    """Certificates for everybody who has none yet, in a language, as an official asked for them."""

    edition = models.ForeignKey(Edition, models.PROTECT, related_name="certificate_jobs")
    language = models.CharField(max_length=8)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    asked_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.edition} {self.language}"


class CertificatePart(models.Model):
    """A part of a job: at most `results.certificate_job.PART` riders of a race, by the keys of their entries.

    `done_at` is set with the rows of their files, in one transaction: a part is done or not begun.
    """

    job = models.ForeignKey(CertificateJob, models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    race = models.ForeignKey(Race, models.PROTECT, related_name="+")
    entries = models.JSONField()
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["job", "number"]
        constraints = [models.UniqueConstraint(fields=["job", "number"], name="certificate_part_once")]

    def __str__(self) -> str:
        return f"{self.job} {self.number}"
