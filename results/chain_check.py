"""Is the chain of official acts whole, and does every row say what its act says?

Five ways to cheat, each found at its place: an act edited, an act deleted, the tail cut off (against a printed head), and a
row that was edited or deleted while its act was left alone.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from race.models import Change, Edition, Entry
from results import chain
from results.models import Communique, Evidence, Link, Printed, ProtestStep, Publication, Ruling

Acts = Mapping[int, tuple[Link, dict[str, Any]]]
#: As much of a hash as a paper's foot prints.
SHORTEST = 12


@dataclass(frozen=True, slots=True)
class Fault:
    """Where the chain or a row is not what was signed. `position`: the act; `code` and `what` say how."""

    position: int
    code: str
    what: str


def faults(edition: Edition, head: str = "") -> list[Fault]:
    """Everything that is wrong, in the order of the acts; empty: nothing was touched.

    `head`: a hash off a paper, or its beginning.

    Codes: `broken` (an act edited or missing), `row_missing`, `row_differs`, `file_differs`, `head_missing`.
    """
    links = list(Link.objects.filter(edition=edition).order_by("position"))
    found = []
    broken = chain.first_break(links)
    if broken is not None:
        found.append(Fault(broken, "broken", "the act was edited, or the one before it is missing"))
    acts = {link.pk: (link, orjson.loads(bytes(link.canonical))) for link in links}
    found += _rows(edition, acts)
    if head and not _holds(links, head):
        last = links[-1].position if links else 0
        found.append(
            Fault(last + 1, "head_missing", "the printed head is not in the chain: acts after this place are gone")
        )
    return sorted(found, key=lambda fault: (fault.position, fault.code))


def _holds(links: Iterable[Link], head: str) -> bool:
    """Whether a printed head is there: a whole hash, its beginning, or beginning and end as a foot prints them."""
    parts = re.findall(r"[0-9a-f]+", re.sub(r"(?<=[0-9a-f]) (?=[0-9a-f])", "", head.lower()))
    if not parts or len(parts[0]) < SHORTEST or len(parts) > 2:
        return False
    first, last = parts[0], parts[1] if len(parts) == 2 else ""
    hashes = [*(link.hash for link in links), chain.GENESIS]
    return any(one.startswith(first) and one.endswith(last) for one in hashes)


def _rows(edition: Edition, acts: Acts) -> list[Fault]:
    """Rows beside their acts: each row says what its act says, and each act has its row."""
    found: list[Fault] = []
    told: set[int] = set()
    for kind, link, said in _said(edition):
        told.add(link)
        if link not in acts:
            continue  # the broken chain says so
        place, act = acts[link]
        differing = sorted(key for key, value in said.items() if not _same(act.get(key), value))
        if differing:
            found.append(Fault(place.position, "row_differs", f"{kind}: {', '.join(differing)}"))
    for pk, (alone, act) in acts.items():
        if pk not in told and act["act"] in ROWED:
            found.append(Fault(alone.position, "row_missing", str(act["act"])))
    return found + _files(edition)


#: Acts that have a row of their own.
ROWED = ("ruling", "publication", "communique", "verdict")


def _same(told: Any, value: Any) -> bool:
    """An instant is the same however it is written; the files of a ruling in any order."""
    if isinstance(value, datetime):
        return isinstance(told, str) and datetime.fromisoformat(told) == value
    if isinstance(value, set):
        return isinstance(told, list) and set(told) == value
    return bool(told == value)


def _sha256(body: bytes | memoryview) -> str:
    return hashlib.sha256(bytes(body)).hexdigest()


def _bibs(edition: Edition) -> Callable[[Entry | None, int | None], int | None]:
    """Which number an entry wore at a revision: a number may be swapped after a ruling named it."""
    worn: dict[int, list[tuple[int, int | None]]] = {}
    for change in Change.objects.filter(edition=edition, model=Entry._meta.label).order_by("revision", "pk"):
        if "bib" in change.before and change.revision is not None:
            worn.setdefault(change.object_id, []).append((change.revision, change.before["bib"]))

    def at(entry: Entry | None, revision: int | None) -> int | None:
        if entry is None:
            return None
        later = (bib for number, bib in worn.get(entry.pk, ()) if number > (revision or 0))
        return next(later, entry.bib)

    return at


def _shown(edition: Edition) -> dict[int, set[str]]:
    """The hashes of what was shown for each ruling, taken of the bytes that are kept."""
    found: dict[int, set[str]] = {}
    for evidence in Evidence.objects.filter(edition=edition, ruling__isnull=False).iterator(chunk_size=8):
        assert evidence.ruling_id is not None
        found.setdefault(evidence.ruling_id, set()).add(_sha256(evidence.body))
    return found


def _files(edition: Edition) -> list[Fault]:
    """Files of communiqués that are not what their kept hash says."""
    kept = Printed.objects.filter(communique__edition=edition).select_related("communique__link")
    return [
        Fault(
            one.communique.link.position,
            "file_differs",
            f"communiqué {one.communique.number}: {one.kind} {one.language}",
        )
        for one in kept.defer("communique__content").iterator(chunk_size=8)
        if _sha256(one.body) != one.sha256
    ]


def _said(edition: Edition) -> Iterable[tuple[str, int, dict[str, Any]]]:
    """Of each row: what it is, its link, and what its act has to say."""
    bibs, shown = _bibs(edition), _shown(edition)
    for ruling in Ruling.objects.filter(edition=edition).select_related("race", "entry", "revokes"):
        yield "ruling", ruling.link_id, {
            "number": ruling.number, "revision": ruling.revision, "at": ruling.at, "race": ruling.race.slug,
            "kind": ruling.kind, "bib": bibs(ruling.entry, ruling.revision), "detail": ruling.detail,
            "reason": ruling.reason, "by": ruling.by_id, "article": ruling.article or None,
            "evidence": shown.get(ruling.pk),
        }  # fmt: skip
        if ruling.kind == "revoke":
            yield "ruling", ruling.link_id, {"detail": {"ruling": ruling.revokes.number if ruling.revokes else None}}
    for made in Publication.objects.filter(edition=edition).select_related("race"):
        yield "publication", made.link_id, {
            "race": made.race.slug, "revision": made.revision, "version": made.version, "standing": made.standing,
            "at": made.at, "reason": made.reason, "sha256": _sha256(made.board),
        }  # fmt: skip
    for paper in Communique.objects.filter(edition=edition):
        yield "communique", paper.link_id, {
            "number": paper.number, "kind": paper.kind, "sha256": _sha256(paper.content), "code": paper.code,
        }  # fmt: skip
    steps = ProtestStep.objects.filter(protest__edition=edition, link__isnull=False)
    for step in steps.select_related("protest", "ruling"):
        assert step.link_id is not None
        yield "verdict", step.link_id, {
            "protest": step.protest.number, "revision": step.revision, "bibs": step.protest.bibs, "verdict": step.kind,
            "reason": step.reason, "ruling": step.ruling.number if step.ruling else None, "by": step.by_id,
        }  # fmt: skip
