"""What a timekeeper says about reads: each correction is a fact of its own and can be undone by another."""

from datetime import UTC, datetime, time, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from race import revision
from race.models import Assignment, Edition, Entry, TimingPoint, User
from race.refused import Refused
from timing import carriers, standing, typed
from timing.models import Correction, Delivery, Read

Kind = Correction.Kind
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _evidence(text: str) -> str:
    if not text.strip():
        raise Refused("evidence_missing", _("Say what was seen, and by whom or what."))
    return text.strip()


def _near(edition: Edition, at_us: int) -> int:
    """The instant, if it can be one of the edition: from a day before its first day to a day after its last, in UTC."""
    first = datetime.combine(edition.starts_on, time(), UTC) - timedelta(days=1)
    end = datetime.combine(edition.ends_on, time(), UTC) + timedelta(days=2)
    if not first <= EPOCH + timedelta(microseconds=at_us) < end:
        raise Refused("not_in_edition", _("This time is not on the days of the edition: check the date."))
    return at_us


def _races_of(read: Read) -> set[int]:
    chips = Assignment.objects.filter(transponder__code=read.chip, edition=read.source.edition)
    worn = typed.riders(read.source.edition, [read.chip]).get(read.chip, ())
    return set(chips.values_list("entry__race", flat=True)) | {race for race, _course in worn}


def _said(edition: Edition, *, newest: bool = False, **same: object) -> Correction | None:
    """The correction that says this already and still holds: a second click, or a try after a lost answer, adds nothing
    that would have to be undone twice. `newest`: of several only the last counts. The caller holds a lock on what it is about.
    """
    at_us = same.pop("at_us", None)
    before = list(Correction.objects.filter(edition=edition, **same).order_by("-pk"))
    if not before:
        return None
    gone = standing.gone(edition)
    held = [one for one in before if one.pk not in gone]
    return next((one for one in held[: 1 if newest else None] if one.at_us == at_us), None)


@transaction.atomic
def ignore(read: Read, *, by: User | None, evidence: str) -> Correction:
    """The read does not count (a rider who warmed up over the mat, a spare bike carried past). Said twice is once."""
    evidence = _evidence(evidence)
    Read.objects.select_for_update(of=("self",)).only("pk").get(pk=read.pk)
    if known := _said(read.source.edition, kind=Kind.IGNORE, read=read):
        return known
    made = Correction.objects.create(edition=read.source.edition, kind=Kind.IGNORE, read=read, by=by, evidence=evidence)
    revision.advance(made.edition, _races_of(read), [made])
    return made


@transaction.atomic
def ignore_delivery(delivery: Delivery, *, by: User | None, evidence: str) -> Correction:
    """No read counts that this delivery was the first to bring: an upload is undone. Its bytes and reads stay.

    A read that another delivery brought before it counts as before; one that came again after it does not.
    """
    edition = delivery.channel.edition
    Delivery.objects.select_for_update(of=("self",)).only("pk").get(pk=delivery.pk)
    if delivery.pk in ignored_deliveries(edition):
        raise Refused("already_ignored", _("The reads of this file do not count already."))
    made = Correction.objects.create(
        edition=edition, kind=Kind.IGNORE, delivery=delivery, by=by, evidence=_evidence(evidence)
    )
    revision.advance(edition, _races_of_delivery(delivery), [made])
    return made


@transaction.atomic
def count_delivery_again(delivery: Delivery, *, by: User | None, evidence: str) -> Correction:
    """What was taken out with `ignore_delivery` counts again: the newest correction of its chain is undone."""
    Delivery.objects.select_for_update(of=("self",)).only("pk").get(pk=delivery.pk)
    number = ignored_deliveries(delivery.channel.edition).get(delivery.pk)
    if number is None:
        raise Refused("not_ignored", _("The reads of this file count already."))
    return undo(Correction.objects.get(pk=number), by=by, evidence=evidence)


def ignored_deliveries(edition: Edition) -> dict[int, int]:
    """The deliveries whose reads do not count: delivery -> the correction to undo so that they do. One query."""
    kinds = (Kind.IGNORE, Kind.UNDO)
    made = Correction.objects.filter(edition=edition, kind__in=kinds).order_by("revision", "pk")
    rows = list(made.values_list("pk", "undoes", "delivery"))
    gone = standing.taken_back((pk, earlier) for pk, earlier, _delivery in rows)
    newest: dict[int, int] = {}  # a correction -> the newest of the chain that takes it back and brings it back
    for pk, earlier, _delivery in reversed(rows):
        if earlier is not None:
            newest[earlier] = newest.get(pk, pk)
    return {delivery: newest.get(pk, pk) for pk, _, delivery in rows if delivery is not None and pk not in gone}


def _races_of_delivery(delivery: Delivery) -> set[int]:
    chips = Read.objects.filter(ingestion__in=delivery.ingestions.values("pk")).values_list("chip", flat=True)
    carried = carriers.carried(delivery.channel.edition, set(chips.distinct()))
    return {race for pairs in carried.values() for race, _course in pairs}


@transaction.atomic
def move(read: Read, to_us: int, *, by: User | None, evidence: str) -> Correction:
    """The read counts at another instant (UTC microseconds), as the camera showed. Said twice is once."""
    _near(read.source.edition, to_us)
    evidence = _evidence(evidence)
    Read.objects.select_for_update(of=("self",)).only("pk").get(pk=read.pk)
    if known := _said(read.source.edition, kind=Kind.MOVE, read=read, at_us=to_us, newest=True):
        return known
    made = Correction.objects.create(
        edition=read.source.edition, kind=Kind.MOVE, read=read, at_us=to_us, by=by, evidence=evidence
    )
    revision.advance(made.edition, _races_of(read), [made])
    return made


@transaction.atomic
def add(entry: Entry, point: TimingPoint, at_us: int, *, by: User | None, evidence: str) -> Correction:
    """A passing no decoder saw but a person or a camera did; said twice is once. One inferred from lap times is for a
    ruling to add."""
    _near(entry.edition, at_us)
    evidence = _evidence(evidence)
    Entry.objects.select_for_update(of=("self",), no_key=True).only("pk").get(pk=entry.pk)
    if known := _said(entry.edition, kind=Kind.ADD, entry=entry, point=point, at_us=at_us):
        return known
    made = Correction.objects.create(
        edition=entry.edition, kind=Kind.ADD, entry=entry, point=point, at_us=at_us, by=by, evidence=evidence
    )
    revision.advance(made.edition, [entry.race_id], [made])
    return made


@transaction.atomic
def undo(correction: Correction, *, by: User | None, evidence: str) -> Correction:
    """An earlier correction no longer holds. Undoing an undo brings back what it undid, at any depth."""
    correction = Correction.objects.select_for_update(of=("self",)).get(pk=correction.pk)
    if correction.undone_by.exists():
        raise Refused("already_undone", _("This correction is undone already."))
    made = Correction.objects.create(
        edition=correction.edition, kind=Kind.UNDO, undoes=correction, by=by, evidence=_evidence(evidence)
    )
    first = correction
    while first.undoes is not None:
        first = first.undoes
    races = {first.entry.race_id} if first.entry else set()
    races |= _races_of(first.read) if first.read else set()
    races |= _races_of_delivery(first.delivery) if first.delivery else set()
    revision.advance(made.edition, races, [made])
    return made
