"""The columns in which the UCI takes results (facts/scoring.md, rule 21)."""

from __future__ import annotations

from race.lists import Column, Listing
from race.models import Entry
from results import facts
from results.result_lines import ResultLine
from results.sheets import Sheet

HEADINGS = (
    "Rank", "BIB", "UCI ID", "Last Name", "First Name", "Country", "Team", "Gender", "Phase", "Heat", "Result", "IRM",
    "Sort Order",
)  # fmt: skip
IRM = ("DNF", "DNS", "DSQ", "LAP", "OTL")
"""The UCI's marks that the engine gives. A rider without result yet (NR) has none: it waits for a ruling."""


def listing(sheet: Sheet) -> Listing:
    """The sheet in these columns, headings on the first line. Three queries more than the sheet.

    A bib may have changed hands since a result was frozen: who wore it is asked as of the sheet's revision.
    """
    worn = {row["bib"]: row["pk"] for row in facts.entries(sheet.race, sheet.revision)}
    columns = ("pk", "rider__uci_id", "rider__surname_latin", "rider__given_latin", "rider__name_zh", "rider__sex")
    people = {row[0]: row[1:] for row in Entry.objects.filter(pk__in=worn.values()).values_list(*columns)}
    rows = [_row(line, people.get(worn.get(line.bib, 0)), place) for place, line in enumerate(sheet.lines(), 1)]
    return Listing("uci", "", "", tuple(Column(key, key, 14) for key in HEADINGS), rows, made="")


def _row(line: ResultLine, who: tuple[str, ...] | None, place: int) -> dict[str, str]:
    uci_id, surname, given, name_zh, sex = who or ("", "", "", line.rider["latin"], "")
    irm = line.status if line.status in IRM else "REL" if line.relegated else ""
    values = (
        "" if line.rank is None else str(line.rank), str(line.bib), uci_id, surname.upper() or name_zh,
        given, line.rider["nation"], line.rider["team"][1], {"M": "Men", "F": "Women"}.get(sex, ""), "Final", "",
        _result(line), irm, str(place),
    )  # fmt: skip
    return dict(zip(HEADINGS, values, strict=True))


def _result(line: ResultLine) -> str:
    """The time of a finisher, laps down as a negative number, else nothing."""
    if line.status == "LAP":
        return f"-{line.down}" if line.down else ""
    if line.status != "FIN" or line.time_ms is None:
        return ""
    minutes, seconds = divmod(line.time_ms // 1000, 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
