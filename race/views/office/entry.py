"""One entry: all that the office may see of it, what happened to it, and what can be done about it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from race import (
    bibs,
    dossier,
    ledger,
    links,
    office_entries,
    papers,
    payments,
    places,
    regions,
    to_do,
    transponders,
    vault,
)
from race.models import Assignment, Category, Change, Document, Edition, Entry, LedgerLine, LogLine, Message, Team, User
from race.refused import Refused
from race.staff_pages import actor, done, office_page
from race.views.ledger import METHODS
from race.views.office import wording


@require_safe
@office_page()
def page(request: HttpRequest, edition: Edition, pk: int) -> HttpResponse:
    """`/office/entries/<number>/`: private data masked."""
    return _page(request, edition, _entry(edition, pk), shown=False)


@require_POST
@office_page()
def show(request: HttpRequest, edition: Edition, pk: int) -> HttpResponse:
    """The same page with what is masked in full; that somebody looked is in the log."""
    entry = _entry(edition, pk)
    office_entries.shown(entry, by=actor(request))
    return _page(request, edition, entry, shown=True)


@sensitive_post_parameters()
@require_POST
@office_page()
def act(request: HttpRequest, edition: Edition, pk: int, what: str) -> HttpResponse:
    """One of ACTS on an entry; then back to where the form stands."""
    if what not in ACTS:
        raise Http404
    return done(request, edition, ACTS[what](_entry(edition, pk), request.POST, actor(request)))


def _paid(entry: Entry, given: Any, by: User) -> str:
    fen = fen_of(given.get("yuan", ""))
    ledger.mark_paid(
        entry, method=given.get("method", ""), amount_fen=fen, note=given.get("note", "").strip()[:200], by=by,
        key=given.get("key", "")[:20],
    )  # fmt: skip
    return _("%(who)s: %(sum)s yuan taken.") % {"who": entry.rider, "sum": f"{fen / 100:.2f}"}


def _bib(entry: Entry, given: Any, by: User) -> str:
    text = given.get("bib", "").strip()
    if text and not (text.isascii() and text.isdigit() and len(text) < 7):
        raise Refused("bad_bib", _("A bib is a whole number."))
    number = int(text) if text else bibs.next_free(entry.category)
    bibs.give(entry, number, by=by, reason=given.get("reason", "").strip()[:200])
    return _("%(who)s has number %(bib)d.") % {"who": entry.rider, "bib": number}


def _chip(entry: Entry, given: Any, by: User) -> str:
    handed = transponders.give(entry, given.get("chip", ""), by=by)
    return _("%(who)s has chip %(chip)s.") % {"who": entry.rider, "chip": handed.transponder.code}


def _rider(entry: Entry, given: Any, by: User) -> str:
    wanted: dict[str, Any] = {name: given[name].strip() for name in office_entries.NAMES if name in given}
    wanted |= {name: given[name] for name in office_entries.CONTACT if given.get(name, "").strip()}
    if given.get("sex") in ("M", "F"):
        wanted["sex"] = given["sex"]
    if given.get("birth_date"):
        wanted["birth_date"] = _day(given["birth_date"])
    if "region_code" in given and (not given["region_code"] or given["region_code"] in _regions(entry)):
        wanted["region_code"] = given["region_code"]
    changed = office_entries.edit_rider(
        entry, wanted, by=by, reason=given.get("reason", ""), anyway=given.get("anyway") == "yes",
        was={name: given[f"was_{name}"] for name in office_entries.EDITABLE if f"was_{name}" in given},
    )  # fmt: skip
    names = [str(wording.COLUMNS.get(name, name)) for name in changed]
    return _("Changed: %(what)s.") % {"what": _(", ").join(names)} if names else _("Nothing is different.")


def _team(entry: Entry, given: Any, by: User) -> str:
    team = office_entries.set_team(entry, given.get("team", ""), by=by, reason=given.get("reason", ""))
    return _("Team: %(team)s.") % {"team": team or "–"}


def _move(entry: Entry, given: Any, by: User) -> str:
    category = get_object_or_404(Category, race__edition=entry.edition, pk=_number(given.get("category")))
    office_entries.move(entry, category, by=by, reason=given.get("reason", ""), anyway=given.get("anyway") == "yes")
    return _("Moved to %(category)s.") % {"category": category.name}


def _withdraw(entry: Entry, given: Any, by: User) -> str:
    office_entries.withdraw(entry, by=by, reason=given.get("reason", ""))
    return _("The entry is withdrawn; the place is free or with the first one waiting.")


def _reinstate(entry: Entry, given: Any, by: User) -> str:
    office_entries.reinstate(entry, by=by, reason=given.get("reason", ""))
    return _("The place is given back.")


def _refund(entry: Entry, given: Any, by: User) -> str:
    refund = office_entries.refund(entry, by=by, reason=given.get("reason", ""))
    return _("%(sum)s yuan go back.") % {"sum": f"{refund.amount_fen / 100:.2f}"}


def _link(entry: Entry, given: Any, by: User) -> str:
    sent = office_entries.send_link(entry, by=by)
    return ngettext("The link goes out in %(n)d message.", "The link goes out in %(n)d messages.", len(sent)) % {
        "n": len(sent)
    }


ACTS: dict[str, Callable[[Entry, Any, User], str]] = {
    "paid": _paid, "bib": _bib, "chip": _chip, "rider": _rider, "team": _team, "move": _move, "withdraw": _withdraw,
    "reinstate": _reinstate, "refund": _refund, "link": _link,
}  # fmt: skip


def fen_of(text: str) -> int:
    """A sum of yuan as somebody types it, in fen. Refused (`bad_amount`) for anything else."""
    whole, _dot, rest = text.strip().lstrip("¥").replace(",", "").partition(".")
    if not (re.fullmatch(r"[0-9]{1,7}", whole) and re.fullmatch(r"[0-9]{0,2}", rest)):
        raise Refused("bad_amount", _("Write the sum in yuan, such as 120 or 99.50."))
    return int(whole) * 100 + int((rest or "0").ljust(2, "0"))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as problem:
        raise Refused("bad_date", _("A date is written like 1990-03-07.")) from problem


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 18 else 0


def _entry(edition: Edition, pk: int) -> Entry:
    entries = Entry.objects.select_related(
        "rider", "team", "category__race__edition", "category__wave", "race", "registration"
    )
    return get_object_or_404(entries.select_related("edition", "rider__merged_into"), edition=edition, pk=pk)


def _page(request: HttpRequest, edition: Edition, entry: Entry, *, shown: bool) -> HttpResponse:
    rider = entry.rider
    number = vault.unseal(rider.identity_sealed) if rider.identity_sealed else ""
    private = dossier.read(rider)
    mask: Callable[[str], str] = str if shown else office_entries.masked
    payer = dossier.contact(entry.registration) if entry.registration else {}
    context: dict[str, Any] = {
        "edition": edition, "entry": entry, "rider": rider, "shown": shown, "number": mask(number),
        "document_word": wording.DOCUMENTS.get(rider.identity_kind, rider.identity_kind),
        "age": office_entries.age(rider, entry.day),
        "private": {name: mask(value) if "phone" in name or name == "email" else value for name, value in private.items()},
        "payer": {name: mask(value) if name != "name" else value for name, value in payer.items()},
        "position": places.position(entry), "back": payments.refund_preview(entry) if entry.paid_fen else 0,
        "link": _living_link(entry) if shown else "", "method": "cash" if entry.registration_id else "transfer",
        "owed_yuan": f"{max(entry.owed_fen, 0) / 100:.2f}".removesuffix(".00"),
    }  # fmt: skip
    return render(request, "race/office/entry.html", context | _around(entry) | {"history": history(entry)})


def _living_link(entry: Entry) -> str:
    link = entry.registration.links.filter(Q(rider=None) | Q(rider=entry.rider), revoked_at=None).order_by("-rider").first() \
        if entry.registration else None  # fmt: skip
    return links.url(link) if link else ""


def _around(entry: Entry) -> dict[str, Any]:
    """What belongs to an entry, in a fixed number of queries."""
    sent = Document.objects.filter(rider=entry.rider, edition=entry.edition).defer("sealed")
    assignments = Assignment.objects.filter(entry=entry).select_related("transponder").order_by("pk")
    told = Message.objects.filter(
        Q(rider=entry.rider) | Q(registration=entry.registration_id or 0), edition=entry.edition
    )
    return {
        "papers": [
            {"paper": paper, "word": papers.label(paper.kind), "state": wording.PAPER[paper.state]} for paper in sent
        ],
        "needs": [need for need in papers.needed(entry.rider, entry.edition) if need.missing and need.document is None],
        "chips": list(assignments),
        "lines": [
            (line, wording.LINES[line.kind], METHODS.get(line.method, line.method))
            for line in LedgerLine.objects.filter(entry=entry).select_related("by")
        ],
        "messages_sent": [
            (one, wording.KINDS.get(one.kind, one.kind), wording.MESSAGE[one.state]) for one in told.order_by("-pk")[:12]
        ],
        "siblings": list(
            Entry.objects.filter(rider=entry.rider, edition=entry.edition).exclude(pk=entry.pk).select_related("category")
        ),
        "categories": [one for one in to_do.categories(entry.edition) if one.pk != entry.category_id],
        "teams": list(Team.objects.filter(edition=entry.edition).order_by("name_zh")),
        "regions": list(_regions(entry).values()),
    }  # fmt: skip


def _regions(entry: Entry) -> dict[str, regions.Region]:
    """What may be chosen, the cities that count apart among it, and what the rider has now."""
    rider = entry.rider
    found = regions.with_cities(quota for category in to_do.categories(entry.edition) for quota in category.quotas)
    if rider.region_code:
        found.setdefault(rider.region_code, regions.Region(rider.region_code, rider.region_zh, rider.region_en))
    return found


def history(entry: Entry) -> list[dict[str, Any]]:
    """What happened to an entry, the newest first: the log and, after the start list, the facts. Two queries."""
    mine = Q(entry=entry) | Q(rider=entry.rider) | Q(registration=entry.registration_id or 0, entry=None)
    found = LogLine.objects.filter(mine, edition=entry.edition).select_related("by").order_by("-pk")[:60]
    lines: list[dict[str, Any]] = [
        {"at": line.at, "by": line.by, "word": wording.LOG.get(line.what, line.what), "details": _details(line)}
        for line in found
    ]
    changed = Change.objects.filter(edition=entry.edition, model="race.Entry", object_id=entry.pk).select_related("by")
    lines += [
        {"at": change.recorded_at, "by": change.by, "word": _("Changed"), "revision": change.revision,
         "details": "; ".join([*_differences(change), *([change.reason] if change.reason else [])])}
        for change in changed.order_by("-pk")[:60]
    ]  # fmt: skip
    return sorted(lines, key=lambda line: line["at"], reverse=True)


def _details(line: LogLine) -> str:
    told = line.details
    parts = [str(wording.COLUMNS.get(name, name)) for name in told.get("columns", ())]
    if isinstance(told.get("amount_fen"), int):
        parts.append(f"¥{told['amount_fen'] / 100:.2f}".removesuffix(".00"))
    parts += [str(told[name]) for name in ("chip", "number") if told.get(name)]
    parts += [papers.label(told["kind"])] if line.what.startswith("paper") and told.get("kind") else []
    return "; ".join([*parts, *([str(told["reason"])] if told.get("reason") else [])])


def _differences(change: Change) -> list[str]:
    return [
        f"{wording.COLUMNS.get(name, name)} {change.before.get(name) if change.before.get(name) is not None else '–'} → "
        f"{after if after is not None else '–'}"
        for name, after in change.after.items()
    ]
