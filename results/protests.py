"""Protests: filed against a published result within its window, argued, decided; every step is a fact.

A protest that came in time bars the official result and marks the rows it is about until it is settled. Whether its
deposit was paid is on record and bars nothing: money is for the desk, the decision for the commissaires.
"""

from collections.abc import Iterable, Sequence

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils.translation import gettext as _

from race import clock, revision
from race.models import Entry, Race, User
from race.refused import Refused
from results import chain, result_rules
from results.models import Protest, ProtestStep, Publication, Ruling
from results.said import said
from timing.clocks import microseconds

Kind = ProtestStep.Kind
MINUTE_US = 60_000_000
MOST_BIBS, SHORTEST, LONGEST, LONGEST_REASON = 20, 5, 2000, 1000
#: Protests of one rider in one race by telephone, those withdrawn too; the desk takes more.
MOST_BY_PHONE = 5
VERDICTS = (Kind.UPHELD, Kind.REJECTED)


@transaction.atomic
def file(
    race: Race,
    *,
    bibs: Sequence[int],
    text: str,
    by_entry: Entry | None = None,
    filed_by: str = "",
    by: User | None = None,
) -> Protest:
    """File a protest about these rows of the newest result. `by_entry`: the rider who files it.

    Refused: `nothing_published`, `window_over` (the clock runs from publication), `official_stands`, `not_on_list`,
    `reason_missing`, `too_long`; `who_missing` where neither a rider nor a name is given; and `already_protested`, where
    the same rider, or somebody of the same name, has an open protest about the same rows; `protests_many` for a telephone
    (no `by`) above `MOST_BY_PHONE`.
    """
    posted_now(race)
    filed_by, text = filed_by.strip()[:80], said(text, LONGEST, _("What happened"))
    if by_entry is None and not filed_by:
        raise Refused("who_missing", _("Say who hands the protest in."))
    if len(text) < SHORTEST:
        raise Refused("reason_missing", _("Say what happened, so that it can be decided."))
    about = _listed(race, bibs)
    number = revision.advance(race.edition, [race])
    posted = posted_now(race)  # again: the chief may have made it official while this one waited
    if undecided().filter(race=race, by_entry=by_entry, filed_by=filed_by, bibs=about).exists():
        raise Refused("already_protested", _("This protest is filed already; it is not decided yet."))
    _not_a_flood(race, by_entry if by is None else None)
    newest = Protest.objects.filter(edition=race.edition).aggregate(Max("number"))["number__max"] or 0
    return Protest.objects.create(
        edition=race.edition, revision=number, race=race, publication=posted, number=newest + 1,
        at=clock.now(race.edition), by_entry=by_entry, filed_by=filed_by, bibs=about, text=text, by=by,
    )  # fmt: skip


def _not_a_flood(race: Race, by_entry: Entry | None) -> None:
    """One telephone does not put every row of a race under protest. The edition's row is locked by now."""
    if by_entry is not None and Protest.objects.filter(race=race, by_entry=by_entry, by=None).count() >= MOST_BY_PHONE:
        raise Refused(
            "protests_many",
            _("%(n)s protests came from here already. Hand another in at the officials' desk.") % {"n": MOST_BY_PHONE},
        )


def _listed(race: Race, bibs: Sequence[int]) -> list[int]:
    """The bibs in order, each once, all of them on the start list."""
    about = sorted(set(bibs))
    if len(about) > MOST_BIBS:
        raise Refused("not_on_list", _("A protest is about %(most)s numbers at most.") % {"most": MOST_BIBS})
    there = Entry.objects.filter(race=race, state=Entry.State.CONFIRMED, bib__in=about).count()
    if not about or there != len(about):
        raise Refused("not_on_list", _("Not on the start list: %(bibs)s.") % {"bibs": ", ".join(map(str, about))})
    return about


def undecided() -> QuerySet[Protest]:
    """The protests nobody has settled yet."""
    return Protest.objects.exclude(pk__in=ProtestStep.objects.filter(kind__in=ProtestStep.SETTLES).values("protest"))


def concerned(races: Iterable[Race | int]) -> dict[int, frozenset[int]]:
    """Key of a race -> the bibs whose prizes and league points wait for an undecided protest about them. One query.

    A race without any is left out. What pays, prints or counts asks here first.
    """
    found: dict[int, set[int]] = {}
    for race, bibs in undecided().filter(race__in=list(races)).values_list("race", "bibs"):
        found.setdefault(race, set()).update(bibs)
    return {race: frozenset(bibs) for race, bibs in found.items()}


def until_us(made: Publication) -> int:
    """When the window of a publication closes, in event time (UTC microseconds)."""
    assert made.at is not None
    return microseconds(made.at) + result_rules.of(made.race.edition).protest_minutes * MINUTE_US


def posted_now(race: Race) -> Publication:
    """The publication that can be protested now. Refused: `nothing_published`, `official_stands`, `window_over`."""
    posted = Publication.objects.filter(race=race).select_related("race__edition").order_by("-version").first()
    if posted is None or posted.at is None:
        raise Refused("nothing_published", _("There is no published result yet: a protest is against one."))
    if posted.standing == Publication.Standing.OFFICIAL:
        raise Refused("official_stands", _("The result is official; the time for protests is over."))
    if microseconds(clock.now(race.edition)) > until_us(posted):
        raise Refused("window_over", _("The time for protests is over."))
    return posted


@transaction.atomic
def deposit(protest: Protest, kind: str, *, by: User | None, amount_fen: int | None = None) -> ProtestStep:
    """The ledger of the deposit: taken (`deposit`), then given back (`returned`) or kept (`kept`), each once.

    Without an amount: what the edition's rules ask is taken, what was taken is given back or kept.
    """
    protest, number = _turn(protest)
    had = dict(protest.steps.values_list("kind", "amount_fen"))
    wrong = kind not in (Kind.DEPOSIT, Kind.RETURNED, Kind.KEPT) or kind in had
    if wrong or (kind != Kind.DEPOSIT and (Kind.DEPOSIT not in had or had.keys() & {Kind.RETURNED, Kind.KEPT})):
        raise Refused("bad_step", _("The deposit is taken once, and then given back or kept once."))
    if amount_fen is None:
        amount_fen = had.get(Kind.DEPOSIT) or result_rules.of(protest.edition).protest_deposit_fen
    return _step(protest, kind, number, by=by, amount_fen=amount_fen)


@transaction.atomic
def decide(
    protest: Protest, verdict: str, *, reason: str, by: User | None, ruling: Ruling | None = None
) -> ProtestStep:
    """A verdict: upheld or rejected, with the reason; `ruling`: what it led to. An official act, in the chain.

    Refused: `already_settled`, `reason_missing`, `too_long`, `unknown_kind`.
    """
    if verdict not in VERDICTS:
        raise Refused("unknown_kind", _("A protest is upheld or rejected."))
    reason = said(reason, LONGEST_REASON, _("Reason"))
    if not reason:
        raise Refused("reason_missing", _("A verdict needs a reason."))
    protest, number = _turn(protest)
    _open(protest)
    act = {
        "act": "verdict", "protest": protest.number, "race": protest.race.slug, "revision": number, "bibs": protest.bibs,
        "verdict": str(verdict), "reason": reason, "ruling": ruling.number if ruling else None,
        "by": by.pk if by else None,
    }  # fmt: skip
    return ProtestStep.objects.create(
        edition=protest.edition, revision=number, protest=protest, kind=verdict, at=clock.now(protest.edition),
        reason=reason, ruling=ruling, link=chain.append(protest.edition, act), by=by,
    )  # fmt: skip


@transaction.atomic
def withdraw(protest: Protest, *, by: User | None, reason: str = "") -> ProtestStep:
    """Whoever filed it takes it back. Refused once it is settled."""
    reason = said(reason, LONGEST_REASON, _("Reason"))
    protest, number = _turn(protest)
    _open(protest)
    return _step(protest, Kind.WITHDRAWN, number, by=by, reason=reason)


def _turn(protest: Protest) -> tuple[Protest, int]:
    """The protest as it stands, and the number of the step to come: whoever is here is alone in the edition.

    Every step takes this one lock and no other first; a verdict and a deposit at once would else wait for each other.
    """
    number = revision.advance(protest.edition, [protest.race])
    return Protest.objects.select_related("edition", "race").get(pk=protest.pk), number


def _open(protest: Protest) -> None:
    if protest.steps.filter(kind__in=ProtestStep.SETTLES).exists():
        raise Refused("already_settled", _("This protest is settled already."))


def _step(
    protest: Protest, kind: str, number: int, *, by: User | None, amount_fen: int | None = None, reason: str = ""
) -> ProtestStep:
    return ProtestStep.objects.create(
        edition=protest.edition, revision=number, protest=protest, kind=kind, at=clock.now(protest.edition),
        amount_fen=amount_fen, reason=reason, by=by,
    )  # fmt: skip
