"""What a sign-on desk knows of every rider, so that it works without a network: no document, phone or birth date in it.

A row is what the screen shows: who it is, what is missing, what was handed out. `race.desk_sync` judges by the same facts.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, cast
from zoneinfo import ZoneInfo

import orjson
from django.core import signing
from django.db.models import Max, Q
from django.utils import timezone, translation

from race import clock, dossier, eligibility, ledger, names, papers, regulations, waivers
from race.entry_rules import EntryRules
from race.models import Acceptance, Assignment, Category, DeskTick, Document, Edition, Entry, Regulations, Rider
from race.sign_on import window

STAMP = signing.Signer(salt="race.desk_roster")
Gap = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Given:
    """A tick that counts: what was handed out or shown, when, at which desk, by whom."""

    value: str
    at: datetime | None
    desk: str
    by: str

    def as_json(self) -> dict[str, str]:
        """As the tablets keep it."""
        return {"value": self.value, "at": self.at.isoformat() if self.at else "", "desk": self.desk, "by": self.by}


@dataclass
class Facts:
    """What is known of some entries of one edition beside their own rows."""

    edition: Edition
    rules: EntryRules
    version: Regulations
    signed: dict[int, list[Acceptance]] = field(default_factory=lambda: defaultdict(list))
    documents: dict[tuple[int, str], Document] = field(default_factory=dict)
    chips: dict[int, dict[str, Assignment]] = field(default_factory=lambda: defaultdict(dict))
    ticks: dict[int, dict[str, Given]] = field(default_factory=lambda: defaultdict(dict))

    @cached_property
    def same_waiver(self) -> dict[int, Regulations]:
        """Versions with the waiver that counts; only looked up when a desk showed an older one."""
        return regulations.same_waiver(self.edition)

    def signable(self, version: int) -> Regulations | None:
        """The version a desk showed; None where its waiver is another text than the one that counts."""
        return self.version if version == self.version.version else self.same_waiver.get(version)


def slot(item: str, value: str) -> str:
    """Where a tick stands on a rider's row: a document by its kind, everything else by its item."""
    if item == "document":
        return f"document:{value}"
    return "chip" if item in ("chip_swap", "chip_replace") else item


def confirmed(edition: Edition, keys: Iterable[int] | None = None) -> list[Entry]:
    """The entries a desk may meet, with all that a row reads of them."""
    found = Entry.objects.filter(edition=edition, state=Entry.State.CONFIRMED)
    if keys is not None:
        found = found.filter(pk__in=list(keys))
    return list(found.select_related("rider", "team", "race", "category__race", "category__wave").order_by("bib", "pk"))


def gather(edition: Edition, entries: Sequence[Entry], *, version: Regulations | None = None) -> Facts:
    """The facts about some entries, in a fixed number of queries."""
    rules = EntryRules.of(edition.entry_rules)
    facts = Facts(edition, rules, version or regulations.current(edition))
    riders, keys = {entry.rider_id for entry in entries}, [entry.pk for entry in entries]
    facts.signed = waivers.signed(edition, riders)
    if rules.documents:
        sent = Document.objects.filter(rider__in=riders, edition=edition).exclude(state=Document.State.REPLACED)
        for document in sent.defer("sealed").order_by("sent_at", "pk"):
            facts.documents[document.rider_id, document.kind] = document
    handed = Assignment.objects.filter(entry__in=keys).filter(Q(during__upper_inf=True))
    for assignment in handed.select_related("transponder").order_by("pk"):
        facts.chips[assignment.entry_id][assignment.transponder.code] = assignment
    done = DeskTick.objects.filter(entry__in=keys, outcome="done").select_related("by").order_by("pk")
    for tick in done:
        _remember(facts.ticks[tick.entry_id], tick)
    _deposits(facts, keys)
    return facts


def _deposits(facts: Facts, keys: Iterable[int]) -> None:
    """The ledger decides whether a deposit is held: the office takes and returns them too."""
    held = ledger.deposits(facts.edition)
    for key in keys:
        ticks = facts.ticks[key]
        if held.get(key, 0) > 0:
            ticks.setdefault("deposit", Given("office", None, "", ""))
        else:
            ticks.pop("deposit", None)


def _remember(ticks: dict[str, Given], tick: DeskTick) -> None:
    if tick.value == "off":
        ticks.pop(tick.item, None)
    else:
        ticks[slot(tick.item, tick.value)] = _given(tick)


def _given(tick: DeskTick) -> Given:
    by = (tick.by.get_full_name() or tick.by.get_username()) if tick.by else ""
    return Given(tick.value, tick.at, tick.desk, by)


def handed(edition: Edition, codes: Iterable[str]) -> dict[str, Given]:
    """Which desk handed out these chips last, and when."""
    ticks = DeskTick.objects.filter(edition=edition, item="chip", value__in=list(codes), outcome="done")
    return {tick.value: _given(tick) for tick in ticks.select_related("by").order_by("pk")}


def gaps(entry: Entry, facts: Facts) -> list[Gap]:
    """What is missing before this rider may sign on: a code and what its sentence has to name, the most serious first."""
    return [
        *_unpaid(entry),
        *_papers(entry, facts),
        *_waiver(entry, facts),
        *_eligible(entry, facts),
        *_bib(entry, facts),
    ]


def _unpaid(entry: Entry) -> Iterator[Gap]:
    if entry.owed_fen > 0:
        yield {"code": "unpaid", "fen": entry.owed_fen}


def _papers(entry: Entry, facts: Facts) -> Iterator[Gap]:
    minor = _minor(entry, facts)
    for terms in papers.asked(facts.rules, foreign=entry.rider.nation != "CHN", minor=minor):
        document = facts.documents.get((entry.rider_id, terms.kind))
        if not terms.required or f"document:{terms.kind}" in facts.ticks[entry.pk]:
            continue
        if document is None or document.state == Document.State.REFUSED:
            code = "document_missing" if document is None else "document_refused"
            reason = document.reason if document else ""
            yield {"code": code, "kind": terms.kind, "label": papers.label(terms.kind), "reason": reason}


def _waiver(entry: Entry, facts: Facts) -> Iterator[Gap]:
    if not (facts.edition.waiver_zh or facts.edition.waiver_en):
        return
    guardian, signed = _minor(entry, facts), facts.signed[entry.rider_id]
    newest = facts.version
    same = waivers.hands_on(signed, newest.waiver_sha256)
    if not waivers.enough(same, minor=guardian):
        on = timezone.localdate(newest.published_at, ZoneInfo(facts.edition.zone)).isoformat()
        old = max((one.regulations.version for one in signed), default=0) if not same else 0
        code = "waiver_guardian" if same else "waiver_old" if old else "waiver"
        yield {"code": code, "signed": old, "newest": newest.version, "on": on, "guardian": guardian}


def _eligible(entry: Entry, facts: Facts) -> Iterator[Gap]:
    rider = entry.rider
    person = eligibility.Person(
        sex=cast(eligibility.Sex, rider.sex), born=rider.birth_date, nation=rider.nation, region_code=rider.region_code,
        professional=regulations.professional(rider.professional),
    )  # fmt: skip
    for reason in eligibility.check(person, regulations.terms(entry.category, facts.rules), []):
        told = {name: value for name, value in reason.values.items() if isinstance(value, int | str)}
        yield {"code": reason.code, **told}


def _bib(entry: Entry, facts: Facts) -> Iterator[Gap]:
    if entry.bib is None:
        yield {"code": "no_bib"}
    if not facts.chips[entry.pk]:
        yield {"code": "no_chip"}


def _minor(entry: Entry, facts: Facts) -> bool:
    return eligibility.civil_age(entry.rider.birth_date, facts.edition.starts_on) < facts.rules.guardian_under


def row(entry: Entry, facts: Facts) -> dict[str, Any]:
    """One rider as the tablets keep it."""
    rider, chips = entry.rider, facts.chips[entry.pk]
    ticks = dict(facts.ticks[entry.pk])
    if "chip" in ticks and ticks["chip"].value not in chips:
        del ticks["chip"]  # it was taken for somebody else since
    signed = [one.regulations.version for one in facts.signed[entry.rider_id]]
    return {
        "id": entry.pk, "bib": entry.bib, "zh": rider.name_zh, "latin": rider.latin, "key": rider.search_key or _key(rider),
        "race": entry.race.slug, "category": entry.category.code, "team": entry.team.name if entry.team else "",
        "region": [rider.region_zh, rider.region_en], "nation": rider.nation, "pass": entry.pass_code or "",
        "age": _age(entry), "paid_fen": entry.paid_fen, "signed": max(signed, default=0),
        "emergency": bool(dossier.read(rider)["emergency_phone"]), "chips": list(chips), "here": entry.signed_on,
        "missing": gaps(entry, facts), "ticks": {name: given.as_json() for name, given in ticks.items()},
    }  # fmt: skip


def _key(rider: Rider) -> str:
    return names.search_keys(rider.name_zh, rider.surname_latin, rider.given_latin)


def _age(entry: Entry) -> int:
    count = eligibility.uci_age if entry.category.age_by == Category.AgeBy.BIRTH_YEAR else eligibility.civil_age
    return count(entry.rider.birth_date, entry.race.day)


def rows(edition: Edition, keys: Iterable[int] | None = None) -> list[dict[str, Any]]:
    """The rows of an edition, or of some of its entries, as they are now."""
    entries = confirmed(edition, keys)
    facts = gather(edition, entries)
    return [row(entry, facts) for entry in entries]


def newest_tick(edition: Edition) -> int:
    """Where the ticks of an edition stand: what a tablet tells to hear only what came later."""
    return int(DeskTick.objects.filter(edition=edition).aggregate(Max("pk"))["pk__max"] or 0)


def roster(edition: Edition) -> tuple[dict[str, Any], str]:
    """All that a tablet downloads, and the hash of what it says: the same hash, the same roster."""
    cursor = newest_tick(edition)  # before the rows: what comes between is told again, not lost
    entries = confirmed(edition)
    facts = gather(edition, entries)
    body = {
        "edition": edition.slug, "zone": edition.zone, "deposit_fen": facts.rules.chip_deposit_fen,
        "insurance_fen": facts.rules.insurance_min_fen, "wipe_after": _wipe_after(edition).isoformat(),
        "waiver": {"version": facts.version.version, "zh": edition.waiver_zh, "en": edition.waiver_en},
        "categories": _categories(edition, facts.rules), "rows": [row(entry, facts) for entry in entries],
    }  # fmt: skip
    language = translation.get_language() or ""
    digest = hashlib.sha256(language.encode() + orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]
    return body | {"cursor": cursor, "language": language, **instants(edition)}, digest


def instants(edition: Edition) -> dict[str, Any]:
    """What a tablet needs to know the event's time, and the sealed word that it heard it then."""
    at = clock.now(edition)
    return {
        "now": timezone.now().isoformat(), "clock": clock.segment(edition), "event_now": at.isoformat(),
        "stamp": STAMP.sign(f"{edition.pk} {at.isoformat()}"),
    }  # fmt: skip


def stamped_at(edition: Edition, stamp: str) -> datetime | None:
    """When, in event time, a tablet got the roster this stamp came with; None for a stamp that is not ours."""
    try:
        key, at = STAMP.unsign(stamp).split(" ", 1)
    except signing.BadSignature:
        return None
    return datetime.fromisoformat(at) if key == str(edition.pk) else None


def _wipe_after(edition: Edition) -> datetime:
    """From then on (event time) a tablet forgets the riders."""
    return regulations.days_before(edition, -(edition.ends_on - edition.starts_on).days) + timedelta(hours=12)


def _categories(edition: Edition, rules: EntryRules) -> list[dict[str, Any]]:
    found = Category.objects.filter(race__edition=edition).select_related("race__course", "wave")
    zone, rows = ZoneInfo(edition.zone), []
    for category in found.order_by("race__day", "race__order", "race__slug", "code"):
        race, open_ = category.race, window(category.wave, rules)
        rows.append(
            {
                "code": category.code, "mark": category.mark, "name": category.name, "race": race.slug,
                "race_name": race.name, "short": race.short_name, "distance_m": race.course.lap_m * race.laps,
                "planned": category.wave.planned_at.astimezone(zone).isoformat(),
                "opens": open_.opens_at.astimezone(zone).isoformat(), "closes": open_.closes_at.astimezone(zone).isoformat(),
                "min_age": category.min_age, "max_age": category.max_age,
                "barred": category.professionals == Category.Professionals.BARRED,
            }
        )  # fmt: skip
    return rows
