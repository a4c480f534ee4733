"""What a timekeeper says about reads: each correction is a fact of its own and can be undone by another."""

from django.db import transaction
from django.utils.translation import gettext as _

from race import revision
from race.models import Assignment, Entry, TimingPoint, User
from race.refused import Refused
from timing.models import Correction, Read

Kind = Correction.Kind


def _evidence(text: str) -> str:
    if not text.strip():
        raise Refused("evidence_missing", _("Say what was seen, and by whom or what."))
    return text.strip()


def _races_of(read: Read) -> set[int]:
    chips = Assignment.objects.filter(transponder__code=read.chip, edition=read.source.edition)
    return set(chips.values_list("entry__race", flat=True))


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
    made = Correction.objects.create(
        edition=read.source.edition, kind=Kind.MOVE, read=read, at_us=to_us, by=by, evidence=_evidence(evidence)
    )
    revision.advance(made.edition, _races_of(read), [made])
    return made


@transaction.atomic
def add(entry: Entry, point: TimingPoint, at_us: int, *, by: User | None, evidence: str) -> Correction:
    """A passing no decoder saw but a person or a camera did. One inferred from lap times is for a ruling to add."""
    made = Correction.objects.create(
        edition=entry.edition, kind=Kind.ADD, entry=entry, point=point, at_us=at_us, by=by, evidence=_evidence(evidence)
    )
    revision.advance(made.edition, [entry.race_id], [made])
    return made


@transaction.atomic
def undo(correction: Correction, *, by: User | None, evidence: str) -> Correction:
    """An earlier correction no longer holds."""
    if correction.undone_by.exists():
        raise Refused("already_undone", _("This correction is undone already."))
    made = Correction.objects.create(
        edition=correction.edition, kind=Kind.UNDO, undoes=correction, by=by, evidence=_evidence(evidence)
    )
    races = {correction.entry.race_id} if correction.entry else set()
    races |= _races_of(correction.read) if correction.read else set()
    revision.advance(made.edition, races, [made])
    return made
