"""Why a row of the public board says what it says: the thread, with what a reader needs to check it.

A result that is official is explained by the facts it was published on, whatever came later.
"""

from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

from race.models import Assignment, Gun, Race
from results import articles, facts
from results.board import moment
from results.facts import Known
from results.models import Ruling
from results.scoring.explain import explain, moved_by
from results.scoring.race_facts import Step
from timing.models import Correction, Read


def of(race: Race, bib: int) -> dict[str, Any] | None:
    """The thread of a row as plain values; None for a bib that is not on the start list.

    `revision` is that of the facts the row stands on, `rests_on` the highest among those that the thread itself names.
    """
    known = facts.gather(race)
    posted = known.ground.posted
    if posted is not None and posted.holds:
        known = facts.gather(known.ground.race, posted.revision)
    entry = next((row for row in known.ground.entries if row["bib"] == bib), None)
    if entry is None:
        return None
    steps = (*explain(known.facts, bib).steps, *moved_by(known.facts, bib))
    reads = {one.pk: one for one in _reads(steps)}
    ruled = {one.number: one for one in _rulings(race, steps)}
    zone = ZoneInfo(race.edition.zone)
    return {
        "race": race.slug,
        "bib": bib,
        "revision": known.ground.revision,
        "rests_on": _rests_on(known, entry["pk"], reads.values(), ruled.values()),
        "standing": posted.standing if posted else "live",
        "steps": [_told(step, known, reads, ruled, zone) for step in steps],
    }


def _told(step: Step, known: Known, reads: dict[int, Read], ruled: dict[int, Ruling], zone: ZoneInfo) -> dict[str, Any]:
    made = ruled.get(step.ruling or 0)
    detail = dict(step.detail) | _apart(step, known, reads)
    return {
        "kind": step.kind,
        "reason": step.reason,
        "at": moment(step.at_us, zone),
        "point": step.point,
        "article": step.article,
        "value": step.value,
        "ruling": step.ruling,
        "detail": detail,
        "words": None if made is None else _words(made, zone),
    }


def _words(made: Ruling, zone: ZoneInfo) -> dict[str, Any]:
    """What a ruling says: its article in both languages, its reason, when it was issued."""
    article = articles.articles().get(made.article)
    return {
        "article": made.article,
        "zh": article.zh if article else "",
        "en": article.en if article else "",
        "reason": made.reason,
        "at": made.at.astimezone(zone).isoformat(),
    }


def _apart(step: Step, known: Known, reads: dict[int, Read]) -> dict[str, int]:
    """Of further reads of one passing: how many came from another device, and how far it was from the one used."""
    if step.kind != "merged" or step.at_us is None:
        return {}
    ground = known.ground
    other = [
        reads[pk] for pk in step.read_ids if pk in reads and not ground.places.get(reads[pk].source_id, ("", True))[1]
    ]
    if not other:
        return {}
    at_us = min(ground.clocks[read.source_id].true_us(read.local_us) for read in other)
    return {"backup": len(other), "apart_us": abs(at_us - step.at_us)}


def _reads(steps: Iterable[Step]) -> Iterable[Read]:
    wanted = {pk for step in steps for pk in step.read_ids}
    return Read.objects.filter(pk__in=wanted).select_related("ingestion")


def _rulings(race: Race, steps: Iterable[Step]) -> Iterable[Ruling]:
    return Ruling.objects.filter(edition=race.edition_id, number__in={step.ruling for step in steps if step.ruling})


def _rests_on(known: Known, entry: int, reads: Iterable[Read], ruled: Iterable[Ruling]) -> int:
    """The highest revision among the reads, the gun, the chip, the corrections and the rulings of the thread."""
    upto, race = known.ground.revision, known.ground.race
    reads = list(reads)
    about = Correction.objects.filter(edition=race.edition_id, revision__lte=upto)
    found: list[int | None] = [
        *(read.ingestion.revision for read in reads),
        *(made.revision for made in ruled),
        *Gun.objects.filter(wave__race=race, wave__categories__entries=entry).values_list("revision", flat=True),
        *Assignment.objects.filter(entry=entry).values_list("revision", flat=True),
        *about.filter(entry=entry).values_list("revision", flat=True),
        *about.filter(read__in=[read.pk for read in reads]).values_list("revision", flat=True),
    ]
    return max((one for one in found if one is not None and one <= upto), default=0)
