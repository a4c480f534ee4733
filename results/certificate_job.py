"""Certificates for everybody at once: a job in parts, each made whole or not at all by whoever comes to it.

The parts are rows. A worker that dies leaves its part as if it had not begun, and the sweep rings for it again; one part of
an edition is made at a time, so that boards of races on the road never wait for paper.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from django.db import transaction
from django.db.models import Count, Max, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from race import doorbell, rows
from race.models import Edition, Race, User
from race.refused import Refused
from results import certificate_paper, certificates
from results.certificates import Result
from results.models import Certificate, CertificateFile, CertificateJob, CertificatePart

T = TypeVar("T")
PART = 50
TASK = "results.tasks.make_certificates"
#: How long nothing is heard of a job before the sweep rings for it again.
QUIET = timedelta(seconds=15)
FETCHED = 25
_ALONE = "SELECT pg_try_advisory_xact_lock(hashtextextended('certificates', $1::bigint))"


@dataclass(frozen=True)
class Progress:
    """How far the certificates of an edition are in a language. `made` of `finishers` have their file; `waiting`: races
    whose result is not official, in order; `parts`/`parts_done` are those of the newest job, `running` while any is left."""

    finishers: int
    made: int
    waiting: tuple[Race, ...]
    parts: int
    parts_done: int
    running: bool
    job: CertificateJob | None

    @property
    def missing(self) -> int:
        """Finishers without a file."""
        return self.finishers - self.made


def races(edition: Edition) -> list[Race]:
    """The races of an edition whose start lists are out, in the order of the programme."""
    found = Race.objects.filter(edition=edition, published_at__isnull=False).select_related("edition", "course")
    return list(found.order_by("day", "order", "slug"))


Wanted = Mapping[tuple[int, str], int]


def wanted_of(results: Sequence[Result]) -> Wanted:
    """(entry, hash of what its certificate says) of every finisher -> race, in the order of categories and places."""
    return {
        (result.entries[bib].pk, certificates.digest(certificates.said(result, bib))): result.race.pk
        for result in results for bib in result.finishers() if bib in result.entries
    }  # fmt: skip


def left(wanted: Wanted, language: str) -> dict[int, list[int]]:
    """Race -> the entries of those whose certificate has no file in this language yet. One query."""
    kept = CertificateFile.objects.filter(language=language, certificate__race__in=set(wanted.values()))
    there = set(kept.values_list("certificate__entry", "certificate__sha256"))
    found: dict[int, list[int]] = {}
    for (entry, sha256), race in wanted.items():
        if (entry, sha256) not in there:
            found.setdefault(race, []).append(entry)
    return found


@transaction.atomic
def start(edition: Edition, language: str, *, by: User | None) -> CertificateJob:
    """Have the certificates made that are missing. A second click finds the job that runs.

    Refused: `not_official` (no race is), `all_made`, `unknown_kind` (another language).
    """
    if language not in certificate_paper.LANGUAGES:
        raise Refused("unknown_kind", _("Certificates are made in Chinese or in English."))
    Edition.objects.select_for_update().get(pk=edition.pk)
    if running := owed().filter(edition=edition, language=language).first():
        return running
    found = certificates.results(races(edition))
    if not found:
        raise Refused("not_official", _("Certificates are given once the result is official."))
    missing = left(wanted_of(found), language)
    if not missing:
        raise Refused("all_made", _("Every finisher of an official race has a certificate already."))
    job = CertificateJob.objects.create(edition=edition, language=language, by=by, asked_at=timezone.now())
    parts = [(race, some) for race, entries in missing.items() for some in _in_parts(entries, PART)]
    CertificatePart.objects.bulk_create(
        CertificatePart(job=job, number=number, race_id=race, entries=some)
        for number, (race, some) in enumerate(parts, start=1)
    )
    doorbell.after_commit(TASK, [job.pk])
    return job


def _in_parts(all_of: Sequence[T], most: int) -> Iterator[list[T]]:
    for start_at in range(0, len(all_of), most):
        yield list(all_of[start_at : start_at + most])


def owed() -> QuerySet[CertificateJob]:
    """Jobs with a part that is not done, the oldest first."""
    undone = CertificatePart.objects.filter(done_at=None).values("job")
    return CertificateJob.objects.filter(pk__in=undone).order_by("pk")


def forgotten() -> list[int]:
    """Jobs nothing was heard of for a while: their ring was lost, or their worker died."""
    since = timezone.now() - QUIET
    heard = owed().annotate(heard=Max("parts__done_at")).filter(Q(heard=None) | Q(heard__lt=since), asked_at__lt=since)
    return list(heard.values_list("pk", flat=True))


@transaction.atomic
def make_part(job_id: int) -> int:
    """Make the next part of a job; returns how many parts are left, -1 where somebody else is at this edition's.

    Who is no finisher any more by now is left out. Safe to run twice at once.
    """
    job = CertificateJob.objects.select_related("edition").get(pk=job_id)
    if not rows.ask(_ALONE, [job.edition_id])[0][0]:
        return -1
    undone = job.parts.filter(done_at=None).select_related("race__edition", "race__course")
    part = undone.first()
    if part is None:
        return 0
    for result in certificates.results([part.race]):
        bibs = {entry.pk: bib for bib, entry in result.entries.items()}
        wanted = [
            bibs[entry] for entry in part.entries if entry in bibs and certificates.finished(result.lines[bibs[entry]])
        ]
        certificates.keep(certificates.issue_many(result, wanted), job.language)
    CertificatePart.objects.filter(pk=part.pk).update(done_at=timezone.now())
    count = undone.count()
    if count:
        doorbell.after_commit(TASK, [job.pk])
    return count


def progress(edition: Edition) -> dict[str, Progress]:
    """How far the certificates of an edition are, by language. A fixed number of queries at any number of finishers."""
    all_races = races(edition)
    found = certificates.results(all_races)
    official, wanted = {result.race.pk for result in found}, wanted_of(found)
    waiting = tuple(race for race in all_races if race.pk not in official)
    return {language: _progress(edition, language, wanted, waiting) for language in certificate_paper.LANGUAGES}


def _progress(edition: Edition, language: str, wanted: Wanted, waiting: tuple[Race, ...]) -> Progress:
    missing = sum(map(len, left(wanted, language).values()))
    job = CertificateJob.objects.filter(edition=edition, language=language).select_related("by").order_by("-pk").first()
    parts = {"all": 0, "done": 0}
    if job is not None:
        parts = job.parts.aggregate(all=Count("pk"), done=Count("pk", filter=Q(done_at__isnull=False)))
    running = parts["done"] < parts["all"]
    return Progress(len(wanted), len(wanted) - missing, waiting, parts["all"], parts["done"], running, job)


def archive(edition: Edition, language: str) -> Iterator[bytes]:
    """All certificates that hold, as the pieces of a ZIP: a folder a category, a file a rider. What is not made is not in it.

    No more than FETCHED files are in memory at once.
    """
    wanted = [_named(result, bib) for result in certificates.results(races(edition)) for bib in result.finishers()]
    keys = {(entry, sha256): name for entry, sha256, name in wanted}
    made = Certificate.objects.filter(entry__in=[entry for entry, _sha256, _name in wanted], files__language=language)
    there = {(one.entry_id, one.sha256): one.pk for one in made.only("entry", "sha256")}
    names = [(there[key], name) for key, name in keys.items() if key in there]
    piece = _Piece()
    with zipfile.ZipFile(piece, "w", zipfile.ZIP_STORED) as packed:
        for some in _in_parts(names, FETCHED):
            kept = CertificateFile.objects.filter(certificate__in=[pk for pk, _name in some], language=language)
            files = {one.certificate_id: one for one in kept}
            for pk, name in some:
                packed.writestr(zipfile.ZipInfo(name, files[pk].made_at.timetuple()[:6]), bytes(files[pk].body))
                yield piece.taken()
    yield piece.taken()


def _named(result: Result, bib: int) -> tuple[int, str, str]:
    line, entry = certificates.said(result, bib), result.entries[bib]
    name = in_a_path(line["name_zh"] or line["latin"])
    place = f"{line['rank']:04}" if line["rank"] is not None else "----"
    return entry.pk, certificates.digest(line), f"{result.race.slug}/{line['category']}/{place}_{bib}_{name}.pdf"


def in_a_path(name: str) -> str:
    """A name as every system takes it in the name of a file: what parts folders, is no text or turns it round is a blank."""
    return "".join(sign if sign.isprintable() and sign not in '/\\:*?"<>|' else " " for sign in name)


class _Piece(io.RawIOBase):
    """What was written since it was last taken. Not seekable: the archive is written from front to back."""

    def __init__(self) -> None:
        self._held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, body: object) -> int:
        held = bytes(body)  # type: ignore[call-overload]
        self._held += held
        return len(held)

    def taken(self) -> bytes:
        """The bytes, and forget them."""
        found, self._held = bytes(self._held), bytearray()
        return found
