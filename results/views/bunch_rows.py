"""The finish of a race as the bunch board draws it: the strip, the groups, the doubtful pair."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from results.bunch import Finish
from results.scoring import bunch
from results.scoring.bunch import Doubt, Finisher, Sight
from results.views.expected_rows import Words
from ui import times

#: Pixels: a second of the strip, a chip with its room, a lane, the bands above and below the lanes.
SCALE, CHIP, LANE, HEAD, FOOT = 184, 42, 26, 46, 34
#: What the words over a group take in each language.
LABEL = {"zh": 108, "en": 146}
#: Groups go on a page until so many riders are on it; a group is never cut.
A_PAGE = 60
SECOND_US = 1_000_000
Row = dict[str, Any]


class Drawn:
    """A finish with its words. Instants are race times, of day where several guns sent the race off."""

    def __init__(self, finish: Finish, words: Words) -> None:
        self.finish, self.board, self.words = finish, finish.board, words
        self.race = finish.judged.race
        self.riders = {one.bib: one for one in self.board.finishers}
        guns = {wave.gun_us for wave in finish.judged.known.facts.waves}
        gun = next(iter(guns)) if len(guns) == 1 else None
        self.gun_us = gun
        self.pages = self._pages()
        self.doubtful = {bib for doubt in self.board.open for bib in (doubt.before, doubt.after)}

    def _pages(self) -> list[list[bunch.Bunch]]:
        pages: list[list[bunch.Bunch]] = []
        count = A_PAGE
        for one in self.board.bunches:
            if count >= A_PAGE:
                pages.append([])
                count = 0
            pages[-1].append(one)
            count += len(one.bibs)
        return pages or [[]]

    # words of instants -----------------------------------------------------------------------------------------------

    def clock(self, at_us: int, digits: int = 2) -> str:
        """`2:09:47.12`, or the time of day."""
        if self.gun_us is None:
            return self.words.clock(at_us, exact=True)[: 9 + digits] if digits else self.words.clock(at_us)
        since_us = at_us - self.gun_us
        part = f".{since_us % SECOND_US * 10**digits // SECOND_US:0{digits}}" if digits else ""
        return times.race_time(since_us // 1000) + part

    def seconds(self, at_us: int) -> str:
        """The same without hours and minutes: `47.12`."""
        return self.clock(at_us).rsplit(":", 1)[-1]

    def who(self, bib: int) -> Row:
        """Number, mark, name and team."""
        return self.words.entry(self.race, self.finish.judged.entries.get(bib, {}), bib)

    # what the page is about ------------------------------------------------------------------------------------------

    def summary(self) -> Row:
        """How many came home, and within how long: `3.8` seconds, or of a long finish `23:30`."""
        ends = [one.at_us for one in self.board.finishers]
        span_us = max(ends) - min(ends) if ends else 0
        return {
            "count": len(ends),
            "span": f"{span_us / SECOND_US:.1f}" if 0 < span_us < 60 * SECOND_US else "",
            "long": times.race_time(span_us // 1000) if span_us >= 60 * SECOND_US else "",
        }

    def gap_s(self) -> str:
        """The gap between two chips that parts two groups, in seconds: the rule's, and the length of a bike."""
        rules = self.finish.judged.known.facts.rules
        return f"{(rules.gap_us + rules.wheel_us) / SECOND_US:g}"

    def wanted(self, text: str) -> tuple[int | None, Row | None]:
        """The doubt that the address names, else the first; with the rider to show."""
        found = list(self.board.open)
        if not found:
            return None, None
        index = next((at for at, one in enumerate(found) if f"{one.before}-{one.after}" == text), 0)
        return found[index].before, self._doubt(found, index, named=bool(text))

    def page_of(self, text: str, bib: int | None) -> int:
        """The page that is asked for, else that of the doubt."""
        if text.isascii() and text.isdigit() and len(text) < 5:
            return min(max(int(text), 1), len(self.pages))
        return next((at for at, page in enumerate(self.pages, 1) if any(bib in one.bibs for one in page)), 1)

    def page(self, number: int, doubt: Row | None) -> Row:
        """The groups and the strip of one page."""
        shown = self.pages[number - 1]
        places = {one.bib: at for at, one in enumerate(self.board.finishers, 1)}
        pages = [
            {
                "n": at, "here": at == number, "first": places[page[0].bibs[0]] if page else 0,
                "last": places[page[-1].bibs[-1]] if page else 0,
            }
            for at, page in enumerate(self.pages, 1)
        ]  # fmt: skip
        pair = (doubt["before"]["bib"], doubt["after"]["bib"]) if doubt else ()
        return {
            "page": number, "pages": pages if len(pages) > 1 else [],
            "groups": [self._group(one, places, pair) for one in shown],
            "strip": self._strip(shown, pair),
        }  # fmt: skip

    def _group(self, one: bunch.Bunch, places: dict[int, int], pair: tuple[int, ...]) -> Row:
        first = one is self.board.bunches[0]
        return {
            "key": one.key, "count": len(one.bibs), "first": first, "time": self._given(one),
            "before": None if one.before_us is None else f"{one.before_us / SECOND_US:.2f}",
            "riders": [self._rider(self.riders[bib], places[bib], pair) for bib in one.bibs],
            "join": "" if first or not self.board.shared else f"join-{one.bibs[0]}",
        }  # fmt: skip

    def _given(self, one: bunch.Bunch) -> str:
        """The winner's time, a gap for every other group; where times are own, when the group came."""
        if not self.board.shared or one.time_us is None:
            return self.clock(one.at_us, 0)
        return (
            times.race_time(one.time_us // 1000)
            if one is self.board.bunches[0]
            else times.gap((one.gap_us or 0) // 1000)
        )

    def _rider(self, one: Finisher, place: int, pair: tuple[int, ...]) -> Row:
        return self.who(one.bib) | {
            "place": place, "rank": one.rank, "status": "" if one.status == "FIN" else one.status, "heat": one.heat,
            "time": self.seconds(one.at_us), "exact": self.clock(one.at_us, 3), "doubtful": one.bib in self.doubtful,
            "picked": one.bib in pair, "ruling": self.finish.rulings.get(one.bib),
            "drafted": any(one.bib in said for said in self.finish.draft),
        }  # fmt: skip

    # the doubtful pair -----------------------------------------------------------------------------------------------

    def _doubt(self, found: list[Doubt], index: int, *, named: bool) -> Row:
        doubt = found[index]
        before, after = self.riders[doubt.before], self.riders[doubt.after]
        names = [f"{one.before}-{one.after}" for one in found]
        return {
            "n": index + 1, "count": len(found), "name": names[index], "named": named,
            "previous": names[index - 1] if index else "", "next": names[index + 1] if index + 1 < len(names) else "",
            "before": self._one(before), "after": self._one(after), "gap": f"{abs(doubt.gap_us) / SECOND_US:.3f}",
            "against": doubt.gap_us < 0, "reasons": [REASONS()[reason] for reason in doubt.reasons],
            "sources": self._sources(before, after),
            "keep": f"{doubt.before},{doubt.after}", "swap": f"{doubt.after},{doubt.before}",
            "heat": f"{doubt.before}={doubt.after}",
        }  # fmt: skip

    def _one(self, one: Finisher) -> Row:
        return self.who(one.bib) | {"rank": one.rank}

    def _sources(self, before: Finisher, after: Finisher) -> list[Row]:
        """What each source saw of the two, machines first."""
        seen: dict[int, list[Sight | None]] = {}
        for at, one in enumerate((before, after)):
            for sight in one.sights:
                seen.setdefault(sight.source, [None, None])[at] = sight
        rows = []
        for source, both in seen.items():
            some = next(sight for sight in both if sight is not None)
            first, second = both
            winner = ""
            if first is not None and second is not None:
                ahead = before if first.at_us < second.at_us else after
                winner = _("together") if first.at_us == second.at_us else str(ahead.bib)
            kind = _("Typed") if some.typed else _("Main") if some.main else _("Backup")
            rows.append(
                {
                    "kind": kind, "name": self.finish.sources[source], "winner": winner or times.NOTHING,
                    "times": [times.NOTHING if one is None else self.clock(one.at_us, 3).rsplit(":", 1)[-1] for one in both],
                    "against": winner == str(after.bib), "order": (some.typed, not some.main),
                }
            )  # fmt: skip
        return sorted(rows, key=lambda row: row["order"])

    # the strip -------------------------------------------------------------------------------------------------------

    def _strip(self, shown: list[bunch.Bunch], pair: tuple[int, ...]) -> Row:
        """Chips on a true time axis; where nobody came for some seconds the axis is cut, and says so."""
        riders = sorted((self.riders[bib] for one in shown for bib in one.bibs), key=lambda one: (one.at_us, one.bib))
        pieces = bunch.stretches([one.at_us for one in riders], SCALE, CHIP)

        def x_of(at_us: int) -> int:
            piece = next(one for one in reversed(pieces) if one.from_us <= at_us)
            return piece.x + (at_us - piece.from_us) * SCALE // SECOND_US

        lanes = bunch.lanes([x_of(one.at_us) for one in riders], CHIP)
        foot = HEAD + LANE * (max(lanes, default=0) + 1) + 14
        chips = [
            self.who(one.bib) | {
                "x": x_of(one.at_us), "y": HEAD + LANE * lane, "mid": x_of(one.at_us) + 20, "text": HEAD + LANE * lane + 16,
                "doubtful": one.bib in self.doubtful, "picked": one.bib in pair, "exact": self.clock(one.at_us, 3),
            }
            for one, lane in zip(riders, lanes, strict=True)
        ]  # fmt: skip
        label = LABEL["en" if (get_language() or "").startswith("en") else "zh"]
        brackets = self._brackets(shown, x_of, label)
        ends = [one.x + one.width for one in pieces] + [row["x"] + label for row in brackets if not row["hidden"]]
        return {
            "width": max(ends, default=0), "height": foot + FOOT, "foot": foot, "chips": chips,
            "under": foot + 20, "ticks": [tick for piece in pieces for tick in self._ticks(piece)],
            "axis": [{"x": one.x, "until": one.x + one.width} for one in pieces],
            "cuts": [
                {"x": one.x + one.width + CHIP // 2, "s": (after.from_us - one.until_us) // SECOND_US}
                for one, after in pairwise(pieces)
            ],
            "brackets": brackets,
        }  # fmt: skip

    def _ticks(self, piece: bunch.Stretch) -> list[Row]:
        zero = self.gun_us or 0
        first = -(-(piece.from_us - zero) // SECOND_US)
        last = (piece.until_us - zero) // SECOND_US
        ticks = []
        for second in range(first, last + 1):
            at_us = zero + second * SECOND_US
            x = piece.x + (at_us - piece.from_us) * SCALE // SECOND_US
            if x + 60 <= piece.x + piece.width:
                ticks.append({"x": x, "label": self.clock(at_us, 1), "text": x + 4})
        return ticks

    def _brackets(self, shown: list[bunch.Bunch], x_of: Any, label: int) -> list[Row]:
        found = []
        for one in shown:
            ends = [x_of(self.riders[bib].at_us) for bib in one.bibs]
            found.append(
                {
                    "x": min(ends),
                    "until": max(ends) + CHIP - 4,
                    "key": one.key,
                    "n": len(one.bibs),
                    "time": self._given(one),
                }
            )
        found.sort(key=lambda row: row["x"])
        for row, lane in zip(found, bunch.lanes([row["x"] for row in found], label), strict=True):
            row["hidden"] = lane > 0  # two labels never lie over each other; the list below tells both
        return found


def REASONS() -> dict[str, str]:
    """Why two riders are doubtful."""
    return {
        "close": _("closer than the setting"),
        "main": _("the main clock saw the other order"),
        "backup": _("the backup saw the other order"),
    }
