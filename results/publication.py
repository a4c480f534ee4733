"""Publishing: the standings of a race at a revision, frozen. Live, then provisional, then official, then amended."""

import hashlib
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from race import clock, revision
from race.models import Race, User
from race.refused import Refused
from results import chain, communique, facts, frozen, live, result_rules, scoring
from results.facts import Known
from results.models import Protest, ProtestStep, Publication
from results.said import said
from results.scoring import differences, publishing
from results.scoring.differences import Differences
from timing.clocks import microseconds

Standing = Publication.Standing
MINUTE_US = 60_000_000
LONGEST_REASON = 300


@transaction.atomic
def publish(
    race: Race,
    *,
    by: User | None,
    standing: str = Standing.PROVISIONAL,
    reason: str = "",
    cause: str = "",
    confirmed: Sequence[str] = (),
    after: int | None = None,
) -> Publication:
    """Freeze the board as it is now, number a communiqué for it, and let the public see it.

    The counter moves first: its row lock makes "all facts up to N" a snapshot. `confirmed`: the open items (`open_items`)
    that whoever makes the result official takes upon himself. An amendment says its `cause` (recording_error,
    disciplinary, protest) and its reason. `after`: the version that was looked at, 0 for none: a second click, or a
    colleague's publication meanwhile, is then no further version (`published_meanwhile`).

    Refused: `not_started`, `already_official`, `not_provisional`, `window_open`, `open_protest`, `riders_out`, `moved_since`,
    `open_items`, `reason_missing`, `too_long`, `too_late`, `nothing_changed`.
    """
    reason = said(reason, LONGEST_REASON, _("Reason"))
    number = revision.advance(race.edition, [race])
    race = Race.objects.select_related("edition", "course").get(pk=race.pk)
    known = facts.gather(race)
    now = clock.now(race.edition)
    version = known.ground.posted.version if known.ground.posted else 0
    if after is not None and version != after:
        raise Refused(
            "published_meanwhile", _("Version %(n)s was published meanwhile: look at it first.") % {"n": version}
        )
    _allowed(known, standing, microseconds(now), reason, cause, confirmed)
    body = live.scored(known)
    newest = Publication.objects.filter(race=race).aggregate(Max("version"))["version__max"] or 0
    act = {
        "act": "publication",
        "race": race.slug,
        "revision": number,
        "version": newest + 1,
        "standing": str(standing),
        "at": now.isoformat(),
        "reason": reason,
        "sha256": hashlib.sha256(body).hexdigest(),
    }
    made = Publication.objects.create(
        edition=race.edition, revision=number, race=race, version=newest + 1, standing=standing, at=now, reason=reason,
        board=body, link=chain.append(race.edition, act), by=by,
    )  # fmt: skip
    communique.of_result(made)
    return made


def _allowed(known: Known, standing: str, now_us: int, reason: str, cause: str, confirmed: Sequence[str]) -> None:
    posted = known.ground.posted
    if standing == Standing.PROVISIONAL:
        if not known.facts.begun:
            raise Refused("not_started", _("The race has not started: no gun was fired."))
        if posted is not None and posted.holds:
            raise Refused("already_official", _("The result is official: amend it instead."))
    elif standing == Standing.OFFICIAL:
        _may_be_official(known, now_us, confirmed)
    else:
        _may_be_amended(known, now_us, reason, cause)


def _may_be_official(known: Known, now_us: int, confirmed: Sequence[str]) -> None:
    posted = known.ground.posted
    if posted is not None and posted.holds:
        raise Refused("already_official", _("The result is official: amend it instead."))
    for bar in bars(known, now_us):
        raise BARS()[bar]
    if missing := sorted(set(open_items(known)) - set(confirmed)):
        named = ", ".join(missing)
        raise Refused("open_items", _("Open items have to be confirmed by name: %(items)s.") % {"items": named})


def _may_be_amended(known: Known, now_us: int, reason: str, cause: str) -> None:
    posted = known.ground.posted
    if posted is None or not posted.holds:
        raise Refused("not_official", _("Only an official result is amended."))
    if not reason.strip() or cause not in CAUSES:
        raise Refused("reason_missing", _("An amendment says its cause and its reason."))
    if not publishing.may_correct(_end_us(known), now_us, cause):
        raise Refused("too_late", _("Errors of recording are corrected within 30 days of the race (UCI 1.2.111)."))
    if not moved_since(known).changes:
        raise Refused("nothing_changed", _("Nothing differs from the published result."))


CAUSES = ("recording_error", "disciplinary", "protest")


def BARS() -> dict[str, Refused]:
    """What stands in the way of an official result, with its sentence."""
    found = (
        Refused("not_provisional", _("A result is provisional before it is official.")),
        Refused("window_open", _("The time for protests is not over yet.")),
        Refused("open_protest", _("A protest is undecided.")),
        Refused("riders_out", _("Riders are still out there: close the race first.")),
        Refused("moved_since", _("The board has changed since it was published: publish it as provisional again.")),
    )
    return {refused.code: refused for refused in found}


def bars(known: Known, now_us: int) -> list[str]:
    """What stands in the way of making the result official now, as codes."""
    posted, race = known.ground.posted, known.ground.race
    window_us = result_rules.of(race.edition).protest_minutes * MINUTE_US
    found = list(publishing.bars_to_official(posted.at_us if posted else None, now_us, protests(race), window_us))
    if not known.facts.closed:
        found.append("riders_out")
    if posted is not None and moved_since(known).changes:
        found.append("moved_since")
    return found


def protests(race: Race) -> list[publishing.Protest]:
    """The protests of a race, with when each was settled."""
    settled: dict[int, int] = {}
    for protest, at in ProtestStep.objects.filter(protest__race=race, kind__in=ProtestStep.SETTLES).values_list(
        "protest", "at"
    ):
        settled[protest] = microseconds(at)
    filed = Protest.objects.filter(race=race).values_list("pk", "at")
    return [publishing.Protest(microseconds(at), settled.get(pk)) for pk, at in filed]


def open_items(known: Known) -> list[str]:
    """What a commissaire has to have looked at before a result stands: riders without a result, ties, suspected reads."""
    items = []
    for row in scoring.score(known.facts).rows:
        if row.status == "NR":
            items.append(f"no_result:{row.bib}")
        items += [f"{flag}:{row.bib}" for flag in ASKED if flag in row.flags]
    return items


ASKED = ("tie_needs_photo", "suspect_missed_read", "suspect_fast_lap")


def moved_since(known: Known) -> Differences:
    """What late reads and rulings make otherwise than the newest publication says. They change nothing by themselves."""
    posted = known.ground.posted
    now = differences.lines(scoring.score(known.facts))
    if posted is None:
        return differences.compare(now, now)
    return differences.compare(frozen.lines(frozen.board(posted.pk)), now)


def _end_us(known: Known) -> int:
    """When the race ended: the last crossing that counts."""
    standings = scoring.score(known.facts)
    return max((row.crossings[-1] for row in standings.rows if row.crossings), default=0)
