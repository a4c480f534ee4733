"""A result sheet on paper: one row a rider, in the look of the communiqués, with how far the result is on every page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from race import dates, typesetting
from results import paper, result_lines
from results.result_lines import ResultLine
from results.sheets import Group, Sheet, by_word
from ui import times

Row = dict[str, Any]
#: A longer sheet goes without the marks of its table, so that a phone can fetch it; the same result is there as CSV and page.
MOST_TAGGED = 300


def pdf(sheet: Sheet) -> bytes:
    """The sheet as a PDF in the language in force."""
    return typesetting.pdf("results", printed(sheet), tagged=len(sheet.board["rows"]) <= MOST_TAGGED)


def title(sheet: Sheet) -> str:
    """Men Elite; of one category of several, with its name."""
    name = sheet.race.name
    own = sheet.categories.get(sheet.category, "")
    return f"{name} · {own}" if own and own != name else name


def standing(sheet: Sheet) -> str:
    """How far the result is: Official result (version 4)."""
    if sheet.standing == "live":
        return _("Live order at revision %(n)d, not a result") % {"n": sheet.revision}
    if sheet.standing == "copy":
        return _("Working copy at revision %(n)d, not published") % {"n": sheet.revision}
    assert sheet.publication is not None  # only a publication has another standing
    words = {"standing": result_lines.standing_word(sheet.standing), "n": sheet.publication.version}
    return _("%(standing)s (version %(n)d)") % words


def stamp(sheet: Sheet) -> str:
    """The communiqué that holds this result."""
    told = _paper(sheet)
    return _("Communiqué No. %(n)d, %(code)s") % {"n": told["communique"], "code": told["code"]} if told else ""


def source(sheet: Sheet) -> str:
    """What the sheet was made of: the line at its foot."""
    return f"{sheet.race.edition.short_name} · {_('Data up to revision %(n)d.') % {'n': sheet.revision}}"


def remarks(sheet: Sheet, line: ResultLine) -> str:
    """What stands beside a line: a relegation, an open protest."""
    said = [_("relegated (REL)") if line.relegated else "", _("under protest") if line.bib in sheet.disputed else ""]
    return pgettext("list", ", ").join(filter(None, said))


def printed(sheet: Sheet) -> Row:
    """What the template is given, in the language in force."""
    told = _paper(sheet)
    url = paper.address(told["code"]) if told else None
    foot = [source(sheet)]
    if url:
        foot = [f"{stamp(sheet)} · {_('Verify: %(url)s') % {'url': url.split('://', 1)[-1]}}", *foot]
    if sheet.standing in ("provisional", "live", "copy"):
        foot.append(
            _("A provisional result is not an official one.") if sheet.publication else _("This sheet is no result.")
        )
    view = "" if sheet.by == "category" else f" · {by_word(sheet.by)}"
    return {
        "event": sheet.race.edition.name, "title": title(sheet), "subtitle": standing(sheet) + view,
        "decided": sheet.standing in ("official", "amended"), "facts": _facts(sheet), "columns": _columns(sheet),
        "groups": [_group(sheet, group) for group in sheet.groups], "nobody": _("Nobody is on the start list."),
        "footer": "\n".join(foot), "qr": url,
        "signatures": [_("Chief commissaire"), _("Chief timekeeper"), _("Date and time")] if sheet.publication else [],
    }  # fmt: skip


def _paper(sheet: Sheet) -> Mapping[str, Any] | None:
    """The publication as the board tells it, where it has a communiqué and the sheet shows it."""
    told = sheet.board["publication"] if sheet.publication else None
    return told if told and told["code"] else None


def _facts(sheet: Sheet) -> list[list[str]]:
    board, lines = sheet.board, sheet.lines()
    home = sum(line.status == "FIN" for line in lines)
    gone = sum(line.status not in ("DNS", "waiting") for line in lines)
    rows = [[_("Race"), paper.ridden(board)]]
    if sheet.publication and board["publication"]["at"]:
        rows.insert(0, [_("Published"), _day_time(datetime.fromisoformat(board["publication"]["at"]))])
    rows.append([pgettext("paper", "Finishers"), _("%(home)d of %(n)d who started") % {"home": home, "n": gone}])
    if not sheet.category and (speed := paper.average(board)):
        rows.append([_("Average"), speed])
    if told := _paper(sheet):
        rows.append(
            [_("Communiqué"), pgettext("paper", "No. %(n)d") % {"n": told["communique"]} + f" · {told['code']}"]
        )
    return rows


def _day_time(at: datetime) -> str:
    return f"{dates.with_year(at.year, dates.day(at.date()))} {at:%H:%M}"


def _columns(sheet: Sheet) -> list[dict[str, str]]:
    several = len(sheet.categories) > 1 and not sheet.category and sheet.by != "category"
    found = [
        {"key": "rank", "title": pgettext("paper", "Rank"), "width": "15mm", "align": "right"},
        {"key": "bib", "title": _("Bib"), "width": "13mm", "align": "right"},
        {"key": "name", "title": pgettext("paper", "Rider"), "width": "1fr"},
        {"key": "team", "title": _("Team"), "width": "1.2fr"} if sheet.by != "team" else {},
        {"key": "category", "title": _("Category"), "width": "auto"} if several else {},
        {"key": "from", "title": pgettext("paper", "From"), "width": "auto"} if sheet.by != "province" else {},
        {"key": "laps", "title": _("Laps"), "width": "auto", "align": "right"} if sheet.board["laps"] > 1 else {},
        {"key": "time", "title": _("Time"), "width": "auto", "align": "right"},
        {"key": "gap", "title": _("Gap"), "width": "auto", "align": "right"},
    ]  # fmt: skip
    return [column for column in found if column]


def _group(sheet: Sheet, group: Group) -> Row:
    """A heading, and under it riders and the lines between them: the time limit, what became of those without a place."""
    rows: list[Row] = []
    limit = group.limit_ms
    for line in group.ranked:
        if limit is not None and line.time_ms is not None and line.time_ms > limit and line.status == "FIN":
            rows.append(_cut(limit))
            limit = None
        rows.append(_line(sheet, line))
    if limit is not None:
        rows.append(_cut(limit))
    for status, members in group.out:
        if group.limit_ms is not None or sheet.by in ("category", "overall"):
            rows.append({"between": f"{result_lines.status_word(status)} · {len(members)}"})
        rows += [_line(sheet, line) for line in members]
    count = len(group.ranked) + sum(len(members) for _status, members in group.out)
    riders = ngettext("%(n)d rider", "%(n)d riders", count) % {"n": count}
    return {"name": group.name, "mark": group.mark, "count": riders, "rows": rows}


def _cut(limit_ms: int) -> Row:
    return {"cut": _("Time limit %(time)s") % {"time": times.race_time(limit_ms)}}


def _line(sheet: Sheet, line: ResultLine) -> Row:
    placed = line.rank is not None
    rank = f"{line.rank}" if placed else "" if line.status in ("racing", "waiting") else line.status
    timed = line.time_ms is not None and line.status in ("FIN", "OTL", "racing")
    notes = _("under protest") if line.bib in sheet.disputed else ""
    neighbours = sheet.by in ("category", "overall")  # elsewhere the line above is not the rider who came in before
    return {
        "rank": f"{rank} REL" if line.relegated else rank, "bib": str(line.bib), "name": line.name, "note": notes,
        "team": line.team, "category": sheet.categories.get(line.category, line.category), "from": line.represents,
        "laps": str(line.laps) if line.status not in ("DNS", "waiting") else "",
        "time": times.race_time(line.time_ms) if timed else "", "gap": _gap(line, neighbours=neighbours),
        "soft": line.same_time and neighbours,
    }  # fmt: skip


def _gap(line: ResultLine, *, neighbours: bool) -> str:
    """Behind the first: laps, a gap, or the same time as the line above."""
    if line.status == "LAP" or line.down:
        return line.result
    if line.status not in ("FIN", "racing") or not line.gap_ms:
        return line.result if line.same_time and neighbours else ""
    return line.result if line.same_time and neighbours else times.gap(line.gap_ms)
