"""Finisher certificates: who is given one, what it says, and whether what it says is still so.

They follow the newest official (or amended) publication of a race. What a certificate says is kept; whether it still holds
is compared with the newest publication each time somebody asks, never stored. A result that is amended makes another
certificate for those whose line has changed, and for nobody else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from race.models import Category, Change, Entry, Race
from race.refused import Refused
from results import certificate_paper, frozen
from results.models import Certificate, CertificateFile, Publication
from results.result_lines import status_word

Said = dict[str, Any]
HOLDS = (Publication.Standing.OFFICIAL, Publication.Standing.AMENDED)
#: Letters of codes: none that is taken for a digit, and no C, with which the codes of communiqués begin.
LETTERS = "0123456789ABDEFGHJKMNPQRSTVWXYZ"
#: What of a line is certified, and compared with the newest publication.
COMPARED = ("category", "status", "rank", "time_s", "down")


@dataclass(frozen=True)
class Result:
    """The result of a race that certificates are given on: its publication, and the line of every rider by bib."""

    race: Race
    publication: Publication
    lines: Mapping[int, Said]
    entries: Mapping[int, Entry]

    def finishers(self) -> list[int]:
        """The bibs of those who are given one, by category and place."""
        found = [bib for bib, line in self.lines.items() if finished(line)]
        return sorted(found, key=lambda bib: (self.lines[bib]["category"], self.lines[bib]["rank"] or 1 << 30, bib))


@dataclass(frozen=True)
class Now:
    """Whether a certificate says what the newest publication says.

    `state`: `holds`, `amended` (the line is another one now), `withdrawn` (no finisher any more). `line`: what it says now.
    """

    state: str
    publication: Publication
    line: Said | None


def finished(line: Said) -> bool:
    """Home, or classified with laps down."""
    return bool(line["status"] == "FIN" or (line["status"] == "LAP" and line["rank"] is not None))


def results(races: Iterable[Race]) -> list[Result]:
    """The official results of these races, in their order; a race whose newest one is not official is left out."""
    races = list(races)
    newest = Publication.objects.filter(race__in=races).order_by("race_id", "-version").distinct("race_id")
    posted = {made.race_id: made for made in newest.select_related("communique", "by") if made.standing in HOLDS}
    return _read([(race, posted[race.pk]) for race in races if race.pk in posted])


def of_race(race: Race) -> Result:
    """The official result of a race. Refused: `not_official`."""
    for found in results([race]):
        return found
    raise Refused("not_official", _("Certificates are given once the result is official."))


def of_publication(race: Race, made: Publication) -> Result:
    """The result of a race as this publication has it, official or not."""
    return _read([(race, made)])[0]


def _read(pairs: Sequence[tuple[Race, Publication]]) -> list[Result]:
    """The results of publications, in three queries for all of them."""
    categories: dict[int, dict[str, Category]] = {race.pk: {} for race, _made in pairs}
    for one in Category.objects.filter(race__in=categories):
        categories[one.race_id][one.code] = one
    worn = _wearers({race.pk: made.revision or 0 for race, made in pairs}, {race.edition_id for race, _made in pairs})
    found = []
    for race, made in pairs:
        board = frozen.read(made.board)
        rows = (dict(zip(board["columns"], row, strict=True)) for row in board["rows"])
        lines = {row["bib"]: _line(board, row, categories[race.pk]) for row in rows}
        found.append(Result(race, made, lines, worn[race.pk]))
    return found


def _line(board: Mapping[str, Any], row: Mapping[str, Any], categories: Mapping[str, Category]) -> Said:
    rider = board["riders"][str(row["bib"])]
    category = categories.get(rider["category"])
    return {
        "bib": row["bib"],
        "name_zh": rider["zh"],
        "latin": rider["latin"],
        "category": rider["category"],
        "category_zh": category.name_zh if category else rider["category"],
        "category_en": category.name_en if category else rider["category"],
        "status": row["status"],
        "rank": row["rank"],
        "time_s": None if row["time_ms"] is None else row["time_ms"] // 1000,
        "down": row["down"] or 0,
        "metres": board["start_m"] + row["laps"] * board["lap_m"],
    }


def _wearers(revisions: Mapping[int, int], editions: set[int]) -> dict[int, dict[int, Entry]]:
    """Race -> bib -> who wore it at the race's revision: a number may be swapped after the result was published."""
    entries = {
        entry.pk: entry
        for entry in Entry.objects.filter(race__in=revisions, bib__isnull=False).select_related("rider", "team")
    }
    later = Change.objects.filter(
        edition__in=editions, model=Entry._meta.label, revision__gt=min(revisions.values(), default=0)
    )
    before: dict[int, int | None] = {}
    for one in later.order_by("-revision", "-pk"):
        entry = entries.get(one.object_id)
        if entry is not None and "bib" in one.before and (one.revision or 0) > revisions[entry.race_id]:
            before[entry.pk] = one.before["bib"]
    found: dict[int, dict[int, Entry]] = {race: {} for race in revisions}
    for entry in entries.values():
        bib = before.get(entry.pk, entry.bib)
        if bib is not None:
            found[entry.race_id][bib] = entry
    return found


def said(result: Result, bib: int) -> Said:
    """What a finisher's certificate says. A name is the rider's own as it is spelled now: a slip is put right that way.

    Refused: `not_on_list`; `not_a_finisher`, with what has become of the rider.
    """
    line, entry = result.lines.get(bib), result.entries.get(bib)
    if line is None or entry is None:
        raise Refused("not_on_list", _("Not on the start list: %(bibs)s.") % {"bibs": bib})
    if not finished(line):
        words = {"status": status_word(line["status"])}
        raise Refused("not_a_finisher", _("Certificates are for finishers. This result: %(status)s.") % words)
    rider = entry.rider
    names = {"name_zh": rider.name_zh or line["name_zh"], "latin": rider.latin or line["latin"]}
    told = {"v": 1, "edition": result.race.edition.slug, "race": result.race.slug, "day": result.race.day.isoformat()}
    return told | line | names


def digest(text: Said) -> str:
    """The hash of what a certificate says."""
    return hashlib.sha256(orjson.dumps(text, option=orjson.OPT_SORT_KEYS)).hexdigest()


def issue(race: Race, bib: int) -> Certificate:
    """The certificate of a finisher; made where there is none that says the same. Refused as `of_race` and `said`."""
    return issue_many(of_race(race), [bib])[0]


def issue_many(result: Result, bibs: Sequence[int]) -> list[Certificate]:
    """The certificates of these finishers, in this order, in a fixed number of queries. Safe to run twice at once."""
    wanted = [(result.entries[bib].pk, text, digest(text)) for bib in bibs for text in [said(result, bib)]]
    known = _known(wanted)
    fresh = [one for one in wanted if (one[0], one[2]) not in known]
    if fresh:
        codes = _codes([sha256 for _entry, _text, sha256 in fresh])
        Certificate.objects.bulk_create(
            [
                Certificate(
                    edition_id=result.race.edition_id, race=result.race, entry_id=entry, publication=result.publication,
                    code=code, said=text, sha256=sha256, issued_at=timezone.now(),
                )
                for (entry, text, sha256), code in zip(fresh, codes, strict=True)
            ],
            ignore_conflicts=True,
        )  # fmt: skip
        known = _known(wanted)
    return [known[entry, sha256] for entry, _text, sha256 in wanted]


def _known(wanted: Sequence[tuple[int, Said, str]]) -> dict[tuple[int, str], Certificate]:
    found = (
        Certificate.objects.filter(
            entry__in=[entry for entry, _text, _sha256 in wanted],
            sha256__in=[sha256 for _entry, _text, sha256 in wanted],
        )
        .select_related("edition", "race", "publication__communique", "publication__by")
        .defer("publication__board")
    )
    return {(one.entry_id, one.sha256): one for one in found}


def _codes(digests: Sequence[str]) -> list[str]:
    """A code for each hash: eight letters of it, others of it where these are given out already."""
    taken = set(Certificate.objects.filter(code__in=[code(one) for one in digests]).values_list("code", flat=True))
    found = []
    for one in digests:
        free = next(code(one, turn) for turn in range(8) if code(one, turn) not in taken)
        taken.add(free)
        found.append(free)
    return found


def code(sha256: str, turn: int = 0) -> str:
    """Eight letters of a hash, as they are typed: 7KQ4-M2XD."""
    number, letters = int(sha256[turn * 8 :][:16] or "0", 16), ""
    for _place in range(8):
        number, rest = divmod(number, len(LETTERS))
        letters += LETTERS[rest]
    return f"{letters[:4]}-{letters[4:]}"


@transaction.atomic
def file(made: Certificate, language: str) -> CertificateFile:
    """The PDF of a certificate, made the first time it is asked for. KeyError for a language that is none of ours."""
    if language not in certificate_paper.LANGUAGES:
        raise KeyError(language)
    kept = CertificateFile.objects.filter(certificate=made, language=language).first()
    if kept is None:
        keep([made], language)
        kept = CertificateFile.objects.get(certificate=made, language=language)
    return kept


def keep(made: Sequence[Certificate], language: str) -> int:
    """Make and keep the PDFs of certificates that have none in this language; returns how many were to be made."""
    there = CertificateFile.objects.filter(certificate__in=made, language=language).values_list(
        "certificate", flat=True
    )
    owed = [one for one in made if one.pk not in set(there)]
    rows = []
    for one in owed:
        body = certificate_paper.pdf([one], language)
        sha256 = hashlib.sha256(body).hexdigest()
        rows.append(
            CertificateFile(certificate=one, language=language, sha256=sha256, body=body, made_at=timezone.now())
        )
    CertificateFile.objects.bulk_create(rows, ignore_conflicts=True)
    return len(owed)


def now(made: Certificate) -> Now:
    """Whether what it says is still so, by the newest publication of its race."""
    newest = Publication.objects.filter(race=made.race).select_related("communique").order_by("-version")[0]
    result = of_publication(made.race, newest)
    bib = next((bib for bib, entry in result.entries.items() if entry.pk == made.entry_id), None)
    line = result.lines.get(bib) if bib is not None else None
    if line is None or not finished(line):
        return Now("withdrawn", newest, line)
    same = all(line[key] == made.said[key] for key in COMPARED)
    return Now("holds" if same else "amended", newest, line)
