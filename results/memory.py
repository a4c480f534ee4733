"""What a worker process remembers of a race, so that one more read does not cost all the reads before it.

A cache and nothing more: `facts.gather` is the truth, and tests hold the two equal. New reads are added to what is
remembered; any other fact drops it, and so does a minute, since names and timing points can be edited without a fact.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from django.db.models import Max

from race.models import Assignment, Change, Gun, Race
from results import facts
from results.facts import Ground, Known
from results.models import Protest, ProtestStep, Publication, Ruling
from timing.models import ClockOffset, Correction, Ingestion
from timing.passings import Passing, ReadFact

LONGEST_S = 60.0
#: Every fact that can change a board other than by its reads.
OTHERS = (Change, Gun, Assignment, ClockOffset, Correction, Ruling, Publication, Protest, ProtestStep)


@dataclass(slots=True)
class Memory:
    """A race as it was at the edition's revision `upto`: its ground, and reads and passings by the riders they concern.

    `kin` maps a chip to the key of all chips that share a rider with it, directly or by way of others: the passings of
    a key depend on the reads of its chips alone.
    """

    ground: Ground
    upto: int
    kin: dict[str, int]
    born: float = field(default_factory=time.monotonic)
    reads: dict[int, list[ReadFact]] = field(default_factory=dict)
    passings: dict[int, tuple[Passing, ...]] = field(default_factory=dict)

    def add(self, reads: Iterable[ReadFact]) -> None:
        """Take in reads; the passings of the riders concerned are made anew."""
        touched: set[int] = set()
        for read in reads:
            key = self.kin[read.chip]
            touched.add(key)
            self.reads.setdefault(key, []).append(read)
        owners = {held.bib: self.kin[held.chip] for held in self.ground.chips}
        found: dict[int, list[Passing]] = {key: [] for key in touched}
        for passing in facts.passings_of(self.ground, (read for key in touched for read in self.reads[key])):
            found[owners[passing.bib]].append(passing)
        for key, passings in found.items():
            self.passings[key] = tuple(passings)

    def known(self) -> Known:
        """What is known of the race."""
        return facts.known(self.ground, (passing for passings in self.passings.values() for passing in passings))


def kinship(ground: Ground) -> dict[str, int]:
    """Chip -> key of the chips it shares a rider with."""
    kin: dict[str, int] = {}
    members: dict[int, list[str]] = {}
    first: dict[int, str] = {}
    for number, held in enumerate(ground.chips):
        mine = kin.setdefault(held.chip, number)
        members.setdefault(mine, [held.chip])
        other = kin[first.setdefault(held.bib, held.chip)]
        if other != mine:
            for chip in members[mine]:
                kin[chip] = other
            members[other] += members.pop(mine)
    return kin


_remembered: dict[int, Memory] = {}


def known(race: Race) -> Known:
    """What is known of a race now. Call it inside one snapshot of the database (`live.snapshot`)."""
    now = Race.objects.select_related("edition").only("revision", "edition__revision", "edition__clock").get(pk=race.pk)
    memory = _remembered.get(race.pk)
    if (
        memory is None
        or time.monotonic() - memory.born > LONGEST_S
        or memory.upto > now.edition.revision  # the record was set back
        or not only_reads_since(now.edition_id, memory.upto)
    ):
        ground = facts.ground(race)
        memory = _remembered[race.pk] = Memory(ground, now.edition.revision, kinship(ground))
        memory.add(facts.reads(ground))
        return memory.known()
    taken_in = Ingestion.objects.filter(edition=now.edition_id, revision__gt=memory.upto).values_list("pk", flat=True)
    memory.add(facts.reads(memory.ground, ingestions=list(taken_in)))
    memory.ground.race.edition.clock = now.edition.clock
    memory.ground = replace(memory.ground, revision=now.revision)
    memory.upto = now.edition.revision
    return memory.known()


def only_reads_since(edition_id: int, upto: int) -> bool:
    """Whether nothing but reads was added to an edition after a revision."""
    newest = (model._default_manager.filter(edition=edition_id).aggregate(Max("revision")) for model in OTHERS)
    return all((row["revision__max"] or 0) <= upto for row in newest)


def forget() -> None:
    """Remember nothing: what follows starts from the facts."""
    _remembered.clear()
