"""What a sender hears of a delivery: what became of its reads, and what a crew has to see to."""

from typing import Any

from django.db.models import BinaryField
from django.db.models.functions import Substr
from django.utils.translation import gettext as _
from rest_framework import serializers

from race import workbook
from race.refused import Refused
from timing import ingest, parking
from timing.api.findings import findings
from timing.decoders import unpack
from timing.decoders.sheet import NOT_A_CHIP_FILE
from timing.models import Delivery, Pending

#: Bodies up to this size are taken in before the answer, so that it can tell the counts; larger ones by the worker.
AT_ONCE = 4 * 1024 * 1024
AT_ONCE_PACKED = 512 * 1024  # of a .gz, .zip or .xlsx: nobody knows yet how large it is


class Counts(serializers.Serializer[Any]):
    """What became of the reads."""

    new = serializers.IntegerField()
    known = serializers.IntegerField()
    rejected = serializers.IntegerField()
    unknown = serializers.IntegerField(help_text="Of the new ones: of chips nobody carries")
    markers = serializers.IntegerField()


class RejectRow(serializers.Serializer[Any]):
    """Bytes that could not be read, and why."""

    reason = serializers.CharField()
    raw = serializers.CharField(help_text="The row, at most its first 200 bytes; of what is no text 16 as hex digits")


class DeliveryAnswer(serializers.Serializer[Any]):
    """A delivery and what became of it. `status` pending: not all of it is taken in yet; parked: it looks like another
    race's (`parked_why`), and somebody has to say whether it counts; left_out: somebody said that it does not.
    """

    id = serializers.IntegerField()
    name = serializers.CharField(allow_blank=True, help_text="Of the file")
    make = serializers.CharField(allow_blank=True)
    sha256 = serializers.CharField()
    size = serializers.IntegerField()
    peer = serializers.CharField(allow_blank=True)
    received_at = serializers.DateTimeField()
    status = serializers.ChoiceField(choices=["taken", "pending", "parked", "left_out"])
    parked_why = serializers.CharField(
        allow_blank=True, help_text="Why it is or was parked: other_days, nobodys_chips, many_sources"
    )
    counts = Counts()
    rejects = RejectRow(many=True, required=False)
    unmapped = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="Sources of new reads that count nowhere until mapped"
    )
    unknown_chips = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="Chips of new reads that nobody carries; the first 20"
    )
    warnings = serializers.ListField(
        child=serializers.DictField(),
        required=False,
        help_text="ignored: known rows stay out, for they came with a file that was taken out",
    )


def answers(deliveries: list[Delivery]) -> list[dict[str, Any]]:
    """Deliveries with their counts, in three queries."""
    ids = [delivery.pk for delivery in deliveries]
    totals = ingest.totals(ids)
    rows = Pending.objects.filter(pk__in=ids).values_list("pk", "parked", "parked_why")
    waiting = {pk: (parked, why) for pk, parked, why in rows}
    return [
        {
            "id": delivery.pk,
            "name": delivery.options.get("name", ""),
            "make": delivery.options.get("make", ""),
            "sha256": delivery.sha256,
            "size": delivery.size,
            "peer": delivery.peer,
            "received_at": delivery.received_at.isoformat(),
            "status": parking.STATUS[waiting[delivery.pk][0]] if delivery.pk in waiting else "taken",
            "parked_why": waiting[delivery.pk][1] if delivery.pk in waiting else "",
            "counts": {
                name: totals[delivery.pk][name] if delivery.pk in totals else 0
                for name in ("new", "known", "rejected", "unknown", "markers")
            },
        }
        for delivery in deliveries
    ]


def told(delivery: Delivery) -> dict[str, Any]:
    """One delivery with its counts and findings; what is small is taken in before."""
    if delivery.size <= AT_ONCE_PACKED or (delivery.size <= AT_ONCE and not _packed(delivery)):
        # This one only: who sends a small file does not wait behind a large one, nor do its work.
        ingest.take_in(delivery.channel_id, wait=False, only=delivery.pk)
    delivery = Delivery.objects.defer("body").select_related("channel__edition").get(pk=delivery.pk)
    found = findings(delivery)
    if len(found["rejects"]) == 1:
        _refuse_whole(found["rejects"][0]["reason"], delivery.pk)
    return answers([delivery])[0] | found


def _packed(delivery: Delivery) -> bool:
    head = Substr("body", 1, 4, output_field=BinaryField())
    return unpack.is_packed(bytes(Delivery.objects.filter(pk=delivery.pk).values_list(head, flat=True).get()))


def _refuse_whole(reason: str, number: int) -> None:
    """A file of which nothing could be read is no success, although it is kept. Refused with the reason."""
    kept = " " + _("Its bytes are kept as delivery %(id)s; nothing counts.") % {"id": number}
    if reason == NOT_A_CHIP_FILE:
        raise Refused("not_a_chip_file", _("This is not a file of chip reads.") + kept)
    if reason in (unpack.TOO_LARGE, workbook.TOO_LARGE):
        raise Refused("too_large_unpacked", _("This file opens to far more than reads can fill.") + kept)
    if reason in (unpack.BROKEN, workbook.BROKEN):
        raise Refused("broken_archive", _("This file cannot be opened: it is cut off, damaged or locked.") + kept)
    if reason == unpack.MANY:
        raise Refused(
            "not_one_file", _("A packed file has to hold one file: unpack it and send each by itself.") + kept
        )
