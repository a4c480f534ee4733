"""The prize sheet of a race and its ledger: who is due what, who was paid, what comes back.

What is due follows the newest official publication and is computed each time; only money that moved is written down, once
(`PrizePayment`). So a disqualification after the ceremony shows by itself what is to be paid back, and a place gained what
is still to be paid.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from race.models import Category, Entry, Race, Team, User
from race.refused import Refused
from results import certificates, protests, result_rules, to_do
from results.certificates import Result
from results.models import PrizePayment, Publication
from results.scoring import prizes as rules
from results.scoring import teams

Kind = PrizePayment.Kind


@dataclass
class Row:
    """A rider or a team on the sheet. `gross_fen`: due by the result; `paid_fen` of it, and `withheld_fen` of that, moved.

    `state`: `open`, `paid`, `back` (more was paid than is due), `blocked`; `why`: `not_official`, `under_protest` or
    `disqualified` (since the result was made official, and not amended yet).
    """

    category: Category
    entry: Entry | None
    team: Team | None
    place: int | None
    gross_fen: int
    tax_percent: int
    riders: tuple[int, ...] = ()
    payments: list[PrizePayment] = field(default_factory=list)
    why: str = ""

    @property
    def key(self) -> str:
        """Who it is, for forms and the API: `bib:88`, `team:12`."""
        return f"team:{self.team.pk}" if self.team else f"bib:{self.entry.bib if self.entry else 0}"

    @property
    def tax_fen(self) -> int:
        """What is withheld of the whole prize."""
        return rules.tax_fen(self.gross_fen, self.tax_percent)

    @property
    def net_fen(self) -> int:
        """What is handed out of it."""
        return self.gross_fen - self.tax_fen

    @property
    def paid_fen(self) -> int:
        """Prize money that was paid, before tax, less what came back."""
        return sum(one.gross_fen for one in self.payments)

    @property
    def withheld_fen(self) -> int:
        """The tax in it."""
        return sum(one.tax_fen for one in self.payments)

    @property
    def due_fen(self) -> int:
        """What is still to be paid, before tax; negative: to be paid back."""
        return self.gross_fen - self.paid_fen

    @property
    def due_net_fen(self) -> int:
        """The same in the hand."""
        return self.net_fen - (self.paid_fen - self.withheld_fen)

    @property
    def over_fen(self) -> int:
        """What was paid too much, before tax."""
        return max(-self.due_fen, 0)

    @property
    def back_net_fen(self) -> int:
        """What comes back into the hand: what was paid too much, or where nothing was, all of it."""
        return -self.due_net_fen if self.over_fen else self.paid_fen - self.withheld_fen

    @property
    def state(self) -> str:
        """Where it stands."""
        if self.due_fen < 0:
            return "back"
        if self.due_fen == 0:
            return "paid"
        return "blocked" if self.why else "open"


@dataclass(frozen=True)
class Sheet:
    """The prizes of a race. `publication`: the newest one, whatever its standing; None before the first."""

    race: Race
    publication: Publication | None
    official: bool
    rows: tuple[Row, ...]

    def total(self, name: str) -> int:
        """The sum of a figure of the rows, in fen."""
        return sum(getattr(row, name) for row in self.rows)


def sheet(race: Race) -> Sheet:
    """The sheet of a race (fetched a moment ago) as its newest publication has it; what is not to be paid says why."""
    newest = Publication.objects.filter(race=race).select_related("communique", "by").order_by("-version").first()
    official = newest is not None and newest.standing in certificates.HOLDS
    result = certificates.of_publication(race, newest) if newest else None
    rows = _due(race, result) if result else []
    rows += _no_longer_due(race, rows)
    waits = protests.concerned([race]).get(race.pk, frozenset())
    out = _out(race) if official else frozenset()
    for row in rows:
        bibs = {row.entry.bib} if row.entry else set(row.riders)
        row.why = (
            "not_official" if not official
            else "disqualified" if bibs & out and row.gross_fen
            else "under_protest" if bibs & waits
            else ""
        )  # fmt: skip
    return Sheet(race, newest, official, tuple(rows))


def _out(race: Race) -> frozenset[int]:
    """Who is disqualified by now: a ruling moves an official result only with its amendment, but nobody is paid meanwhile."""
    return frozenset(row.bib for row in to_do.judged(race).standings.rows if row.status == "DSQ")


def _due(race: Race, result: Result) -> list[Row]:
    edition = result_rules.of(race.edition)
    found = []
    for category in Category.objects.filter(race=race).select_related("race").order_by("code"):
        lines = [result.lines[bib] for bib in result.finishers() if result.lines[bib]["category"] == category.code]
        placed = {
            line["bib"]: line["rank"] for line in lines if line["rank"] is not None and line["bib"] in result.entries
        }
        for bib, prize in rules.shares(category.prizes_fen, placed).items():
            found.append(Row(category, result.entries[bib], None, placed[bib], prize, edition.prize_tax_percent))
        found += _teams(category, result, placed, edition)
    return found


def _teams(
    category: Category, result: Result, placed: Mapping[int, int], edition: result_rules.ResultRules
) -> list[Row]:
    table = edition.team_prizes_fen.get(category.code, ())
    if not table:
        return []
    home = [
        teams.Finisher(str(result.entries[bib].team_id or ""), place, result.lines[bib]["time_s"], bib)
        for bib, place in placed.items() if result.lines[bib]["status"] == "FIN"
    ]  # fmt: skip
    ranked = {one.line.team: one for one in teams.rank(home, edition.team_count)}
    known = {str(team.pk): team for team in Team.objects.filter(pk__in=[int(key) for key in ranked])}
    prizes = rules.shares(table, {key: one.rank for key, one in ranked.items()})
    return [
        Row(category, None, known[key], ranked[key].rank, prize, 0, tuple(one.bib for one in ranked[key].line.counting))
        for key, prize in prizes.items()
    ]


def _no_longer_due(race: Race, rows: list[Row]) -> list[Row]:
    """The payments put to their rows; and a row for whoever was paid and is due nothing any more."""
    found = {(row.category.pk, row.entry.pk if row.entry else 0, row.team.pk if row.team else 0): row for row in rows}
    late = []
    made = PrizePayment.objects.filter(category__race=race).select_related("category", "entry__rider", "team", "by")
    for one in made.order_by("at", "pk"):
        key = (one.category_id, one.entry_id or 0, one.team_id or 0)
        if key not in found:
            percent = result_rules.of(race.edition).prize_tax_percent if one.entry else 0
            found[key] = Row(one.category, one.entry, one.team, None, 0, percent)
            late.append(found[key])
        found[key].payments.append(one)
    return [row for row in late if row.payments]


def find(of: Sheet, category: str, key: str) -> Row:
    """A row by its category's code and its key. Refused: `no_prize`."""
    for row in of.rows:
        if row.category.code == category and row.key == key:
            return row
    raise Refused("no_prize", _("There is no prize for this rider or team."))


@transaction.atomic
def pay(race: Race, category: str, key: str, *, amount_fen: int, receipt: str, by: User | None) -> PrizePayment:
    """Prize money is handed out. `amount_fen`: what is still due before tax, as it was looked at.

    Refused: `no_prize`, `not_official`, `under_protest`, `prize_paid` (a second click, or a colleague), `amount_moved`,
    `disqualified` (ruled after the result was made official, and not amended yet).
    """
    found = _locked(race)
    row = find(found, category, key)
    if row.due_fen <= 0:
        raise Refused("prize_paid", _("This prize is paid already."))
    if row.why == "not_official":
        raise Refused("not_official", _("Prizes are paid once the result is official."))
    if row.why == "disqualified":
        raise Refused("disqualified", _("A later ruling disqualifies: the prize waits until the result is amended."))
    if row.why:
        raise Refused("under_protest", _("A protest about this row is undecided: the prize waits."))
    if amount_fen != row.due_fen:
        raise Refused("amount_moved", _("Another sum is due by now: look at the sheet again."))
    return _line(found, row, Kind.PAID, row.due_fen, receipt=receipt, reason="", by=by)


@transaction.atomic
def take_back(
    race: Race, category: str, key: str, *, amount_fen: int, reason: str, by: User | None, seen_fen: int | None = None
) -> PrizePayment:
    """Prize money came back, all of what was paid or a part of it; also what puts a payment to the wrong person right.

    `seen_fen`: what was paid, before tax, as it was looked at: a second click is then no second part that came back.
    Refused: `no_prize`, `reason_missing`, `bad_amount`, `too_much`, `amount_moved`.
    """
    found = _locked(race)
    row = find(found, category, key)
    if not reason.strip():
        raise Refused("reason_missing", _("Say why the money came back."))
    if amount_fen <= 0:
        raise Refused("bad_amount", _("A sum above 0 comes back."))
    if seen_fen is not None and seen_fen != row.paid_fen:
        raise Refused("amount_moved", _("Another sum is paid by now: look at the sheet again."))
    if amount_fen > row.paid_fen:
        raise Refused("too_much", _("Only %(sum)s yuan were paid.") % {"sum": f"{row.paid_fen / 100:.2f}"})
    return _line(found, row, Kind.BACK, -amount_fen, receipt="", reason=reason, by=by)


def _locked(race: Race) -> Sheet:
    """The sheet, with the categories of the race locked: two who pay at once see each other's line."""
    list(Category.objects.select_for_update(of=("self",)).filter(race=race).order_by("pk").values_list("pk", flat=True))
    return sheet(Race.objects.select_related("edition").get(pk=race.pk))  # as it is now that nobody else pays


def _line(
    of: Sheet, row: Row, kind: str, gross_fen: int, *, receipt: str, reason: str, by: User | None
) -> PrizePayment:
    """One line more. The tax is that of all that is paid then, less what was withheld before: no fen is lost on the way."""
    assert of.publication is not None
    tax = rules.tax_fen(row.paid_fen + gross_fen, row.tax_percent) - row.withheld_fen
    return PrizePayment.objects.create(
        category=row.category, publication=of.publication, entry=row.entry, team=row.team, kind=kind, place=row.place,
        gross_fen=gross_fen, tax_fen=tax, receipt=receipt.strip()[:80], reason=reason.strip()[:200], at=timezone.now(), by=by,
    )  # fmt: skip
