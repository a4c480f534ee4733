"""The files that came to an edition: what became of each, and what can still be done about it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import BinaryField, F
from django.db.models.functions import Length, Substr
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from race.models import Edition
from timing import corrections, ingest, parking
from timing.channels import UPLOADS_OF
from timing.models import Channel, Delivery, Pending, Reject
from timing.preview_values import readable

SHOWN, SHOWN_REJECTS = 30, 50
#: Why a file was parked, in words.
PARKED: dict[str, str | Promise] = {
    "other_days": gettext_lazy("nearly all of its reads are of other days than the edition's"),
    "nobodys_chips": gettext_lazy("nearly all of its chips are carried by nobody here"),
    "many_sources": gettext_lazy("it names far too many sources: a column may be taken for another"),
}
#: Why a row could not be read, in words; docs/timing-crew.md says what to do about each.
REASONS: dict[str, str | Promise] = {
    "ambiguous_date": gettext_lazy("day and month cannot be told apart"),
    "and_more": gettext_lazy("so many more, which are in the file"),
    "bad_antenna": gettext_lazy("no antenna of this make"),
    "bad_checksum": gettext_lazy("damaged on its way: the checksum is wrong"),
    "bad_chip": gettext_lazy("no chip code"),
    "bad_encoding": gettext_lazy("letters that are no text"),
    "bad_frame": gettext_lazy("not in the form of this make"),
    "bad_length": gettext_lazy("longer or shorter than a row of this make"),
    "bad_source": gettext_lazy("no name of a source"),
    "bad_time": gettext_lazy("no time"),
    "chip_ruined": gettext_lazy("Excel shortened the chip code to a number; export it as text"),
    "decoder_failed": gettext_lazy("our fault; the bytes are kept"),
    "hours_lost": gettext_lazy("Excel dropped the hours; export the column as text"),
    "no_date": gettext_lazy("a time without a day: name the day"),
    "no_source": gettext_lazy("nobody says where: name the source"),
    "not_a_chip_file": gettext_lazy("no file of chip reads as it is read now"),
    "not_a_chip_sheet": gettext_lazy("a sheet without chips and times"),
    "not_a_read": gettext_lazy("a title or a remark"),
    "old_excel_file": gettext_lazy("an old Excel file, or one with a password: save it as XLSX"),
    "other_zone": gettext_lazy("it names another time zone"),
    "seconds_lost": gettext_lazy("Excel dropped the seconds; export the column as text"),
    "source_not_allowed": gettext_lazy("this sender may not speak for the source"),
    "too_few_cells": gettext_lazy("cells are missing"),
    "too_many_sources": gettext_lazy("one of far too many new sources"),
    "truncated": gettext_lazy("cut off"),
    "unknown_function": gettext_lazy("not in the form of this make"),
}


def reason(code: str) -> str:
    """Why a row could not be read, in words where there are some."""
    return str(REASONS.get(code, code))


@dataclass(frozen=True, slots=True)
class File:
    """A file and what became of it. `undone`: the correction to undo so that it counts again; 0 where it counts."""

    pk: int
    name: str
    make: str
    size: int
    at: datetime
    by: str
    status: str
    why: str
    new: int
    known: int
    rejected: int
    unknown: int
    markers: int
    undone: int

    @property
    def rows(self) -> int:
        """The rows that were taken in so far."""
        return self.new + self.known + self.rejected


def recent(edition: Edition) -> list[File]:
    """The newest files, in four queries."""
    wanted = Delivery.objects.filter(channel__edition=edition, channel__kind=Channel.Kind.HTTP, options__has_key="name")
    rows: list[Any] = list(
        wanted.exclude(options__name="")
        .order_by("-pk")
        .values("pk", "options", "size", "received_at", label=F("channel__label"))[:SHOWN]
    )
    ids = [row["pk"] for row in rows]
    counts = ingest.totals(ids)
    waiting = {row.pk: row for row in Pending.objects.filter(pk__in=ids)}
    undone = corrections.ignored_deliveries(edition)
    return [_file(row, counts.get(row["pk"], {}), waiting.get(row["pk"]), undone.get(row["pk"], 0)) for row in rows]


def _file(row: dict[str, Any], counts: Any, pending: Pending | None, undone: int) -> File:
    return File(
        pk=row["pk"],
        name=row["options"]["name"],
        make=row["options"].get("make", ""),
        size=row["size"],
        at=row["received_at"],
        by=row["label"].removeprefix(UPLOADS_OF),
        status="taken" if pending is None else parking.STATUS[pending.parked],
        why=str(PARKED.get(pending.parked_why, pending.parked_why)) if pending is not None else "",
        undone=undone,
        **{name: counts.get(name, 0) for name in ("new", "known", "rejected", "unknown", "markers")},
    )


def rejects(delivery: Delivery) -> list[dict[str, str]]:
    """The first rows of a file that could not be read, verbatim, each with its reason in words."""
    rows = (
        Reject.objects.filter(ingestion__delivery=delivery)
        .annotate(head=Substr("raw", 1, 200, output_field=BinaryField()), size=Length("raw"))
        .order_by("pk")
        .values_list("reason", "head")[:SHOWN_REJECTS]
    )
    return [{"reason": code, "word": reason(code), "raw": readable(bytes(head))} for code, head in rows]
