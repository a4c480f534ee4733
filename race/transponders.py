"""Chips: who carries which, from when until when.

A chip is with one rider at a time. Everything at the desk happens now, in event time; who has a chip already is asked, and
the office decides whether it changes hands. A rider carries two chips at most.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.translation import gettext as _

from race import changes, clock, log, revision
from race.models import Assignment, Edition, Entry, LogLine, Transponder, User
from race.refused import Refused

#: Lines of the log that say which chips are lost.
LOST, FOUND = "chip_lost", "chip_found"
#: A line of the log that says which chip was handed out for a time that was past.
BACKDATED = "chip_assigned"
LONGEST, MOST = 32, 2
#: A chip that goes through two hands within one instant (a rehearsal's clock may stand still) keeps each for a microsecond;
#: who has it "now" is who has it this much later.
AFTER = timedelta(milliseconds=1)
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


@transaction.atomic
def give(entry: Entry, code: str, *, by: User | None) -> Assignment:
    """Hand a chip to a rider at the desk: from now on, until whoever is down for it next.

    The same chip to the same rider again changes nothing. Refused: `chip_taken` where another rider has it (`swap_to` takes
    it over), `two_chips` for a third one, `chip_lost`, `bad_chip`, `not_confirmed`.
    """
    entry, chip, now = _at_the_desk(entry, code)
    if (holder := _holder(chip, now)) is not None:
        if holder.entry_id == entry.pk:
            return holder
        raise _taken(holder)
    _refuse_third(entry, now)
    return _handed(entry, chip, now, by)


@transaction.atomic
def swap_to(entry: Entry, code: str, *, by: User | None, reason: str = "") -> Assignment:
    """Take a chip from whoever has it now and hand it to this rider, in one step; both stay in the history.

    The old assignment ends now, the new one begins at the same instant. Refused as `give` is, but for `chip_taken`.
    """
    entry, chip, now = _at_the_desk(entry, code)
    holder = _holder(chip, now)
    if holder is not None and holder.entry_id == entry.pk:
        return holder
    _refuse_third(entry, now)
    if holder is not None:
        why = reason or _("handed to number %(bib)s") % {"bib": entry.bib or "–"}
        _ended(holder, now, by=by, reason=why)
        log.note(entry.race.edition, "chip_swapped", by=by, entry=holder.entry, chip=chip.code, to=entry.bib)
    return _handed(entry, chip, now, by)


@transaction.atomic
def hand_over_since(entry: Entry, code: str, since: datetime, *, by: User | None) -> Assignment:
    """A chip was with a rider from a moment on that may be past: what it read from then on counts for the rider.

    Nothing that is on record changes: it begins where the chip was with nobody, and ends where it is down for the next one.
    The same again changes nothing. Refused: `no_zone`, `not_confirmed`, `bad_chip`, `chip_taken` where another rider had it
    at that moment, `two_chips` for a third one at a time.
    """
    if since.tzinfo is None:
        raise Refused("no_zone", _("A time needs its offset from UTC."))
    entry, chip, _now = _at_the_desk(entry, code, lost_too=True)
    pieces, until = [], None
    known = Assignment.objects.filter(transponder=chip).select_related("entry", "transponder")
    for one in sorted(known, key=lambda one: (one.during.lower is not None, one.during.lower)):
        lower, upper = one.during.lower, one.during.upper
        if upper is not None and upper <= since:
            continue
        if is_instant(one):  # it stays on record, and around it the chip is the rider's
            if lower > since:
                pieces.append((since, lower))
            since = upper
        elif lower is not None and lower > since:
            until = lower
            break
        elif one.entry_id == entry.pk:
            return one
        else:
            raise _taken(one)
    pieces.append((since, until))
    with_it = Assignment.objects.filter(entry=entry, during__overlap=DateTimeTZRange(pieces[0][0], until))
    if sum(1 for one in with_it if not is_instant(one)) >= MOST:
        raise Refused("two_chips", _("Number %(bib)s has two chips already.") % {"bib": entry.bib or "–"})
    made = hand_out(entry.race.edition, [(entry, chip.code, start, end) for start, end in pieces], by=by)[-1]
    log.note(entry.race.edition, BACKDATED, by=by, entry=entry, chip=chip.code, assignment=made.pk)
    return made


@transaction.atomic
def undo(assignment: Assignment, *, by: User | None, reason: str) -> None:
    """An assignment was a mistake: the chip was never with this rider. It keeps an instant, so that it stays on record.

    Refused: `already_undone`.
    """
    assignment = Assignment.objects.select_for_update().select_related("entry__race__edition").get(pk=assignment.pk)
    if is_instant(assignment):
        raise Refused("already_undone", _("This was taken back already."))
    lower = assignment.during.lower
    if lower is None:
        raise Refused("from_the_beginning", _("This hand-out has no beginning: end it in the race office."))
    _ended(assignment, lower, by=by, reason=reason)
    log.note(assignment.edition, "chip_unassigned", by=by, entry=assignment.entry, assignment=assignment.pk)


def is_instant(assignment: Assignment) -> bool:
    """Whether it was taken back the instant it began: it stands on record and counts for nothing."""
    lower, upper = assignment.during.lower, assignment.during.upper
    return lower is not None and upper is not None and upper - lower <= AFTER


@transaction.atomic
def bring_back(edition: Edition, code: str, *, by: User | None, reason: str = "") -> Assignment:
    """A rider has brought a chip back: it is with nobody from now on. Returns the assignment that ended, or had ended.

    Bringing it back twice changes nothing. Refused: `unknown_chip`, and `before_the_gun` without a reason: a chip that is
    taken from somebody who has yet to start would not count.
    """
    chip = _known(edition, code)
    now = clock.now(edition)
    holder = _holder(chip, now)
    if holder is None:
        last = _last(chip)
        if last is None:
            raise Refused("unknown_chip", _("Chip %(chip)s was never handed out.") % {"chip": chip.code})
        if chip.code in lost(edition):
            log.note(edition, FOUND, by=by, entry=last.entry, chip=chip.code)
        return last
    if not reason.strip() and not holder.entry.category.wave.guns.exists():
        raise Refused(
            "before_the_gun",
            _("Number %(bib)s has not started yet. Say why the chip comes back now.")
            % {"bib": holder.entry.bib or "–"},
        )
    _ended(holder, now, by=by, reason=reason or "brought back")
    log.note(edition, "chip_returned", by=by, entry=holder.entry, chip=chip.code)
    return holder


@transaction.atomic
def lose(edition: Edition, code: str, *, by: User | None, reason: str) -> Assignment | None:
    """A chip is lost: it ends where it is with somebody, and is handed to nobody until it is found (`bring_back`).

    Returns the assignment it was last in. Refused (`reason_missing`) without a reason.
    """
    if not reason.strip():
        raise Refused("reason_missing", _("Say why: the reason stays with the change."))
    chip = _known(edition, code)
    now = clock.now(edition)
    if (holder := _holder(chip, now)) is not None:
        _ended(holder, now, by=by, reason=reason)
    if chip.code not in lost(edition):
        log.note(edition, LOST, by=by, entry=holder.entry if holder else None, chip=chip.code, reason=reason)
    return holder or _last(chip)


@transaction.atomic
def take_back(assignment: Assignment, at: datetime, *, by: User | None, reason: str) -> None:
    """The chip is no longer with this entry from `at` on."""
    assignment = Assignment.objects.select_for_update().select_related("entry__race__edition").get(pk=assignment.pk)
    _ended(assignment, at, by=by, reason=reason)


def holder(edition: Edition, code: str) -> Assignment | None:
    """Who has a chip now, with entry and rider; None for nobody."""
    chip = Transponder.objects.filter(edition=edition, code=normal(code)).first()
    return _holder(chip, clock.now(edition)) if chip else None


def carried(entries: Iterable[Entry], now: datetime) -> dict[int, list[Assignment]]:
    """Entry -> the chips it has at an instant, main one first, in one query."""
    found = Assignment.objects.filter(entry__in=[entry.pk for entry in entries], during__contains=now + AFTER)
    chips: dict[int, list[Assignment]] = {}
    for assignment in found.select_related("transponder").order_by("pk"):
        chips.setdefault(assignment.entry_id, []).append(assignment)
    return chips


def outstanding(edition: Edition) -> list[Assignment]:
    """Chips that are out: with somebody now, in the order of the numbers. One query."""
    out = Assignment.objects.filter(edition=edition, during__contains=clock.now(edition) + AFTER)
    return list(
        out.select_related("transponder", "entry__rider", "entry__team", "entry__race", "entry__category").order_by(
            "entry__bib", "pk"
        )
    )


def lost(edition: Edition) -> dict[str, str]:
    """Chips that are lost and not found again, with the reason."""
    lines = LogLine.objects.filter(edition=edition, what__in=(LOST, FOUND)).order_by("pk")
    codes: dict[str, str] = {}
    for what, details in lines.values_list("what", "details"):
        codes.pop(details["chip"], None) if what == FOUND else codes.update(
            {details["chip"]: details.get("reason", "")}
        )
    return codes


def refuse_bad(code: str) -> str:
    """The code in its normal form. Refused (`bad_chip`) for what no decoder would send."""
    plain = normal(code)
    if (
        not plain
        or len(plain) > LONGEST
        or not plain.isascii()
        or not plain.replace("-", "").replace(":", "").isalnum()
    ):
        raise Refused("bad_chip", _("This is no chip code: letters and digits, %(most)d at most.") % {"most": LONGEST})
    return plain


def _at_the_desk(entry: Entry, code: str, *, lost_too: bool = False) -> tuple[Entry, Transponder, datetime]:
    """The entry and the chip, locked, and what time it is. The chip first: two desks with one chip wait for each other."""
    plain = refuse_bad(code)
    edition = Edition.objects.get(pk=entry.edition_id)
    Transponder.objects.bulk_create([Transponder(edition=edition, code=plain)], ignore_conflicts=True)
    chip = Transponder.objects.select_for_update().get(edition=edition, code=plain)
    locked = Entry.objects.select_for_update(of=("self",), no_key=True).select_related("race__edition", "rider")
    entry = locked.get(pk=entry.pk)
    if entry.state != Entry.State.CONFIRMED:
        raise Refused("not_confirmed", _("Only a rider with a confirmed place gets a chip."))
    if not lost_too and plain in lost(edition):
        raise Refused("chip_lost", _("Chip %(chip)s is marked as lost. Take it back first.") % {"chip": plain})
    return entry, chip, clock.now(edition)


def _known(edition: Edition, code: str) -> Transponder:
    chip = Transponder.objects.select_for_update().filter(edition=edition, code=normal(code)).first()
    if chip is None:
        raise Refused("unknown_chip", _("Chip %(chip)s was never handed out.") % {"chip": normal(code)[:LONGEST]})
    return chip


def _holder(chip: Transponder, now: datetime) -> Assignment | None:
    with_all = Assignment.objects.select_related(
        "transponder", "entry__race__edition", "entry__category__wave", "entry__rider"
    )
    return with_all.filter(transponder=chip, during__contains=now + AFTER).first()


def _last(chip: Transponder) -> Assignment | None:
    return (
        Assignment.objects.filter(transponder=chip).select_related("transponder", "entry__rider").order_by("pk").last()
    )


def _handed(entry: Entry, chip: Transponder, now: datetime, by: User | None) -> Assignment:
    """A new assignment from now (or from when the last one ends, an instant later) until the next one begins."""
    spans = [item.during for item in Assignment.objects.filter(transponder=chip)]
    start = max([now, *(span.upper for span in spans if span.upper and now < span.upper <= now + AFTER)])
    end = min((span.lower for span in spans if span.lower and span.lower >= start), default=None)
    made = hand_out(entry.race.edition, [(entry, chip.code, start, end)], by=by)
    log.note(entry.race.edition, "chip_given", by=by, entry=entry, chip=chip.code)
    return made[0]


def _ended(assignment: Assignment, at: datetime, *, by: User | None, reason: str) -> None:
    """End an assignment, never before it has begun: it keeps at least an instant."""
    lower = assignment.during.lower
    at = max(at, lower + timedelta(microseconds=1)) if lower else at
    race = assignment.entry.race
    until = DateTimeTZRange(lower, at)
    changes.edit(race.edition, [race], [(assignment, {"during": until})], by=by, reason=reason)


def _refuse_third(entry: Entry, now: datetime) -> None:
    if Assignment.objects.filter(entry=entry, during__contains=now + AFTER).count() >= MOST:
        raise Refused("two_chips", _("Number %(bib)s has two chips already.") % {"bib": entry.bib or "–"})


def _taken(item: Assignment) -> Refused:
    return Refused(
        "chip_taken",
        _("Chip %(chip)s is with number %(bib)s at that time.")
        % {"chip": item.transponder.code, "bib": item.entry.bib or "–"},
    )


def _refuse_overlaps(made: list[Assignment]) -> None:
    held: dict[int, list[Assignment]] = {}
    known = Assignment.objects.filter(transponder__in={item.transponder for item in made})
    for item in [*known.select_related("entry", "transponder"), *made]:
        for other in held.setdefault(item.transponder_id, []):
            if _overlap(item.during, other.during):
                raise _taken(other)
        held[item.transponder_id].append(item)


def _overlap(one: DateTimeTZRange, other: DateTimeTZRange) -> bool:
    before = one.upper is not None and other.lower is not None and one.upper <= other.lower
    after = other.upper is not None and one.lower is not None and other.upper <= one.lower
    return not (before or after)
