"""Communiqués: the numbered papers of the commissaires, as data. The PDF is made of the same data, after the commit.

A communiqué names riders, as any result does; the chain carries its hash and no names.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson
from django.db.models import Max

from race import doorbell
from race.models import Category, Edition, Race
from results import chain, frozen, protests, result_rules
from results.league import rules, season
from results.models import Communique, Link, Publication, Ruling
from results.scoring import differences

LETTERS = 4
#: The task that makes the files (`results.printing`).
PRINT = "results.tasks.print_communique"


def of_result(made: Publication) -> Communique:
    """The communiqué of a publication, in its transaction: what was published, what it supersedes, what has changed."""
    race = made.race
    board = frozen.read(made.board)
    before = Publication.objects.filter(race=race, version__lt=made.version).order_by("-version").first()
    earlier = Communique.objects.filter(publication=before).first() if before else None
    content = {
        "kind": "result",
        "standing": made.standing,
        "version": made.version,
        "reason": made.reason,
        "protest_minutes": result_rules.of(race.edition).protest_minutes,
        "protest_deposit_fen": result_rules.of(race.edition).protest_deposit_fen,
        "race_zh": race.name_zh,
        "race_en": race.name_en,
        "categories": _categories(race),
        "supersedes": earlier.number if earlier else None,
        "superseded": {"standing": before.standing, "version": before.version} if before else None,
        "changes": _changes(before, made),
        "rulings": _rulings(race, before.revision if before else None),
        "board": board,
        **_league(before, board, race),
    }
    return _write(made.edition, race, Communique.Kind.RESULT, content, made, earlier)


def _categories(race: Race) -> list[dict[str, str]]:
    """Who is ranked together in the race, as they were called when the paper was made."""
    rows = Category.objects.filter(race=race).order_by("code").values_list("code", "name_zh", "name_en", "mark")
    return [dict(zip(("code", "zh", "en", "mark"), row, strict=True)) for row in rows]


def _league(before: Publication | None, board: Mapping[str, Any], race: Race) -> dict[str, Any]:
    """Where the race counts in a league: the points of the round, and which teams moved since the version before."""
    now = frozen.lines(dict(board))
    given = season.round_points(race, now, protests.concerned([race]).get(race.pk, frozenset()))
    if not given:
        return {}
    moved = season.of_lines(race, frozen.lines(frozen.read(before.board)), now, now=False) if before else ()
    teams = [
        {"league": move.league, "team": [move.team, move.team_en], "points": [move.points_before, move.points_after],
         "ranks": [move.rank_before, move.rank_after]}
        for move in moved
        if move.group == rules.TEAMS
    ]  # fmt: skip
    return {"league": given, "league_teams": teams}


def _changes(before: Publication | None, made: Publication) -> list[dict[str, Any]]:
    """What differs from the version before, rider by rider."""
    if before is None:
        return []
    return [
        {
            "bib": change.bib,
            "before": _line(change.before),
            "after": _line(change.after),
        }
        for change in frozen.compare(before, made).changes
    ]


def _line(line: differences.Line | None) -> dict[str, Any] | None:
    return None if line is None else {"rank": line.rank, "status": line.status, "time_s": line.time_s}


def _rulings(race: Race, since: int | None) -> list[dict[str, Any]]:
    """The rulings since a revision, with bib and words."""
    made = (
        Ruling.objects.filter(race=race, revision__gt=since or 0).select_related("entry", "revokes").order_by("number")
    )
    return [
        {
            "number": ruling.number,
            "kind": ruling.kind,
            "bib": ruling.entry.bib if ruling.entry else None,
            "article": ruling.article,
            "reason": ruling.reason,
            "detail": ruling.detail,
            "revokes": ruling.revokes.number if ruling.revokes else None,
        }
        for ruling in made
    ]


def _write(
    edition: Edition,
    race: Race | None,
    kind: str,
    content: Mapping[str, Any],
    publication: Publication,
    earlier: Communique | None,
) -> Communique:
    """Number it, hash it, chain it. The edition's row is locked by now."""
    number = (Communique.objects.filter(edition=edition).aggregate(Max("number"))["number__max"] or 0) + 1
    head = Link.objects.filter(edition=edition).order_by("-position").first()
    at = publication.at
    assert at is not None
    body = orjson.dumps(
        {
            "v": 1,
            "edition": edition.slug,
            "edition_zh": edition.name_zh,
            "edition_en": edition.name_en,
            "number": number,
            "race": race.slug if race else None,
            "at": at.isoformat(),
            "by": publication.by.get_full_name() if publication.by else "",
            "revision": publication.revision,
            "previous": head.hash if head else chain.GENESIS,
            **content,
        },
        option=orjson.OPT_SORT_KEYS,
    )
    sha256 = hashlib.sha256(body).hexdigest()
    code = _code(number, sha256)
    act = {"act": "communique", "number": number, "kind": str(kind), "sha256": sha256, "code": code}
    paper = Communique.objects.create(
        edition=edition, revision=publication.revision, number=number, kind=kind, race=race, publication=publication,
        supersedes=earlier, at=at, code=code, sha256=sha256, content=body, link=chain.append(edition, act),
        by=publication.by,
    )  # fmt: skip
    doorbell.after_commit(PRINT, [paper.pk])
    return paper


def _code(number: int, sha256: str) -> str:
    """What people type behind /verify/: the number and the first letters of the hash, as many as make it unique."""
    for letters in range(LETTERS, 13):
        code = f"C{number}-{sha256[:letters].upper()}"
        if not Communique.objects.filter(code=code).exists():
            return code
    raise AssertionError("two communiqués with one hash")
