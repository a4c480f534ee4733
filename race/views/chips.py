"""Chips: handed out and taken back at a desk, with a reader that types; what is out; and by file."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from race import chip_sheet, clock, ledger, sheet, transponders
from race.entry_rules import EntryRules
from race.models import Assignment, Edition, Entry, LogLine, Transponder
from race.refused import Refused
from race.staff_pages import actor, done, office_page

METHODS = ("cash", "wechat")
FILE_LIMIT = 2 * 1024 * 1024
RECENT = ("chip_given", "chip_swapped", "chip_returned", "chip_lost", "chip_found", "chips_imported")


@require_safe
@office_page()
def page(request: HttpRequest, edition: Edition) -> HttpResponse:
    """`/office/chips/`: the desk. Hand out on one side, take back on the other."""
    return _desk(request, edition)


@require_POST
@office_page()
def give(request: HttpRequest, edition: Edition) -> HttpResponse:
    """Hand a chip to a number, with its deposit where that was taken. A chip that is with somebody is offered as a swap."""
    code, bib = request.POST.get("chip", ""), request.POST.get("bib", "")
    by = actor(request)
    try:
        entry = _entry(edition, bib)
        hand = transponders.swap_to if request.POST.get("swap") else transponders.give
        made = hand(entry, code, by=by)
    except Refused as refused:
        if refused.code != "chip_taken":
            return _desk(request, edition, problem=refused.message)
        return _desk(
            request, edition, swap={"holder": transponders.holder(edition, code), "entry": entry, "chip": code}
        )
    taken = _take_deposit(request, edition, entry, made)
    told = {"bib": entry.bib, "rider": entry.rider, "chip": made.transponder.code, "deposit": taken}
    said = _("%(bib)s %(rider)s has chip %(chip)s. %(deposit)s") if taken else _("%(bib)s %(rider)s has chip %(chip)s.")
    return done(request, edition, said % told)


@require_POST
@office_page()
def back(request: HttpRequest, edition: Edition) -> HttpResponse:
    """Take a chip back, and give its deposit back where one is held."""
    code, reason = request.POST.get("chip", ""), request.POST.get("reason", "").strip()[:200]
    by = actor(request)
    try:
        ended = transponders.bring_back(edition, code, by=by, reason=reason)
    except Refused as refused:
        if refused.code != "before_the_gun":
            raise
        return _desk(request, edition, early={"why": refused.message, "chip": transponders.normal(code)})
    entry, chip = ended.entry, ended.transponder
    said = _("Chip %(chip)s of %(bib)s %(rider)s is back.")
    due = ledger.due_back(entry, chip, _still_out(entry, chip)) if request.POST.get("deposit") else {}
    for taken_for, fen in due.items():
        ledger.deposit_back(entry, taken_for, fen, _method(request), by)
    if due:
        said = _("Chip %(chip)s of %(bib)s %(rider)s is back. Give back %(yuan)s yuan.")
    told = {"chip": chip.code, "bib": entry.bib or "–", "rider": entry.rider, "yuan": f"{sum(due.values()) / 100:g}"}
    return done(request, edition, said % told)


@require_POST
@office_page()
def lose(request: HttpRequest, edition: Edition) -> HttpResponse:
    """A chip is lost; its deposit stays."""
    code, reason, by = request.POST.get("chip", ""), request.POST.get("reason", "")[:200], actor(request)
    last = transponders.lose(edition, code, by=by, reason=reason)
    if last is not None:
        entry, chip = last.entry, last.transponder
        for taken_for, fen in ledger.covering(entry, chip, _still_out(entry, chip)).items():
            ledger.deposit_kept(entry, taken_for, fen, _method(request), by)
    return done(request, edition, _("Chip %(chip)s is marked as lost.") % {"chip": transponders.normal(code)})


@require_safe
@office_page()
def out(request: HttpRequest, edition: Edition) -> HttpResponse:
    """`/office/chips/out/`: which chips are not back, and what deposit is held for them. Six queries at any size."""
    rows = transponders.outstanding(edition)
    held = ledger.deposits_by_chip(edition)
    total = sum(held.values())
    own = {one.pk: held.pop((one.entry_id, one.transponder_id), 0) for one in rows}
    left: dict[int, int] = defaultdict(int)
    for (entry, _chip), fen in held.items():
        left[entry] += fen
    told = [{"one": one, "held": own[one.pk] or left.pop(one.entry_id, 0)} for one in rows]
    alone = Entry.objects.filter(pk__in=[entry for entry, fen in left.items() if fen > 0])
    context = {
        "edition": edition, "rows": told, "lost": sorted(transponders.lost(edition).items()), "total": total,
        "alone": [
            {"entry": entry, "held": left[entry.pk]}
            for entry in alone.select_related("rider", "team", "category", "race").order_by("bib", "pk")
        ], "methods": METHODS,
    }  # fmt: skip
    return render(request, "race/office/chips_out.html", context)


@require_POST
@office_page()
def deposit_back(request: HttpRequest, edition: Edition) -> HttpResponse:
    """Give back what is held for a rider who has no chip any more: it went to another one, or came back without its money."""
    key = request.POST.get("entry", "")
    entry = get_object_or_404(
        Entry, edition=edition, pk=int(key) if key.isascii() and key.isdigit() and len(key) < 18 else 0
    )
    fen = ledger.deposits_back(entry, _still_out(entry), _method(request), actor(request))
    told = {"rider": entry.rider, "yuan": f"{fen / 100:g}"}
    return done(request, edition, _("Give %(yuan)s yuan back to %(rider)s.") % told)


@require_http_methods(["GET", "HEAD", "POST"])
@office_page()
def by_file(request: HttpRequest, edition: Edition) -> HttpResponse:
    """`/office/chips/import/`: a file or pasted rows, judged first, then taken in as a whole."""
    context: dict[str, Any] = {"edition": edition}
    if request.method == "POST":
        text, table = _table(request)
        rows = chip_sheet.rows(table)
        if request.POST.get("what") == "take_in":
            new = chip_sheet.take_in(edition, rows, by=actor(request))
            told = ngettext("%(count)d chip is handed out.", "%(count)d chips are handed out.", new) % {"count": new}
            return done(request, edition, told)
        judged = chip_sheet.judge(edition, rows)
        known = len(judged.rows) - len(judged.bad) - sum(bool(row.new) for row in judged.rows)
        context |= {"judged": judged, "text": text, "known": known, "fresh": [row for row in judged.rows if row.new]}
    return render(request, "race/office/chips_import.html", context)


def _desk(request: HttpRequest, edition: Edition, **more: Any) -> HttpResponse:
    """The desk, and what is asked there: a swap, or why a chip comes back before the start."""
    rules = EntryRules.of(edition.entry_rules)
    lines = LogLine.objects.filter(edition=edition, what__in=RECENT).select_related(
        "entry__rider", "entry__category", "by"
    )
    context = {
        "edition": edition, "deposit_fen": rules.chip_deposit_fen, "methods": METHODS, "now": clock.now(edition),
        "recent": list(lines.order_by("-pk")[:12]), "out": Assignment.objects.filter(
            edition=edition, during__contains=clock.now(edition) + transponders.AFTER
        ).count(),
        "typed": {"chip": request.POST.get("chip", "")[:40], "bib": request.POST.get("bib", "")[:10]} if more else {},
        "took_deposit": bool(request.POST.get("deposit")) if more else True, "method": request.POST.get("method", "cash"),
    }  # fmt: skip
    return render(request, "race/office/chips.html", context | more, status=409 if more else 200)


def _entry(edition: Edition, bib: str) -> Entry:
    """The confirmed rider with this number, or with the pass that was scanned. Refused (`not_on_list`)."""
    plain = bib.strip().upper()
    entries = Entry.objects.filter(edition=edition, state=Entry.State.CONFIRMED).select_related("rider", "race")
    if plain.isascii() and plain.isdigit() and len(plain) < 7:
        entries = entries.filter(bib=int(plain))
    else:
        entries = entries.filter(pass_code=plain[:12] or None)
    found = entries.first()
    if found is None:
        raise Refused("not_on_list", _("Not on the start list: %(bibs)s.") % {"bibs": plain[:12] or "–"})
    return found


def _take_deposit(request: HttpRequest, edition: Edition, entry: Entry, made: Assignment) -> str:
    """Book the deposit where the desk has taken it; what is said of it."""
    amount = EntryRules.of(edition.entry_rules).chip_deposit_fen
    chip: Transponder = made.transponder
    if not request.POST.get("deposit") or amount == 0 or ledger.covering(entry, chip, _still_out(entry, chip)):
        return ""
    ledger.deposit(entry, chip, amount, _method(request), actor(request))
    return _("Deposit of %(yuan)s yuan taken.") % {"yuan": f"{amount / 100:g}"}


def _still_out(entry: Entry, chip: Transponder | None = None) -> set[int]:
    """The chips that the rider has now, without this one."""
    mine = transponders.carried([entry], clock.now(entry.race.edition)).get(entry.pk, [])
    return {one.transponder_id for one in mine} - {chip.pk if chip else None}


def _method(request: HttpRequest) -> str:
    method = request.POST.get("method", "")
    return method if method in METHODS else METHODS[0]


def _table(request: HttpRequest) -> tuple[str, sheet.Table]:
    """The rows of the file or of the pasted text; the text to show (and send) again. Refused (`bad_file`)."""
    given = request.FILES.get("file")
    try:
        if given is not None:
            if (given.size or 0) > FILE_LIMIT:
                raise Refused("bad_file", _("The file is larger than 2 MB."))
            table = sheet.read(given.read())
            return "\n".join("\t".join(row) for row in table), table
        text = request.POST.get("text", "")[:FILE_LIMIT]
        return text, sheet.pasted(text)
    except sheet.BadSheet as bad:
        raise Refused("bad_file", _("The file cannot be read: %(why)s.") % {"why": _why(str(bad))}) from bad


def _why(code: str) -> str:
    return {
        "empty": _("there is nothing in it"),
        "old_excel": _("save it as .xlsx or CSV first"),
        "undecodable": _("its letters are in no known encoding"),
        "too_many_rows": _("it has more than 5,000 rows"),
    }.get(code, _("it is no table"))
