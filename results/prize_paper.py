"""The prize sheet as files: PDF with room to sign, and XLSX. Both are made anew each time: they say when, and on what."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any

from django.utils import timezone
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from race import dates, typesetting
from race.list_files import safe, workbook
from race.templatetags.money import amount
from results import result_lines
from results.models import PrizePayment
from results.prizes import Row, Sheet

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMS = {"pdf": "application/pdf", "xlsx": XLSX}
#: Columns of the workbook that hold sums, in yuan.
SUMS = ("gross", "tax", "net", "paid", "due")


def file(of: Sheet, form: str) -> bytes:
    """The sheet in a form of FORMS, in the language in force."""
    return {"pdf": pdf, "xlsx": xlsx}[form](of)


def pdf(of: Sheet) -> bytes:
    """The sheet on paper. It names who was paid: no copy stays in memory."""
    return typesetting.pdf("prizes", printed(of), keep=False)


def printed(of: Sheet) -> dict[str, Any]:
    """What the template is given."""
    made = timezone.now()
    groups = [{"name": name, "rows": [_row(row) for row in rows]} for name, rows in grouped(of.rows)]
    return {
        "event": of.race.edition.name, "title": pgettext("paper", "Prize sheet"), "subtitle": f"{of.race.name} · {stands(of)}",
        "decided": of.official, "facts": [], "nobody": _("No prizes are set."), "columns": _columns(), "groups": groups,
        "totals": [[word, amount(sum_fen)] for word, sum_fen in totals(of)],
        "ledger_title": pgettext("prizes", "What was paid and what came back"), "ledger_columns": _ledger_columns(),
        "ledger": [ledger_row(of, row, one) for row in of.rows for one in row.payments],
        "signs": [pgettext("prizes", "Paid out by"), _("Chief commissaire"), _("Organiser"), pgettext("prizes", "Date")],
        "footer": _("Printed %(at)s · Tax is withheld from riders’ prizes; teams are paid in full.")
        % {"at": dates.instant(made, of.race.edition.zone)},
    }  # fmt: skip


def stands(of: Sheet) -> str:
    """On what the sheet rests: Official result, communiqué No. 5."""
    if of.publication is None:
        return pgettext("prizes", "nothing published yet")
    told = result_lines.standing_word(of.publication.standing)
    number = getattr(of.publication, "communique", None)
    return told if number is None else _("%(standing)s, communiqué No. %(n)d") % {"standing": told, "n": number.number}


def grouped(rows: Iterable[Row]) -> list[tuple[str, list[Row]]]:
    """The rows by category, riders and teams apart, each group with its name."""
    found: dict[tuple[str, bool], tuple[str, list[Row]]] = {}
    for row in sorted(rows, key=lambda row: (row.category.code, row.team is not None, row.place or 1 << 30)):
        name = row.category.name if row.team is None else _("%(category)s: teams") % {"category": row.category.name}
        found.setdefault((row.category.code, row.team is not None), (name, []))[1].append(row)
    return list(found.values())


def totals(of: Sheet) -> list[tuple[str, int]]:
    """The sums of the sheet, in fen."""
    return [
        (pgettext("prizes", "Prizes"), of.total("gross_fen")), (pgettext("prizes", "Tax"), of.total("tax_fen")),
        (pgettext("prizes", "To hand out"), of.total("net_fen")),
        (pgettext("prizes", "Paid so far"), of.total("paid_fen") - of.total("withheld_fen")),
        (pgettext("prizes", "To be paid back"), -sum(min(row.due_net_fen, 0) for row in of.rows)),
    ]  # fmt: skip


def name(row: Row) -> str:
    """Who the prize is for, in the language in force."""
    if row.team is not None:
        return row.team.name
    assert row.entry is not None
    rider, zh = row.entry.rider, not (get_language() or "").startswith("en")
    return (rider.name_zh or rider.latin) if zh else (rider.latin or rider.name_zh)


def _columns() -> list[dict[str, str]]:
    return [
        {"key": "place", "title": pgettext("prizes", "Place"), "width": "13mm", "align": "right"},
        {"key": "bib", "title": _("Bib"), "width": "14mm", "align": "right"},
        {"key": "name", "title": pgettext("paper", "Rider"), "width": "1fr"},
        {"key": "gross", "title": pgettext("prizes", "Prize, yuan"), "width": "22mm", "align": "right"},
        {"key": "tax", "title": pgettext("prizes", "Tax"), "width": "20mm", "align": "right"},
        {"key": "net", "title": pgettext("prizes", "In the hand"), "width": "24mm", "align": "right"},
        {"key": "state", "title": pgettext("prizes", "State"), "width": "38mm"},
        {"key": "sign", "title": pgettext("prizes", "Received: signature"), "width": "58mm"},
    ]


def _row(row: Row) -> dict[str, str]:
    bib = str(row.entry.bib) if row.entry else ""
    team = row.entry.team.name if row.entry and row.entry.team else "、".join(map(str, row.riders))
    return {
        "place": str(row.place or ""), "bib": bib, "name": name(row), "team": team, "gross": amount(row.gross_fen),
        "tax": amount(row.tax_fen) if row.entry else "–", "net": amount(row.net_fen), "state": state(row),
        "sign": "",
    }  # fmt: skip


def state(row: Row) -> str:
    """Where a prize stands, in words; a time is that of the zone in force (a page of the staff sets the venue's)."""
    if row.state == "back":
        return pgettext("prizes", "to be paid back: %(sum)s") % {"sum": amount(-row.due_net_fen)}
    if row.state == "paid":
        at = timezone.localtime(row.payments[-1].at).strftime("%m-%d %H:%M") if row.payments else ""
        return pgettext("prizes", "paid %(day)s") % {"day": at} if at else ""
    if row.state == "blocked":
        return why(row)
    return (
        pgettext("prizes", "still %(sum)s") % {"sum": amount(row.due_net_fen)}
        if row.paid_fen
        else pgettext("prizes", "to be paid")
    )


def why(row: Row) -> str:
    """Why a prize waits."""
    words = {
        "not_official": pgettext("prizes", "waits: not official"),
        "under_protest": pgettext("prizes", "waits: under protest"),
        "disqualified": pgettext("prizes", "waits: disqualified, not amended yet"),
    }
    return words.get(row.why, "")


def _ledger_columns() -> list[dict[str, str]]:
    return [
        {"key": "at", "title": pgettext("prizes", "When"), "width": "30mm"},
        {"key": "who", "title": pgettext("prizes", "Who"), "width": "1.2fr"},
        {"key": "what", "title": pgettext("prizes", "What"), "width": "26mm"},
        {"key": "gross", "title": pgettext("prizes", "Prize, yuan"), "width": "22mm", "align": "right"},
        {"key": "tax", "title": pgettext("prizes", "Tax"), "width": "20mm", "align": "right"},
        {"key": "net", "title": pgettext("prizes", "In the hand"), "width": "24mm", "align": "right"},
        {"key": "receipt", "title": pgettext("prizes", "Receipt or reason"), "width": "1fr"},
        {"key": "by", "title": pgettext("prizes", "By"), "width": "26mm"},
    ]


def ledger_row(of: Sheet, row: Row, one: PrizePayment) -> dict[str, str]:
    """A line of the ledger in words."""
    who = f"{row.entry.bib} {name(row)}" if row.entry else name(row)
    kind = pgettext("prizes", "paid") if one.kind == PrizePayment.Kind.PAID else pgettext("prizes", "came back")
    return {
        "at": dates.instant(one.at, of.race.edition.zone), "who": who, "what": kind, "gross": amount(one.gross_fen),
        "tax": amount(one.tax_fen), "net": amount(one.gross_fen - one.tax_fen), "receipt": one.receipt or one.reason,
        "by": (one.by.get_full_name() or one.by.get_username()) if one.by else "–",
    }  # fmt: skip


def xlsx(of: Sheet) -> bytes:
    """Two sheets: what is due and how it stands, and the ledger. Sums are numbers in yuan, all else text, never a formula."""
    body = io.BytesIO()
    book = workbook(body)
    head = _("%(edition)s · %(race)s · %(standing)s") % {
        "edition": of.race.edition.name, "race": of.race.name, "standing": stands(of),
    }  # fmt: skip
    due = [{"key": "category", "title": _("Category"), "width": ""}, *_columns()]
    rows = [
        _row(row) | {"category": group, "gross": row.gross_fen, "tax": row.tax_fen, "net": row.net_fen}
        for group, members in grouped(of.rows) for row in members
    ]  # fmt: skip
    _page(book, pgettext("paper", "Prize sheet"), head, due, rows)
    moved = [
        ledger_row(of, row, one) | {"gross": one.gross_fen, "tax": one.tax_fen, "net": one.gross_fen - one.tax_fen}
        for row in of.rows for one in row.payments
    ]  # fmt: skip
    _page(book, pgettext("prizes", "Ledger"), head, _ledger_columns(), moved)
    book.close()
    return body.getvalue()


def _page(book: Any, title: str, head: str, columns: list[dict[str, str]], rows: list[dict[str, Any]]) -> None:
    sheet, money, bold = (
        book.add_worksheet(title),
        book.add_format({"num_format": "#,##0.00"}),
        book.add_format({"bold": True}),
    )
    sheet.write_string(0, 0, safe(head), bold)
    for place, column in enumerate(columns):
        sheet.write_string(1, place, column["title"], bold)
        sheet.set_column(place, place, 28 if column["key"] in ("name", "category", "who", "sign", "receipt") else 14)
        for number, row in enumerate(rows, 2):
            value = row[column["key"]]
            if isinstance(value, int):
                sheet.write_number(number, place, value / 100, money)
            else:
                sheet.write_string(number, place, safe(value))
    sheet.freeze_panes(2, 0)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
