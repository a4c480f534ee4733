"""Chips: who carries which, from when until when."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.translation import gettext as _

from race import changes, revision
from race.models import Assignment, Edition, Entry, Race, Transponder, User
from race.refused import Refused

HandOut = tuple[Entry, str, datetime | None, datetime | None]


def normal(code: str) -> str:
    """A chip's code as decoders send it: upper case, trimmed, leading zeros kept."""
    return code.strip().upper()


@transaction.atomic
def hand_out(edition: Edition, hand_outs: Iterable[HandOut], *, by: User | None) -> list[Assignment]:
    """Tie chips to entries: (entry, code, from, until), event time, None for an open end.

    Refused where a chip would be with two riders at once; then nothing is written.
    """
    wanted = [(entry, normal(code), start, end) for entry, code, start, end in hand_outs]
    codes = {code for _entry, code, _start, _end in wanted}
    Transponder.objects.bulk_create(
        [Transponder(edition=edition, code=code) for code in sorted(codes)], ignore_conflicts=True
    )
    chips = {chip.code: chip for chip in Transponder.objects.filter(edition=edition, code__in=codes)}
    # The lock makes two hand-outs of one chip wait for each other, so that the second gets a sentence, not an error.
    list(Transponder.objects.select_for_update().filter(pk__in=[chip.pk for chip in chips.values()]).order_by("pk"))
    made = [
        Assignment(edition=edition, transponder=chips[code], entry=entry, by=by, during=DateTimeTZRange(start, end))
        for entry, code, start, end in wanted
    ]
    _refuse_overlaps(made)
    Assignment.objects.bulk_create(made)
    revision.advance(edition, {entry.race_id for entry, *_rest in wanted}, made)
    return made


def _refuse_overlaps(made: list[Assignment]) -> None:
    held: dict[int, list[Assignment]] = {}
    known = Assignment.objects.filter(transponder__in={item.transponder for item in made})
    for item in [*known.select_related("entry", "transponder"), *made]:
        for other in held.setdefault(item.transponder_id, []):
            if _overlap(item.during, other.during):
                raise Refused(
                    "chip_taken",
                    _("Chip %(chip)s is with number %(bib)s at that time.")
                    % {"chip": item.transponder.code, "bib": other.entry.bib},
                )
        held[item.transponder_id].append(item)


def _overlap(one: DateTimeTZRange, other: DateTimeTZRange) -> bool:
    before = one.upper is not None and other.lower is not None and one.upper <= other.lower
    after = other.upper is not None and one.lower is not None and other.upper <= one.lower
    return not (before or after)


@transaction.atomic
def take_back(assignment: Assignment, at: datetime, *, by: User | None, reason: str) -> None:
    """The chip is no longer with this entry from `at` on."""
    assignment = Assignment.objects.select_for_update().select_related("entry__race__edition").get(pk=assignment.pk)
    race: Race = assignment.entry.race
    until = DateTimeTZRange(assignment.during.lower, at)
    changes.edit(race.edition, [race], [(assignment, {"during": until})], by=by, reason=reason)
