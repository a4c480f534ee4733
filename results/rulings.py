"""Rulings: what a commissaire decides about a rider or a race. Revoked by another ruling, never edited."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from race import clock, revision
from race.models import Entry, Race, User
from race.refused import Refused
from results import articles, chain, facts, ruling_details, ruling_evidence, scoring, still_out
from results.models import Ruling
from results.ruling_evidence import Shown
from results.said import said
from results.scoring.race_facts import RaceFacts

#: kind -> (about a rider?, the details it must have, the details it may have), each detail with its type.
KINDS: dict[str, tuple[bool, dict[str, type], dict[str, type]]] = {
    "warning": (True, {}, {}),
    "dsq": (True, {}, {"leave_place_open": bool}),
    "dnf": (True, {}, {}),
    "dns": (True, {}, {}),
    "pulled": (True, {}, {"after_lap": int, "at_us": int}),
    "relegate_group": (True, {}, {}),
    "relegate_last": (True, {}, {}),
    "time_penalty": (True, {"seconds": int}, {}),
    "credit_time_of": (True, {"of": int}, {}),
    "split": (True, {}, {}),
    "join": (True, {}, {}),
    "otl_waive": (True, {}, {}),
    "otl_waive_all": (False, {}, {}),
    "manual_finish": (True, {"at_us": int}, {}),
    "chip_swap": (False, {"a": int, "b": int}, {}),
    "confirm_missed": (True, {"at_us": int}, {}),
    "results_at_lap": (False, {"lap": int}, {}),
    "neutralise": (False, {"us": int}, {}),
    "finish_order": (False, {"order": list}, {}),
    "close": (False, {}, {"out": list}),
}

TWICE_WITHIN = timedelta(minutes=1)
LONGEST_REASON = 300


#: Rulings on somebody who did not come home.
NOT_HOME = ("dnf", "dns", "pulled")


def at_odds(race: Race, kind: str, bib: int | None) -> list[str]:
    """What the board says against a ruling not issued yet, as codes: `has_finished`. A commissaire may know better."""
    return against(facts.gather(race).facts, kind, bib) if kind in NOT_HOME else []


def against(known: RaceFacts, kind: str, bib: int | None) -> list[str]:
    """The same, of facts that are at hand."""
    if kind not in NOT_HOME or bib is None:
        return []
    finished = {row.bib for row in scoring.score(known).rows if row.status == "FIN"}
    return ["has_finished"] if bib in finished else []


@transaction.atomic
def issue(
    race: Race,
    kind: str,
    *,
    bib: int | None = None,
    detail: Mapping[str, Any] | None = None,
    reason: str,
    by: User | None,
    article: str = "",
    seen: int | None = None,
    shown: Sequence[Shown] = (),
) -> Ruling:
    """Append a ruling and let the board follow. The number comes first: rulings of an edition are chained one by one.

    `article`: the code of one of `results.articles`. `seen`: the revision the official looked at; a colleague's newer
    ruling on the same rider (or one on the whole race) is then not overlooked.

    `shown`: the evidence, kept beside the ruling; the act in the chain carries the hash of each file.
    A race is closed by naming who is still out there (`out`); those who were stay on record with it.

    Refused for an unknown kind or article, a sanction that the article does not allow (`article_forbids`), a missing or unknown
    rider, details of the wrong type or out of range, without a reason; for riders still out there and not named
    (`riders_out`); where a colleague has ruled meanwhile (`ruled_meanwhile`), and where the very same ruling, by the same
    official, was issued within the last minute.
    """
    detail = dict(detail or {})
    entry = check(race, kind, bib, detail, article)
    reason = _reason(reason)
    number = revision.advance(race.edition, [race])
    if kind == "close":
        detail = {"out": out} if (out := still_out.named(race, detail.get("out", []))) else {}
    _not_twice(race, kind, entry, detail, reason, by)
    if seen is not None:
        _not_over(race, entry, seen)
    made = _write(race, kind, entry, detail, reason, by, number, article=article, shown=shown)
    ruling_evidence.keep(made, shown, by=by)
    return made


def _reason(text: str) -> str:
    reason = said(text, LONGEST_REASON, _("Reason"))
    if not reason:
        raise Refused("reason_missing", _("A ruling needs a reason."))
    return reason


def _not_over(race: Race, entry: Entry | None, seen: int) -> None:
    """Nobody rules over a colleague's ruling without having seen it. The edition's row is locked by now."""
    if (found := newer(race, entry, seen)) is not None:
        said = {"number": found.number, "kind": found.kind}
        raise Refused("ruled_meanwhile", _("Ruling %(number)s (%(kind)s) was made meanwhile: look at it first.") % said)


def newer(race: Race, entry: Entry | None, seen: int) -> Ruling | None:
    """The newest ruling on a rider or on the whole race (on anybody, where no rider is meant) above a revision."""
    made = Ruling.objects.filter(race=race, revision__gt=seen).order_by("-number")
    mine = made if entry is None else made.filter(Q(entry=entry) | Q(entry=None))
    return mine.select_related("entry", "by", "edition").first()


def _not_twice(
    race: Race, kind: str, entry: Entry | None, detail: Mapping[str, Any], reason: str, by: User | None
) -> None:
    """A second click, or a try after a lost answer, is not a second penalty. The edition's row is locked by now."""
    same = Ruling.objects.filter(race=race, kind=kind, entry=entry, detail=detail, reason=reason, by=by)
    if same.filter(recorded_at__gt=timezone.now() - TWICE_WITHIN, revoked_by=None).exists():
        raise Refused("already_ruled", _("The same ruling was issued a moment ago."))


@transaction.atomic
def revoke(ruling: Ruling, *, reason: str, by: User | None, seen: int | None = None) -> Ruling:
    """Take a ruling back. Both stay on record; the board is as if the first had never been. `seen`: as for `issue`.

    A revocation can be revoked like any other ruling: what it took back is then in force again. Each ruling is revoked at
    most once, so the newest of such a chain decides and is the one to revoke. Refused without a reason and a second time, and
    where a colleague has ruled meanwhile on the same rider or on the whole race (`ruled_meanwhile`).
    """
    reason = _reason(reason)
    number = revision.advance(ruling.edition, [ruling.race])
    if Ruling.objects.filter(revokes=ruling).exists():
        raise Refused("already_revoked", _("This ruling is revoked already."))
    if seen is not None:
        _not_over(ruling.race, ruling.entry, seen)
    return _write(ruling.race, "revoke", ruling.entry, {"ruling": ruling.number}, reason, by, number, revokes=ruling)


def check(race: Race, kind: str, bib: int | None, detail: Mapping[str, Any], article: str = "") -> Entry | None:
    """Whether a ruling can be made at all, whatever its reason; the entry it is about. Refused as `issue`."""
    if kind not in KINDS:
        raise Refused("unknown_kind", _("There is no ruling of this kind: %(kind)s.") % {"kind": kind})
    if article and article not in articles.articles():
        raise Refused("unknown_article", _("There is no such article: %(article)s.") % {"article": article})
    if article and kind not in articles.articles()[article].may:
        raise Refused(
            "article_forbids", _("Article %(article)s does not lead to this sanction.") % {"article": article}
        )
    about_rider, must, may = KINDS[kind]
    if about_rider != (bib is not None):
        raise Refused(
            "bib_missing" if about_rider else "bib_not_wanted", _("This ruling is about one rider, or about none.")
        )
    _check_types(detail, must, may)
    entry = None
    if bib is not None:
        entry = Entry.objects.filter(race=race, bib=bib, state=Entry.State.CONFIRMED).first()
        if entry is None:
            raise Refused("not_on_list", _("Not on the start list: %(bibs)s.") % {"bibs": bib})
    ruling_details.check(race, kind, entry, detail)
    return entry


def _check_types(detail: Mapping[str, Any], must: Mapping[str, type], may: Mapping[str, type]) -> None:
    types = {**must, **may}
    wrong = [key for key in must if key not in detail]
    wrong += [key for key, value in detail.items() if type(value) is not types.get(key)]
    if wrong:
        raise Refused("bad_detail", _("Missing or wrong: %(keys)s.") % {"keys": ", ".join(sorted(wrong))})


def _write(
    race: Race,
    kind: str,
    entry: Entry | None,
    detail: Mapping[str, Any],
    reason: str,
    by: User | None,
    revision_number: int,
    revokes: Ruling | None = None,
    article: str = "",
    shown: Sequence[Shown] = (),
) -> Ruling:
    newest = Ruling.objects.filter(edition=race.edition).aggregate(Max("number"))["number__max"] or 0
    at = clock.now(race.edition)
    act = {
        "act": "ruling",
        "number": newest + 1,
        "revision": revision_number,
        "at": at.isoformat(),
        "race": race.slug,
        "kind": kind,
        "bib": entry.bib if entry else None,
        "detail": detail,
        "reason": reason,
        "by": by.pk if by else None,
    } | ({"article": article} if article else {})
    if shown:
        act["evidence"] = [one.sha256 for one in shown]
    return Ruling.objects.create(
        edition=race.edition,
        revision=revision_number,
        race=race,
        entry=entry,
        number=newest + 1,
        at=at,
        kind=kind,
        detail=detail,
        article=article,
        reason=reason,
        by=by,
        revokes=revokes,
        link=chain.append(race.edition, act),
    )
