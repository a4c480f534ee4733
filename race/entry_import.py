"""The office takes in an entry list: judged as a whole first, then all of it or nothing.

The list is a registration of its own, found again by its bytes and key: sent twice, it is entered once. Everything is written
in one transaction, in a fixed number of statements for any number of rows; a process that is killed leaves nothing behind.
After a start list is published its entries are facts: new ones and changed ones carry a revision.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from race import (
    changes,
    dossier,
    entry_columns,
    entry_sheet,
    links,
    log,
    particulars,
    places,
    revision,
    sheet,
    teams,
    transactions,
    vault,
    words,
)  # fmt: skip
from race.entry_sheet import JudgedRow
from race.models import Assignment, Change, Edition, Entry, LedgerLine, Registration, Rider, Team, Transponder, User
from race.refused import Refused

State = Entry.State
Progress = Callable[[str, int, int], None]


@dataclass
class Outcome:
    """What a list would do, or has done. `written` tells which; `differs` are the known entries with what would change."""

    rows: list[JudgedRow] = field(default_factory=list)
    headings: entry_columns.Headings | None = None
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    wrong: int = 0
    written: bool = False
    differs: dict[int, dict[str, tuple[str, str]]] = field(default_factory=dict)


def dry_run(
    edition: Edition, body: bytes, *, update: bool = False, mapping: Mapping[int, str] | None = None
) -> Outcome:
    """What this list would do, row by row; nothing is written. Refused for a file that cannot be read with the reason."""
    table = read(body)
    headings = entry_columns.mapped(entry_columns.find(table), mapping or {})
    rows = entry_columns.rows(table, headings)
    if len(rows) > sheet.MAX_ROWS:
        raise Refused("too_many_rows", words.sheet_problem("too_many_rows"))
    outcome = Outcome(entry_sheet.judge(rows, edition, office=True), headings)
    _carry(outcome.rows)
    for row in outcome.rows:
        _compare(outcome, row, edition, update=update)
    outcome.wrong = sum(not row.ok for row in outcome.rows)
    outcome.added = sum(row.ok and row.known is None for row in outcome.rows)
    outcome.updated = sum(row.ok and row.number in outcome.differs for row in outcome.rows)
    outcome.unchanged = sum(row.ok for row in outcome.rows) - outcome.added - outcome.updated
    return outcome


def read(body: bytes) -> sheet.Table:
    """The rows of a file, or of pasted text. Refused with the reason in words."""
    try:
        return sheet.read(body)
    except sheet.BadSheet as bad:
        raise Refused(str(bad), words.sheet_problem(str(bad))) from bad


def apply(
    edition: Edition,
    body: bytes,
    *,
    key: str,
    by: User | None,
    update: bool = False,
    mapping: Mapping[int, str] | None = None,
    progress: Progress = lambda step, done, total: None,
) -> Outcome:
    """Enter the whole list, or nothing of it.

    The same bytes with the same key again are answered from the log. Refused: `rows_wrong`, `no_rows`, what `dry_run` refuses,
    `already_entered`, `bib_taken`, `chip_taken`, `full` where somebody was quicker, `import_running` where it is taken in now.
    """
    return _applied(edition, body, import_key(body, key), by, update, dict(mapping or {}), progress)


@transactions.retried
def _applied(
    edition: Edition, body: bytes, name: str, by: User | None, update: bool, mapping: dict[int, str], progress: Progress
) -> Outcome:
    if (known := transactions.claimed_list(edition.pk, name)) is not None:
        return _again(Registration.objects.get(pk=known))
    progress("judging", 0, 0)  # only whoever is at work tells how far it is
    outcome = dry_run(edition, body, update=update, mapping=mapping)
    total = len(outcome.rows)
    if not outcome.rows:
        raise Refused("no_rows", _("There is no row that can be entered."))
    if outcome.wrong:
        text = ngettext("%(n)s row is not right.", "%(n)s rows are not right.", outcome.wrong)
        raise Refused("rows_wrong", text % {"n": outcome.wrong})
    progress("writing", 0, total)
    with _told_apart():
        booked = Registration.objects.create(
            edition=edition, kind=Registration.Kind.OFFICE, key=name, asked=hashlib.sha256(body).hexdigest(),
        )  # fmt: skip
    riders = _riders(outcome.rows)
    clubs = _clubs(edition, outcome.rows)
    progress("writing", total // 3, total)
    entries = _entries(booked, outcome.rows, riders, clubs, by)
    progress("writing", 2 * total // 3, total)
    log.note(
        edition, "imported", by=by, registration=booked, added=outcome.added, updated=outcome.updated,
        unchanged=outcome.unchanged,
    )  # fmt: skip
    _facts(edition, outcome, entries, clubs, by)
    progress("done", total, total)
    outcome.written = True
    return outcome


def import_key(body: bytes, key: str) -> str:
    """Under which key the registration of a list is kept: its bytes and what the client calls it."""
    return f"import:{hashlib.sha256(body).hexdigest()[:32]}:{vault.keyed('import', key)[:16]}"


def _again(known: Registration) -> Outcome:
    line = known.log.filter(what="imported").first()
    told = line.details if line else {}
    return Outcome(
        added=told.get("added", 0), updated=told.get("updated", 0), unchanged=told.get("unchanged", 0), written=True
    )


def _compare(outcome: Outcome, row: JudgedRow, edition: Edition, *, update: bool) -> None:
    """What of a known entry the row would change; wrong unless changes are wanted."""
    if row.known is None or row.person is None or not row.ok:
        return
    told = differences(row)
    if not told:
        return
    outcome.differs[row.number] = told
    if not update:
        for column in told:
            text = _("Entered already with %(before)s.") % {"before": told[column][0] or "–"}
            row.wrong(column, "differs", text)
    elif "bib" in told and edition.bibs_frozen_at:
        row.wrong("bib", "bibs_frozen", _("The numbers are frozen."))


def differences(row: JudgedRow) -> dict[str, tuple[str, str]]:
    """Columns of the row that say something else than the known entry: (before, after). An empty cell changes nothing."""
    entry, person = row.known, row.person
    assert entry is not None and person is not None
    private = dossier.read(entry.rider)
    pairs = {
        "bib": (str(entry.bib or ""), str(row.bib or "")),
        "team": (entry.team.name_zh if entry.team else "", row.team),
        "region": (entry.rider.region_code, person.region_code),
        "uci_id": (entry.rider.uci_id, person.uci_id),
        "chip": (" ".join(sorted(row.carried)), " ".join(sorted(row.carried.union(row.chips)))),
        "paid": (_yes(entry.owed_fen <= 0 and bool(entry.paid_fen)), _yes(row.paid)),
    } | {name: (private[name], person.private[name]) for name in PRIVATE}
    if entry.team and row.team in (entry.team.name_zh, entry.team.name_en):
        pairs.pop("team")
    return {name: pair for name, pair in pairs.items() if pair[1] and pair[0] != pair[1]}


PRIVATE = ("email", "phone", "emergency_name", "emergency_phone")


def _yes(value: bool) -> str:
    return "yes" if value else ""


def _carry(rows: Iterable[JudgedRow]) -> None:
    """Tell each row of a known entry which chips that has; one query, none where no chip is in the list."""
    known = {row.known.pk: row for row in rows if row.known and row.chips}
    if known:
        for entry, code in Assignment.objects.filter(entry__in=known).values_list("entry", "transponder__code"):
            known[entry].carried |= {code}


def _riders(rows: Sequence[JudgedRow]) -> dict[str, Rider]:
    """Whoever rides by the hash of the document: new riders written, known ones with what the list says."""
    found: dict[str, Rider] = {}
    changed: dict[str, Rider] = {}
    for row in rows:
        assert row.person is not None
        rider = found.get(row.digest) or (row.known.rider if row.known else row.rider)
        if rider is None:
            found[row.digest] = particulars.prepared(row.person, row.digest)
            continue
        found[row.digest] = rider
        if rider.pk and _told(rider, row.person):
            changed[row.digest] = rider
    Rider.objects.bulk_create([rider for rider in found.values() if rider.pk is None])
    if changed:
        Rider.objects.bulk_update(changed.values(), [*teams.FILLED, "uci_id"])
    return found


def _told(rider: Rider, person: particulars.Person) -> bool:
    """Set on a known rider what the office's list says; whether anything is new."""
    before = dossier.read(rider)
    after = before | {name: person.private[name] for name in PRIVATE if person.private[name]}
    columns: dict[str, Any] = dossier.columns(after) if after != before else {}
    if person.region_code and person.region_code != rider.region_code:
        columns |= {name: getattr(person, name) for name in ("region_code", "region_zh", "region_en")}
    if person.uci_id and person.uci_id != rider.uci_id:
        columns["uci_id"] = person.uci_id
    for name, value in columns.items():
        setattr(rider, name, value)
    return bool(columns)


def _clubs(edition: Edition, rows: Sequence[JudgedRow]) -> dict[str, Team]:
    """Teams by the names in the list; new ones written."""
    wanted = {row.team for row in rows if row.team}
    if not wanted:
        return {}
    known: dict[str, Team] = {}
    for team in Team.objects.filter(edition=edition):
        known |= {name: team for name in (team.name_en, team.name_zh) if name in wanted}
    fresh = [Team(edition=edition, name_zh=name) for name in sorted(wanted - known.keys())]
    made = Team.objects.bulk_create(
        fresh, update_conflicts=True, unique_fields=["edition", "name_zh"], update_fields=["name_zh"]
    )
    return known | {team.name_zh: team for team in made}


def _entries(
    booked: Registration,
    rows: Sequence[JudgedRow],
    riders: Mapping[str, Rider],
    clubs: Mapping[str, Team],
    by: User | None,
) -> dict[int, Entry]:
    """The entry of each row by its number: new ones written with link, place and money, known ones as they are."""
    found = {row.number: row.known for row in rows if row.known is not None}
    fresh = {row.number: _entry(booked, row, riders[row.digest], clubs.get(row.team)) for row in rows if not row.known}
    # In one order, so that two lists with the same people wait for each other and never in a circle.
    ordered = sorted(fresh.values(), key=lambda entry: (entry.identity_hash, entry.day))
    with _told_apart():
        Entry.objects.bulk_create(ordered)
    links.prepared_many(booked, {entry.rider_id: entry.rider for entry in ordered}.values())
    if len(places.take_many(list(fresh.values()), queue=False)) < len(fresh):
        raise Refused("full", _("There is no free place."))
    both = found | fresh
    _money(booked, rows, both, by)
    return both


def _entry(booked: Registration, row: JudgedRow, rider: Rider, team: Team | None) -> Entry:
    category = row.category
    assert category is not None
    return Entry(
        edition=booked.edition, race=category.race, category=category, rider=rider, team=team, registration=booked,
        day=category.race.day, state=State.CONFIRMED, fee_fen=category.fee_fen, bib=row.bib,
        paid_fen=category.fee_fen if row.paid else 0, quota_key=places.quota_key(category, rider.region_code),
        pass_code=links.pass_code(), identity_hash=row.digest, identity_key_version=vault.KEY_VERSION,
    )  # fmt: skip


def _money(booked: Registration, rows: Sequence[JudgedRow], entries: Mapping[int, Entry], by: User | None) -> None:
    """A paid mark is a line of the ledger: money that came in by another way."""
    lines, known = [], []
    for row in rows:
        entry = entries[row.number]
        owed = entry.fee_fen - (entry.paid_fen if row.known else 0)
        if not row.paid or owed <= 0:
            continue
        lines.append(
            LedgerLine(
                edition=booked.edition, kind=LedgerLine.Kind.FEE, method="list", amount_fen=owed, registration=booked,
                entry=entry, note="entry list", by=by,
            )
        )  # fmt: skip
        if row.known:
            entry.paid_fen = entry.fee_fen
            known.append(entry)
    LedgerLine.objects.bulk_create(lines)
    if known:
        Entry.objects.bulk_update(known, ["paid_fen"])


def _facts(
    edition: Edition, outcome: Outcome, entries: Mapping[int, Entry], clubs: Mapping[str, Team], by: User | None
) -> None:
    """Bibs and teams of known entries, chips, and the revision where a start list is published."""
    edits: list[tuple[Entry, dict[str, Any]]] = []
    for row in outcome.rows:
        told = outcome.differs.get(row.number, {})
        columns: dict[str, Any] = {"bib": row.bib} if "bib" in told else {}
        if "team" in told:
            columns["team_id"] = clubs[row.team].pk
        if columns:
            edits.append((entries[row.number], columns))
    if edits:
        with _told_apart():
            changes.write(edition, edits, by=by, reason="entry list")
    fresh = [entries[row.number] for row in outcome.rows if row.known is None]
    appeared = [entry for entry in fresh if entry.race.published_at]
    worn = _worn(outcome.rows, entries)
    if not (appeared or worn):
        return
    # The number first: two tables of facts carry it from the start. From here to the commit the edition is locked.
    races = {entry.race_id for entry in [*appeared, *(entry for wearers in worn.values() for entry in wearers)]}
    number = revision.advance(edition, races)
    with _told_apart():
        _assign(edition, worn, number, by)
    _appear(edition, appeared, number, by)


@contextmanager
def _told_apart() -> Iterator[None]:
    """A rule of the database that says no within is told in words."""
    try:
        with transaction.atomic(savepoint=False):
            yield
    except IntegrityError as problem:
        raise _quicker(problem) from problem


def _appear(edition: Edition, entries: Iterable[Entry], number: int, by: User | None) -> None:
    """New entries of published start lists, as changes: before them the rider was on no board."""
    Change.objects.bulk_create(
        Change(
            edition=edition, revision=number, model="race.Entry", object_id=entry.pk, before={"state": State.WITHDRAWN},
            after={"state": State.CONFIRMED}, by=by, reason="entry list",
        )
        for entry in entries
    )  # fmt: skip


def _worn(rows: Sequence[JudgedRow], entries: Mapping[int, Entry]) -> dict[str, list[Entry]]:
    """Who is to wear each chip that is new to the entry."""
    worn: dict[str, list[Entry]] = {}
    for row in rows:
        for code in row.chips:
            if code not in row.carried:
                worn.setdefault(code, []).append(entries[row.number])
    return worn


def _assign(edition: Edition, worn: Mapping[str, list[Entry]], number: int, by: User | None) -> None:
    """Hand out the chips. One that is worn on two days passes at midnight between them."""
    chips = Transponder.objects.bulk_create(
        [Transponder(edition=edition, code=code) for code in sorted(worn)],
        update_conflicts=True, unique_fields=["edition", "code"], update_fields=["code"],
    )  # fmt: skip
    Assignment.objects.bulk_create(
        Assignment(edition=edition, revision=number, transponder=chip, entry=entry, by=by, during=during)
        for chip in chips
        for entry, during in _days(sorted(worn[chip.code], key=lambda entry: entry.day), edition)
    )


def _days(wearers: Sequence[Entry], edition: Edition) -> Iterable[tuple[Entry, DateTimeTZRange]]:
    starts = [datetime.combine(entry.day, time(), ZoneInfo(edition.zone)) for entry in wearers]
    for number, entry in enumerate(wearers):
        start = starts[number] if number else None
        yield entry, DateTimeTZRange(start, starts[number + 1] if number + 1 < len(starts) else None)


def _quicker(problem: IntegrityError) -> Refused:
    """Which rule of the database said no: somebody wrote between the judging and the writing."""
    told = {
        "registration_once": ("import_running", _("This list is being taken in at this moment.")),
        "one_entry_a_day": ("already_entered", _("Somebody of the list was entered meanwhile. Check it again.")),
        "bib_once": ("bib_taken", _("A number of the list was given meanwhile. Check it again.")),
        "chip_with_one_rider": ("chip_taken", _("A chip of the list was handed out meanwhile. Check it again.")),
    }
    for name, (code, text) in told.items():
        if name in str(problem):
            return Refused(code, text)
    raise problem
