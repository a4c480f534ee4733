"""The book of protests: where each one stands, read for pages and the API. Nothing is decided here."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Prefetch, QuerySet

from race.models import Edition, Race
from results import result_rules
from results.models import Evidence, Protest, ProtestStep

Kind = ProtestStep.Kind
#: What becomes of a deposit, in the order in which it can.
DEPOSIT = (Kind.DEPOSIT, Kind.RETURNED, Kind.KEPT)


@dataclass(frozen=True, slots=True)
class Case:
    """A protest and what happened to it.

    state    open, upheld, rejected or withdrawn
    settled  the step that settled it
    deposit  the last step of its deposit; None: not taken yet
    """

    protest: Protest
    steps: tuple[ProtestStep, ...]
    settled: ProtestStep | None
    deposit: ProtestStep | None

    @property
    def edition(self) -> Edition:
        """Whose it is."""
        return self.protest.edition

    @property
    def asked_fen(self) -> int:
        """The deposit that the edition's rules ask for."""
        return result_rules.of(self.edition).protest_deposit_fen

    @property
    def state(self) -> str:
        """Open, or how it was settled."""
        return self.settled.kind if self.settled else "open"

    @property
    def taken(self) -> ProtestStep | None:
        """The step that took the deposit."""
        return next((step for step in self.steps if step.kind == Kind.DEPOSIT), None)


def case(protest: Protest) -> Case:
    """One protest; of those `rows` reads it costs no query."""
    steps = tuple(sorted(protest.steps.all(), key=lambda step: step.pk))
    settled = next((step for step in steps if step.kind in ProtestStep.SETTLES), None)
    money = [step for step in steps if step.kind in DEPOSIT]
    return Case(protest, steps, settled, money[-1] if money else None)


def rows() -> QuerySet[Protest]:
    """Protests with all that a case says of them, in a constant number of queries; evidence without its bytes."""
    steps = ProtestStep.objects.select_related("by", "ruling")
    shown = Evidence.objects.defer("body").order_by("pk")
    joined = Protest.objects.select_related("edition", "race", "publication", "by_entry__rider", "by")
    return joined.prefetch_related(Prefetch("steps", steps), Prefetch("evidence", shown))


def of(about: Edition | Race) -> list[Case]:
    """The protests of an edition or a race, open ones first, each part in the order of filing."""
    wanted = {"race": about} if isinstance(about, Race) else {"edition": about}
    return in_order(case(one) for one in rows().filter(**wanted).order_by("number"))


def in_order(cases: Iterable[Case]) -> list[Case]:
    """Open ones first, the oldest on top; then those settled, the newest on top."""
    cases = list(cases)
    settled = [one for one in cases if one.state != "open"]
    return [one for one in cases if one.state == "open"] + settled[::-1]
