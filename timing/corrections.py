"""What a timekeeper says about reads: each correction is a fact of its own and can be undone by another."""

from datetime import UTC, datetime, time, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from race import revision
from race.models import Assignment, Edition, Entry, TimingPoint, User
from race.refused import Refused
from timing import typed
from timing.models import Correction, Read

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


@transaction.atomic
def ignore(read: Read, *, by: User | None, evidence: str) -> Correction:
    """The read does not count (a rider who warmed up over the mat, a spare bike carried past)."""
    made = Correction.objects.create(
        edition=read.source.edition, kind=Kind.IGNORE, read=read, by=by, evidence=_evidence(evidence)
    )
    revision.advance(made.edition, _races_of(read), [made])
    return made


@transaction.atomic
def move(read: Read, to_us: int, *, by: User | None, evidence: str) -> Correction:
    """The read counts at another instant (UTC microseconds), as the camera showed."""
    _near(read.source.edition, to_us)
    made = Correction.objects.create(
        edition=read.source.edition, kind=Kind.MOVE, read=read, at_us=to_us, by=by, evidence=_evidence(evidence)
    )
    revision.advance(made.edition, _races_of(read), [made])
    return made


@transaction.atomic
def add(entry: Entry, point: TimingPoint, at_us: int, *, by: User | None, evidence: str) -> Correction:
    """A passing no decoder saw but a person or a camera did. One inferred from lap times is for a ruling to add."""
    _near(entry.edition, at_us)
    made = Correction.objects.create(
        edition=entry.edition, kind=Kind.ADD, entry=entry, point=point, at_us=at_us, by=by, evidence=_evidence(evidence)
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
    revision.advance(made.edition, races, [made])
    return made
