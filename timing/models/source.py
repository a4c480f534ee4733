"""Where reads come from: the decoder at the road side, and the way its bytes reach us."""

from django.db import models

from race.models import Edition, Fact, TimingPoint, Token


class Source(models.Model):
    """A physical decoder, or a person, at a timing point, under the name its frames or rows give.

    A source nobody has mapped yet (`point` null) is stored and acknowledged, and counts nowhere. `zone` is the zone its
    clock is set to: a visible setting, never assumed.
    """

    class Position(models.TextChoices):
        """A backup counts only where the main one was silent."""

        MAIN = "main"
        BACKUP = "backup"

    edition = models.ForeignKey(Edition, models.PROTECT, related_name="sources")
    point = models.ForeignKey(TimingPoint, models.PROTECT, null=True, blank=True, related_name="sources")
    name = models.CharField(max_length=80)
    make = models.CharField(max_length=16, blank=True)
    zone = models.CharField(max_length=40)
    role = models.CharField(max_length=6, choices=Position.choices, default=Position.MAIN)

    class Meta:
        ordering = ["edition", "name"]
        constraints = [models.UniqueConstraint(fields=["edition", "name"], name="source_name_once")]

    def __str__(self) -> str:
        return self.name


class Channel(models.Model):
    """The way bytes reach us: a TCP port, a token's uploads, a phone. One delivery may hold reads of several sources.

    A channel with `sources` named accepts reads of those only; one with none accepts any source of its edition. A TCP
    channel with a `host` is a machine that listens there and that we dial; one without is a port of ours that machines
    call, from the networks `allowed` (none named: from any).
    """

    class Kind(models.TextChoices):
        """How the bytes arrive."""

        TCP = "tcp"
        HTTP = "http"

    edition = models.ForeignKey(Edition, models.PROTECT, related_name="channels")
    kind = models.CharField(max_length=4, choices=Kind.choices)
    make = models.CharField(
        max_length=16, blank=True, help_text="The make a TCP port speaks; HTTP deliveries name theirs"
    )
    label = models.CharField(max_length=80)
    host = models.CharField(max_length=253, blank=True)
    port = models.PositiveIntegerField(null=True, blank=True)
    allowed = models.JSONField(default=list, blank=True, help_text='Networks: ["192.0.2.0/24"]')
    token = models.OneToOneField(Token, models.PROTECT, null=True, blank=True, related_name="channel")
    sources = models.ManyToManyField(Source, blank=True, related_name="channels")
    open = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["host", "port"], name="channel_address_once")]

    def __str__(self) -> str:
        return self.label


class ClockOffset(Fact):
    """From `since` on (null: from the beginning) this is added to the source's clock to get true time.

    Segments: a later `since` takes over; of two with the same `since` the newer fact counts, so zero undoes one.
    """

    source = models.ForeignKey(Source, models.PROTECT, related_name="offsets")
    since = models.DateTimeField(null=True, blank=True)
    offset_us = models.BigIntegerField()
    evidence = models.CharField(max_length=200)

    def __str__(self) -> str:
        return f"{self.source} {self.offset_us:+d} µs"
