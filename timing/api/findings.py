"""What a crew has to see of a delivery beside its counts: rows that could not be read, reads that count nowhere or stay out."""

import codecs
from collections.abc import Sequence
from typing import Any

from django.db.models import BinaryField, QuerySet
from django.db.models.functions import Length, Substr

from race.models import Transponder
from race.sheet import encoding_of
from race.workbook import ZIP_MARK
from timing import decoders, preview, typed
from timing.models import Delivery, Ingestion, Read, Reject, Source

SHOWN_REJECTS = 20
SHOWN_CHIPS = 20
MOST_BYTES = 4 * 1024 * 1024  # of a larger file nobody waits until it is read once more
MOST_CHIPS = 2_000  # looked at: among them may be bibs that somebody typed
SHOWN_BYTES, SHOWN_HEX, SNIFFED_BYTES = 200, 16, 4096


def findings(delivery: Delivery) -> dict[str, Any]:
    """`rejects`, `unmapped`, `unknown_chips` and `warnings` of one delivery, as they stand now."""
    taken = Ingestion.objects.filter(delivery=delivery)
    numbers = list(taken.values_list("pk", flat=True))
    reads = Read.objects.filter(ingestion__in=numbers)
    any_unknown = taken.filter(unknown__gt=0).exists()
    return {
        "rejects": rejects(delivery),
        "unmapped": unmapped(reads) if numbers else [],
        "unknown_chips": unknown_chips(delivery, reads) if any_unknown else [],
        "warnings": preview.of_taken(delivery)
        if delivery.size <= MOST_BYTES and taken.filter(known__gt=0).exists()
        else [],
    }


def unmapped(reads: QuerySet[Read]) -> list[str]:
    """The names of the reads' sources that stand at no timing point yet."""
    sources = Source.objects.filter(pk__in=list(reads.values_list("source", flat=True).distinct()), point=None)
    return list(sources.order_by("name").values_list("name", flat=True))


def unknown_chips(delivery: Delivery, reads: QuerySet[Read]) -> list[str]:
    """The first chips, by code, that nobody carries or carried."""
    handed_out = Transponder.objects.filter(edition=delivery.channel.edition_id, assignments__isnull=False)
    strange = reads.exclude(chip__in=handed_out.values("code")).exclude(chip=typed.TAP).order_by("chip")
    chips = list(strange.values_list("chip", flat=True).distinct()[:MOST_CHIPS])
    worn = typed.riders(delivery.channel.edition_id, chips)
    return [chip for chip in chips if chip not in worn][:SHOWN_CHIPS]


def rejects(delivery: Delivery) -> list[dict[str, str]]:
    """The first rejects of a delivery, readable."""
    rows = (
        Reject.objects.filter(ingestion__delivery=delivery)
        .annotate(head=Substr("raw", 1, SHOWN_BYTES, output_field=BinaryField()), size=Length("raw"))
        .order_by("pk")
        .values_list("reason", "head", "size")[:SHOWN_REJECTS]
    )
    found = [(reason, bytes(head), size) for reason, head, size in rows]
    # Only a spreadsheet has one encoding from end to end, and only for other letters does it matter which.
    doubtful = any(not head.isascii() or b"\0" in head for _reason, head, _size in found)
    first = _encoding(delivery) if doubtful else []
    encodings = [*first, "utf-8", "gb18030"]
    return [{"reason": reason, "raw": readable(head, size, encodings)} for reason, head, size in found]


def _encoding(delivery: Delivery) -> list[str]:
    """The encoding of a text file; none where the bytes are something else."""
    sheet = decoders.decoder(delivery.options.get("make") or "csv") is decoders.MAKES["csv"]
    start = Substr("body", 1, SNIFFED_BYTES, output_field=BinaryField())
    head = bytes(Delivery.objects.filter(pk=delivery.pk).values_list(start, flat=True).get())
    return [encoding_of(head)[0]] if sheet and not head.startswith(ZIP_MARK) else []


def readable(head: bytes, size: int, encodings: Sequence[str]) -> str:
    """The first bytes of a reject as text in the first encoding in which they are text, else a few as hex digits.

    `size` is that of the whole: where more follows, the cut may have gone through a letter. Odd bytes in a line of text
    stand as backslash escapes.
    """
    for encoding in encodings:
        try:
            text = codecs.getincrementaldecoder(encoding)().decode(head, final=len(head) >= size)
        except UnicodeDecodeError:
            continue
        if _is_text(text):
            return text
    escaped = head.decode("ascii", "backslashreplace")
    odd = sum(byte >= 0x80 for byte in head)
    if odd * 2 < len(head) and _is_text(escaped):
        return escaped
    more = "..." if size > SHOWN_HEX else ""
    return f"0x{head[:SHOWN_HEX].hex()}{more} ({size} bytes)"


def _is_text(text: str) -> bool:
    return all(letter.isprintable() or letter in "\t\r\n\ufeff\u3000\xa0" for letter in text)
