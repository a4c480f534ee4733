"""Teams: a manager enters many riders in one go, pays once, and sees who still has to do what.

The riders do by their own links what only they may: sign, name whom to call, send papers. A rider who is known already keeps
the contacts on file: whoever merely knows a number and a name is not sent somebody's private link.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import timedelta

import orjson
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from race import (
    details,
    dossier,
    eligibility,
    entry_sheet,
    links,
    log,
    messages,
    papers,
    particulars,
    places,
    registration,
    regulations,
    revision,
    transactions,
    vault,
    waivers,
    words,
)  # fmt: skip
from race.entry_columns import Row
from race.entry_rules import EntryRules
from race.entry_sheet import JudgedRow
from race.models import (
    Document,
    Edition,
    Entry,
    LogLine,
    Message,
    PrivateLink,
    Registration,
    Rider,
    Team,
    User,
)
from race.particulars import Contact, Signature
from race.refused import Refused

State = Entry.State
MOST = 200  # riders of one list
AGAIN_AFTER = timedelta(minutes=5)  # a link is not sent again sooner


def register(
    edition: Edition,
    team: str,
    rows: Sequence[Row],
    *,
    contact: Contact,
    signature: Signature,
    key: str,
    language: str,
    queue: bool = True,
    by: User | None = None,
) -> Registration:
    """Enter the riders of these rows for a team: their places are held together, and paid in one sum.

    With `queue=False` only those who have a place are entered; the others are left out. The same `key` with the same request
    is the same registration. Refused: `team_missing`, `no_rows`, `too_many_riders`, `rows_wrong` where a row is not right
    (any more), `full` where nobody would have a place, and what `race.registration.register` refuses for everybody.
    """
    asked = _asked(team, rows, contact, queue)
    try:
        key = particulars.text("key", key, required=True)
        registration.refuse_closed(edition, by=by)
        name = " ".join(particulars.text("team", team).split())
        if not name:
            raise Refused("team_missing", _("The name of the team is missing."))
        signer = particulars.text("signer", signature.signer, required=True)
        return _registered(
            edition, name, judged(edition, rows), contact=particulars.reachable(contact),
            signature=Signature(signer, signature.version), key=key, asked=asked,
            language=particulars.language(language), queue=queue, by=by,
        )  # fmt: skip
    except Refused:
        known = Registration.objects.filter(edition=edition, key=key, asked=asked).first()
        if known is None:
            raise
        return known


def judged(edition: Edition, rows: Sequence[Row]) -> list[JudgedRow]:
    """The rows, judged; refused unless all are right."""
    if not rows:
        raise Refused("no_rows", _("There is no row that can be entered."))
    if len(rows) > MOST:
        raise Refused("too_many_riders", words.too_many(MOST))
    found = entry_sheet.judge(rows, edition)
    wrong = sum(not row.ok for row in found)
    if wrong:
        text = ngettext("%(n)s row is not right.", "%(n)s rows are not right.", wrong)
        raise Refused("rows_wrong", text % {"n": wrong})
    return found


@transactions.retried
def _registered(
    edition: Edition,
    name: str,
    rows: Sequence[JudgedRow],
    *,
    contact: Contact,
    signature: Signature,
    key: str,
    asked: str,
    language: str,
    queue: bool,
    by: User | None,
) -> Registration:
    version = regulations.accepted(edition, signature.version)
    team = details.club(edition, name)
    made = registration.begun(
        edition, contact, key=key, asked=asked, language=language, team=team, kind=Registration.Kind.TEAM
    )
    link = links.prepared(made)
    # The manager signs the regulations only: each rider signs the waiver by the own link.
    log.note(edition, "team_registered", by=by, registration=made, version=version.version, rows=len(rows))
    messages.about(made, "team_registered", link=link)
    _seat(made, rows, queue=queue)
    return made


@transactions.retried
def add(booked: Registration, rows: Sequence[Row], *, key: str, queue: bool = True) -> list[Entry]:
    """More riders for a team that is registered. The same `key` again adds nobody and returns nothing.

    Refused as `register`.
    """
    edition = booked.edition
    booked = Registration.objects.select_for_update(of=("self",)).select_related("edition", "team").get(pk=booked.pk)
    if LogLine.objects.filter(registration=booked, what="riders_added", details__key=key).exists():
        return []
    registration.refuse_closed(edition, by=None)
    found = judged(edition, rows)
    log.note(edition, "riders_added", by=None, registration=booked, key=particulars.text("key", key), rows=len(found))
    return _seat(booked, found, queue=queue)


def _seat(booked: Registration, rows: Sequence[JudgedRow], *, queue: bool) -> list[Entry]:
    """Riders, entries, links and messages of judged rows, each written at once; places are taken category by category."""
    places.lock_people(row.person.identity_number for row in rows if row.person)
    riders = {row.digest: row.rider or particulars.prepared(row.person, row.digest) for row in rows if row.person}
    entries = [_entry(booked, row, riders[row.digest]) for row in rows]
    placed = places.take_many(entries, queue=queue)
    if not queue:
        entries = [entry for entry in entries if entry in placed] if placed else []
    if not entries:
        raise Refused("full", _("There is no free place."))
    kept = {entry.identity_hash: entry.rider for entry in entries}
    _write_riders(rows, kept)
    try:
        with transaction.atomic(savepoint=False):
            Entry.objects.bulk_create(entries)
    except IntegrityError as problem:
        if "one_entry_a_day" not in str(problem):
            raise
        raise Refused("already_entered", _("This person is entered for that day already.")) from problem
    known = PrivateLink.objects.filter(registration=booked, revoked_at=None, rider__in=kept.values())
    held: dict[int | None, PrivateLink] = {link.rider_id: link for link in known}
    made = links.prepared_many(booked, [rider for rider in kept.values() if rider.pk not in held])
    _invite(booked, kept.values(), held | dict(made.items()))
    if published := {entry.race for entry in entries if entry.race.published_at}:
        revision.advance(booked.edition, published)
    return entries


def _entry(booked: Registration, row: JudgedRow, rider: Rider) -> Entry:
    category, edition = row.category, booked.edition
    assert category is not None
    until = timezone.now() + timedelta(minutes=EntryRules.of(edition.entry_rules).hold_minutes)
    return Entry(
        edition=edition, race=category.race, category=category, rider=rider, team=booked.team, registration=booked,
        day=category.race.day, state=State.HELD if category.fee_fen else State.CONFIRMED,
        held_until=until if category.fee_fen else None, fee_fen=category.fee_fen, pass_code=links.pass_code(),
        quota_key=places.quota_key(category, row.person.region_code if row.person else ""),
        identity_hash=row.digest, identity_key_version=vault.KEY_VERSION,
    )  # fmt: skip


def _write_riders(rows: Iterable[JudgedRow], kept: dict[str, Rider]) -> None:
    """New riders; of known ones only what was empty, and a region where none was known."""
    Rider.objects.bulk_create([rider for rider in kept.values() if rider.pk is None])
    changed: list[Rider] = []
    for row in rows:
        rider = kept.get(row.digest)
        if row.rider is None or row.person is None or rider is not row.rider or rider in changed:
            continue
        if fill(rider, row.person.private, row.person.region_code, row.person.region_zh, row.person.region_en):
            changed.append(rider)
    if changed:
        Rider.objects.bulk_update(changed, FILLED)


FILLED = ("private_sealed", "email_hash", "phone_hash", "region_code", "region_zh", "region_en")


def fill(rider: Rider, private: dict[str, str], code: str, zh: str, en: str) -> bool:
    """Fill the empty fields of a known rider, not written yet; contacts only where there is none at all. Whether any was."""
    before = dossier.read(rider)
    reachable = bool(before["email"] or before["phone"])
    fresh = {
        name: value
        for name, value in private.items()
        if value and not before[name] and not (reachable and name in ("email", "phone"))
    }
    region = bool(code) and not rider.region_code
    if region:
        rider.region_code, rider.region_zh, rider.region_en = code, zh, en
    for name, value in dossier.columns(before | fresh).items() if fresh else ():
        setattr(rider, name, value)
    return bool(fresh) or region


def _invite(booked: Registration, riders: Iterable[Rider], known: dict[int | None, PrivateLink]) -> int:
    """Send riders their links; one statement. Returns how many messages were written."""
    told = [
        messages.for_rider(booked, "team_rider", rider, known[rider.pk], team=booked.team)
        for rider in riders
        if rider.pk in known
    ]
    return len(messages.queue([message for message in told if message is not None]))


@transaction.atomic
def send_links(booked: Registration, riders: Iterable[Rider]) -> int:
    """Send these riders of a team their links again; who was sent one a moment ago is left out. Returns how many are sent."""
    wanted = {rider.pk for rider in riders}
    Registration.objects.select_for_update().get(pk=booked.pk)
    recent = Message.objects.filter(
        registration=booked, kind="team_rider", created_at__gt=timezone.now() - AGAIN_AFTER
    ).values("rider")
    living = PrivateLink.objects.filter(registration=booked, revoked_at=None, rider__in=wanted).exclude(
        rider__in=recent
    )
    known = {link.rider_id: link for link in living.select_related("rider")}
    sent = _invite(booked, [link.rider for link in known.values() if link.rider], known)
    log.note(booked.edition, "links_sent", by=None, registration=booked, count=sent)
    return sent


@transactions.retried
def withdraw(booked: Registration, entries: Iterable[Entry]) -> int:
    """The manager gives up places of the team, each as its rider would; all or none. Returns how many."""
    mine = [entry for entry in places.lock(entries) if entry.registration_id == booked.pk]
    for entry in mine:
        registration.withdraw(entry, by=None, reason="by the team")
    return len(mine)


def missing(entry: Entry) -> list[str]:
    """What the rider of an entry still has to do, as codes: `waiver`, `emergency`, `guardian`, `paper:<kind>`, `payment`."""
    return missing_of([entry])[entry.pk]


def missing_of(entries: Sequence[Entry]) -> dict[int, list[str]]:
    """The same for many entries of one edition (rider and edition loaded), in two queries."""
    if not entries:
        return {}
    edition, riders = entries[0].edition, {entry.rider_id for entry in entries}
    signed = waivers.hands(edition, riders)
    sent = Document.objects.filter(rider__in=riders, edition=edition, state__in=("sent", "accepted"))
    handed_in = set(sent.values_list("rider", "kind"))
    under = EntryRules.of(edition.entry_rules).guardian_under
    return {entry.pk: _missing(entry, signed[entry.rider_id], handed_in, under) for entry in entries}


def _missing(entry: Entry, signed: set[bool], handed_in: set[tuple[int, str]], under: int) -> list[str]:
    rider, private = entry.rider, dossier.read(entry.rider)
    minor = eligibility.civil_age(rider.birth_date, entry.day) < under
    codes = []
    if not waivers.enough(signed, minor=minor):
        codes.append("waiver")
    if not (private["emergency_name"] and private["emergency_phone"]):
        codes.append("emergency")
    if minor and not (private["guardian_name"] and private["guardian_phone"]):
        codes.append("guardian")
    for terms in papers.asked_of(rider, entry.edition):
        if terms.required and (rider.pk, terms.kind) not in handed_in:
            codes.append(f"paper:{terms.kind}")
    if entry.state in (State.HELD, State.CONFIRMED) and entry.owed_fen > 0:
        codes.append("payment")
    return codes


def missing_word(code: str) -> str:
    """What is missing, in the language in force."""
    kind, _colon, paper = code.partition(":")
    if kind == "paper":
        return papers.label(paper)
    return {
        "waiver": _("Signature"), "emergency": _("Emergency contact"), "guardian": _("Guardian"), "payment": _("Payment"),
    }[kind]  # fmt: skip


def team_of(booked: Registration) -> Team:
    """The team of a team's registration."""
    assert booked.team is not None
    return booked.team


def _asked(team: str, rows: Sequence[Row], contact: Contact, queue: bool) -> str:
    whole = {
        "team": team, "rows": [dict(row.cells) for row in rows], "contact": asdict(contact), "queue": queue,
    }  # fmt: skip
    return vault.keyed("request", orjson.dumps(whole, option=orjson.OPT_SORT_KEYS).decode())
