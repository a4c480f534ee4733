"""What a tick at a sign-on desk does, judged in memory against locked rows: the first to arrive wins.

| outcome | means |
|---|---|
| `done` | it counts |
| `known` | it was so already; nothing was done twice |
| `given` | another desk handed this out before: `desk`, `at`, `by` |
| `chip_taken` | the chip is with another rider: `bib`, and who gave it where a desk did |
| `missing` | not signed on: something is missing |
| `sign_on_not_open`, `sign_on_closed` | outside the window by the time the tablet stamped |
| `not_allowed`, `reason_missing` | letting through is the chief's or the organiser's, with a reason |
| `time_ahead`, `time_before_roster`, `bad_stamp` | the tablet's stamp cannot be right |
| `new_version`, `changed`, `bad_chip`, `bad_value` | what was signed, paid or scanned is not what counts now |
| `unknown_entry` | no rider of this list |
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import get_language

from race import desk_roster, transponders
from race.desk_roster import Facts, Given
from race.models import Acceptance, Assignment, Entry, Regulations, User
from race.sign_on import MAY_LET_THROUGH, window

ITEMS = (
    "identity", "cloth", "plate", "chip", "chip_swap", "chip_replace", "deposit", "cash", "waiver", "waiver_guardian",
    "document", "sign_on", "let_through",
)  # fmt: skip
#: How far a tablet's clock may run before ours.
AHEAD = timedelta(minutes=2)
CHIP = re.compile(r"[0-9A-Z][0-9A-Z_-]{1,31}")
METHODS = ("cash", "wechat", "alipay", "transfer")


@dataclass(frozen=True, slots=True)
class Event:
    """A tick as the tablet made it. `at` is event time; `stamp` is what the roster brought it was made on."""

    key: UUID
    entry: int
    item: str
    value: str
    at: datetime
    stamp: str = ""
    reason: str = ""
    desk: str = ""
    version: int = 0


@dataclass
class Desk:
    """The entries of a batch and what is known of them, changed as its ticks are judged, and what is to be written."""

    facts: Facts
    entries: dict[int, Entry]
    holders: dict[str, Assignment]
    now: datetime
    by: User | None
    roles: frozenset[str]
    handed: dict[str, Given] = field(default_factory=dict)
    here: dict[int, bool] = field(default_factory=dict)
    reasons: dict[int, str] = field(default_factory=dict)
    chips: dict[str, tuple[int, int | None]] = field(default_factory=dict)
    given: list[tuple[Event, str]] = field(default_factory=list)
    ended: list[tuple[Event, Assignment]] = field(default_factory=list)
    money: list[Event] = field(default_factory=list)
    signatures: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Who holds which chip, and who is here."""
        self.chips = {code: (held.entry_id, held.entry.bib) for code, held in self.holders.items()}
        self.here = {key: entry.signed_on for key, entry in self.entries.items()}

    def judge(self, event: Event) -> str:
        """The outcome of one tick; where it is `done` the desk is as it is after it."""
        entry = self.entries.get(event.entry)
        if entry is None:
            return "unknown_entry"
        if problem := self._stamp_problem(event):
            return problem
        outcome = HANDLERS[event.item](self, event, entry)
        if outcome == "done":
            self._remember(event)
        return outcome

    def told(self, outcome: str, event: Event) -> dict[str, Any]:
        """What the answer says beside the outcome, so that a person can resolve it."""
        if outcome == "given" and (held := self.facts.ticks[event.entry].get(slot_of(event))):
            return held.as_json()
        if outcome == "chip_taken" and (code := transponders.normal(event.value)) in self.chips:
            handed = self.handed[code].as_json() if code in self.handed else {}
            return handed | {"bib": self.chips[code][1], "chip": code}
        if outcome == "missing":
            return {"missing": desk_roster.gaps(self.entries[event.entry], self.facts)}
        return {}

    def _stamp_problem(self, event: Event) -> str:
        heard = desk_roster.stamped_at(self.facts.edition, event.stamp)
        if heard is None:
            return "bad_stamp"
        if event.at > self.now + AHEAD:
            return "time_ahead"
        return "time_before_roster" if event.at < heard - AHEAD else ""

    def _remember(self, event: Event) -> None:
        ticks, place = self.facts.ticks[event.entry], slot_of(event)
        if event.value == "off":
            ticks.pop(place, None)
            return
        by = (self.by.get_full_name() or self.by.get_username()) if self.by else ""
        value = transponders.normal(event.value) if place == "chip" else event.value
        ticks[place] = Given(value, event.at, event.desk, by)


def slot_of(event: Event) -> str:
    """Where the tick stands on a rider's row."""
    return desk_roster.slot(event.item, event.value)


def _hand_over(desk: Desk, event: Event, entry: Entry) -> str:
    """A cloth or a plate: once, whichever desk is first."""
    on, wanted = event.item in desk.facts.ticks[entry.pk], event.value != "off"
    if wanted:
        return "given" if on else "done"
    return "done" if on else "known"


def _look_at(desk: Desk, event: Event, entry: Entry) -> str:
    """The person was compared with the document: twice is no harm."""
    on, wanted = event.item in desk.facts.ticks[entry.pk], event.value != "off"
    return "known" if on == wanted else "done"


def _show(desk: Desk, event: Event, entry: Entry) -> str:
    """A paper that is missing was shown in the original."""
    if slot_of(event) in desk.facts.ticks[entry.pk]:
        return "known"
    missing = {gap.get("kind") for gap in desk_roster.gaps(entry, desk.facts)}
    return "done" if event.value in missing else "known"


def _chip(desk: Desk, event: Event, entry: Entry) -> str:
    """Hand out the chip that was scanned, or take back the one that was handed out."""
    ticked = desk.facts.ticks[entry.pk].get("chip")
    if event.value == "off":
        return _chip_back(desk, event, entry, ticked.value) if ticked else "known"
    code = transponders.normal(event.value)
    if not CHIP.fullmatch(code):
        return "bad_chip"
    holder = desk.chips.get(code)
    if holder is not None and holder[0] != entry.pk:
        return "chip_taken"
    if holder is not None:
        return "given" if ticked and ticked.value == code else "done"
    _give(desk, event, entry, code)
    return "done"


def _chip_swap(desk: Desk, event: Event, entry: Entry) -> str:
    """Take the chip from whoever has it and hand it to this rider."""
    code = transponders.normal(event.value)
    held = desk.holders.get(code)
    if held is not None and held.entry_id != entry.pk and desk.chips.get(code, (None,))[0] == held.entry_id:
        desk.ended.append((event, held))
        desk.facts.chips[held.entry_id].pop(code, None)
        del desk.chips[code]
    return _chip(desk, event, entry)


def _chip_replace(desk: Desk, event: Event, entry: Entry) -> str:
    """Hand out this chip in place of those the rider has."""
    code = transponders.normal(event.value)
    outcome = _chip(desk, event, entry)
    if outcome == "done":
        for other in [name for name in desk.facts.chips[entry.pk] if name != code]:
            _chip_back(desk, event, entry, other)
    return outcome


def _give(desk: Desk, event: Event, entry: Entry, code: str) -> None:
    desk.given.append((event, code))
    desk.chips[code] = (entry.pk, entry.bib)
    desk.facts.chips[entry.pk][code] = Assignment(entry=entry)


def _chip_back(desk: Desk, event: Event, entry: Entry, code: str) -> str:
    """The chip is with nobody again; one that was given in this very batch was never given."""
    given = [one for one in desk.given if one[1] == code and one[0].entry == entry.pk]
    if given:
        desk.given.remove(given[0])
    elif code in desk.holders:
        desk.ended.append((event, desk.holders[code]))
    desk.chips.pop(code, None)
    desk.facts.chips[entry.pk].pop(code, None)
    return "done"


def _deposit(desk: Desk, event: Event, entry: Entry) -> str:
    """Money for the chip, taken or given back."""
    on = "deposit" in desk.facts.ticks[entry.pk]
    if event.value == "off":
        outcome = "done" if on else "known"
    elif event.value not in METHODS or not desk.facts.rules.chip_deposit_fen:
        return "bad_value"
    else:
        outcome = "given" if on else "done"
    if outcome == "done":
        desk.money.append(event)
    return outcome


def _cash(desk: Desk, event: Event, entry: Entry) -> str:
    """The fee that is still owed, in cash; the sum on the screen must be the sum that is owed."""
    if entry.owed_fen <= 0:
        return "known"
    if event.value != str(entry.owed_fen):
        return "changed"
    desk.money.append(event)
    entry.paid_fen = entry.fee_fen
    return "done"


def _sign_waiver(desk: Desk, event: Event, entry: Entry) -> str:
    """The waiver, signed on the desk's screen with a typed name, in the version that was shown."""
    if not event.value.strip() or event.value == "off":
        return "bad_value"
    shown = desk.facts.signable(event.version)
    if shown is None:
        return "new_version"
    if not any(gap["code"].startswith("waiver") for gap in desk_roster.gaps(entry, desk.facts)):
        return "known"
    desk.signatures.append(event)
    desk.facts.signed[entry.rider_id].append(acceptance(shown, event, entry))
    return "done"


def acceptance(version: Regulations, event: Event, entry: Entry) -> Acceptance:
    """The signature under the version that was shown, as a row that is not written yet."""
    return Acceptance(
        rider=entry.rider, registration_id=entry.registration_id, regulations=version, waiver_sha256=version.waiver_sha256,
        signer=event.value.strip(), guardian=event.item == "waiver_guardian", language=(get_language() or "")[:8],
    )  # fmt: skip


def _sign_on(desk: Desk, event: Event, entry: Entry) -> str:
    """The rider is here, with nothing missing and in time; or was not after all."""
    if event.value == "off":
        return _here(desk, event, here=False) if desk.here[entry.pk] else "known"
    if desk.here[entry.pk]:
        return "known"
    if desk_roster.gaps(entry, desk.facts):
        return "missing"
    refused = window(entry.category.wave, desk.facts.rules).refusal(event.at)
    if refused and not (event.reason and desk.roles & MAY_LET_THROUGH):
        return refused
    return _here(desk, event)


def _let_through(desk: Desk, event: Event, entry: Entry) -> str:
    """The chief or the organiser lets a rider start in spite of what is missing, or of the clock."""
    if not desk.roles & MAY_LET_THROUGH:
        return "not_allowed"
    if not event.reason.strip():
        return "reason_missing"
    return "known" if desk.here[entry.pk] else _here(desk, event)


def _here(desk: Desk, event: Event, *, here: bool = True) -> str:
    desk.here[event.entry], desk.reasons[event.entry] = here, event.reason
    if not here:
        desk.facts.ticks[event.entry].pop("let_through", None)
    return "done"


HANDLERS: dict[str, Callable[[Desk, Event, Entry], str]] = {
    "identity": _look_at, "cloth": _hand_over, "plate": _hand_over, "chip": _chip, "chip_swap": _chip_swap,
    "chip_replace": _chip_replace, "deposit": _deposit, "cash": _cash, "waiver": _sign_waiver,
    "waiver_guardian": _sign_waiver, "document": _show, "sign_on": _sign_on, "let_through": _let_through,
}  # fmt: skip
