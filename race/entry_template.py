"""Entry lists as XLSX: the empty one to fill in, the one of all entries, and a team's own. What comes out goes in again."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Prefetch, Q
from django.utils.translation import gettext as _

from race import clock, dossier, entry_columns, list_files, transponders, vault
from race.models import Assignment, Category, Edition, Entry

TEXT = {"num_format": "@", "valign": "top"}  # Excel cuts long numbers in any other format
WIDTHS = {"number": 24, "email": 26, "name": 14, "team": 22, "phone": 18, "category": 20, "emergency_phone": 18}
TEAM_COLUMNS = tuple(name for name in entry_columns.LABELS if name not in (*entry_columns.OFFICE, "team"))
KIND_WORDS = {
    "resident": "身份证", "passport": "护照", "permit_hm": "港澳居民来往内地通行证", "permit_tw": "台胞证",
    "residence_permit_hmt": "港澳台居民居住证", "pr_card": "外国人永久居留身份证",
}  # fmt: skip


def blank(edition: Edition, *, office: bool = False) -> bytes:
    """The list to fill in: headings, a choice of the edition's categories, and two examples that are left out when read."""
    columns = tuple(entry_columns.LABELS) if office else TEAM_COLUMNS
    categories = list(Category.objects.filter(race__edition=edition).order_by("race__day", "race__order", "code"))
    first = categories[0].name if categories else ""
    mark = _("example")
    one = {
        "name": f"{mark}：王小明", "kind": "身份证", "number": "110101199003070000", "category": first,
        "phone": "13800000000", "region": "河南", "emergency_name": "王大明", "emergency_phone": "13900000000",
    }  # fmt: skip
    other = {
        "name": f"{mark}: GÓMEZ Juan", "kind": "护照", "number": "AB123456", "country": "COL", "sex": "M",
        "birth_date": "1990-03-07", "category": first, "email": "juan@example.org", "nation": "COL",
    }  # fmt: skip
    choices = {
        "category": [category.name for category in categories],
        "sex": ["男", "女"],
        "kind": [*KIND_WORDS.values()],
    }
    return _book(columns, [one, other], choices, grey=True)


def of_entries(entries: Iterable[Entry]) -> bytes:
    """Entries (with rider, team, category and chips) as a list that can be taken in again and then changes nothing."""
    return _book(tuple(entry_columns.LABELS), [_cells(entry) for entry in entries], {})


def whole(edition: Edition) -> list[Entry]:
    """Every living entry of an edition with what a list says of it: the chips it has or will have. Two queries at any size."""
    at = clock.now(edition) + transponders.AFTER
    held = Assignment.objects.filter(Q(during__upper_inf=True) | Q(during__endswith__gt=at))
    worn = Prefetch("assignments", held.select_related("transponder").order_by("pk"))
    living = Entry.objects.filter(edition=edition, state__in=Entry.ALIVE)
    living = living.select_related("rider", "team", "category__race").prefetch_related(worn)
    return list(living.order_by("category__race__day", "category__race__order", "bib", "rider__sort_key", "pk"))


def of_team(entries: Iterable[Entry], rows: Sequence[dict[str, str]]) -> bytes:
    """A team's list for its manager: numbers, places and what is missing, without document numbers."""
    columns = ("bib", "name", "category", "state", "missing")
    return _book(columns, list(rows), {}, labels={"state": _("State"), "missing": _("Still missing")})


def _cells(entry: Entry) -> dict[str, str]:
    rider, private = entry.rider, dossier.read(entry.rider)
    return {
        "name": rider.name_zh or f"{rider.surname_latin.upper()} {rider.given_latin}", "surname": rider.surname_latin,
        "given": rider.given_latin, "kind": KIND_WORDS.get(rider.identity_kind, ""),
        "number": vault.unseal(rider.identity_sealed) if rider.identity_sealed else "", "country": rider.identity_country,
        "sex": "男" if rider.sex == "M" else "女", "birth_date": rider.birth_date.isoformat(),
        "category": entry.category.code, "phone": private["phone"], "email": private["email"],
        "team": entry.team.name_zh if entry.team else "", "region": rider.region_code, "nation": rider.nation,
        "uci_id": rider.uci_id, "emergency_name": private["emergency_name"],
        "emergency_phone": private["emergency_phone"], "bib": str(entry.bib or ""),
        "chip": " ".join(assignment.transponder.code for assignment in entry.assignments.all()),
        "paid": "是" if entry.paid_fen and entry.owed_fen <= 0 else "",
    }  # fmt: skip


def _book(
    columns: Sequence[str],
    rows: Sequence[dict[str, str]],
    choices: dict[str, list[str]],
    *,
    grey: bool = False,
    labels: dict[str, str] | None = None,
) -> bytes:
    """A workbook with one sheet; every cell is text."""
    made = io.BytesIO()
    words = entry_columns.LABELS | (labels or {})
    with list_files.workbook(made) as book:
        page = book.add_worksheet(_("Entries"))
        head, text = book.add_format({"bold": True, "bottom": 1, **TEXT}), book.add_format(TEXT)
        soft = book.add_format({**TEXT, "font_color": "#6B6473"})
        for position, name in enumerate(columns):
            page.set_column(position, position, WIDTHS.get(name, 13), text)
            page.write_string(0, position, str(words[name]), head)
            _choose(book, page, position, choices.get(name, []))
            for number, cells in enumerate(rows, 1):
                if cells.get(name):
                    page.write_string(number, position, cells[name], soft if grey else text)
        page.freeze_panes(1, 1)
    return made.getvalue()


def _choose(book: Any, page: Any, column: int, words: list[str]) -> None:
    """Let a column be chosen from these words. Excel takes 255 letters in the cell itself, more from another sheet."""
    if not words:
        return
    source: Any = words
    if len(",".join(words)) > 255:
        hidden = book.add_worksheet(f"choice{column}")
        hidden.hide()
        hidden.write_column(0, 0, words)
        source = f"=choice{column}!$A$1:$A${len(words)}"
    page.data_validation(1, column, 5_000, column, {"validate": "list", "source": source, "error_type": "warning"})
