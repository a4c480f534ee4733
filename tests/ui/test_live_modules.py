"""The pure modules of the live page, run in a real browser: boards and deltas, the list, event time, search, labels."""

import copy
import json
from typing import TYPE_CHECKING, Any

from results.board import delta
from tests.browser import weekend
from tests.ui.modules import run_module

if TYPE_CHECKING:
    from playwright.sync_api import Page

APPLY = """
    import { applyDelta, fromBoard } from "/live/board.js";
    const plain = (board) => board && { ...board, byBib: [...board.byBib].sort((a, b) => a[0] - b[0]) };
    return [plain(applyDelta(fromBoard(before), change)), plain(fromBoard(after))];
"""


def changed(before: dict[str, Any]) -> dict[str, Any]:
    """The board a moment later: two riders change places, one is gone, one is new, the leader has one lap more."""
    after = copy.deepcopy(before)
    after["revision"] += 3
    rows = after["rows"]
    rows[3], rows[4] = rows[4], rows[3]
    rows[0][3:5] = [5, 6480000]
    gone = rows.pop(20)
    after["riders"].pop(str(gone[0]))
    rows.append([999, None, "DNF", 1, None, None, 0, "", None, None, ["manual"]])
    after["riders"]["999"] = {"zh": "新人", "latin": "XIN Ren", "team": ["", ""], "region": ["", ""], "nation": "CHN"}
    after["leader"] = {**after["leader"], "laps": 5}
    return after


def test_a_delta_of_the_server_makes_the_same_board_in_the_browser(page: "Page"):
    before = weekend.boards()["me"]
    after = changed(before)
    given = {"before": before, "after": after, "change": json.loads(json.dumps(delta(before, after)))}
    applied, whole = run_module(page, APPLY, given)
    gone = str(before["rows"][20][0])  # names are never taken back by a delta; nobody asks for them any more
    assert applied["riders"].pop(gone) == before["riders"][gone]
    assert applied == whole


def test_a_delta_that_does_not_start_where_the_board_ends_is_refused(page: "Page"):
    before = weekend.boards()["me"]
    after = changed(before)
    late = delta(before, after) | {"from": before["revision"] + 1}
    assert run_module(page, APPLY, {"before": before, "after": after, "change": late})[0] is None


def test_an_older_board_is_taken_from_the_stream_or_when_it_is_answered_twice(page: "Page"):
    script = """
        import { Stream } from "/live/stream.js";
        const say = { board() {}, heard() {} }, stream = new Stream({ slugs: ["me"], say }), seen = [];
        const take = (revision, streamed) => {
            stream.takeBoard({ ...board, race: "me", revision }, streamed);
            seen.push(stream.boards.get("me").revision);
        };
        take(9); take(7); take(9); take(7); take(8); take(9); take(3, true); take(2); take(4);
        return seen;
    """
    assert run_module(page, script, {"board": weekend.boards()["me"]}) == [9, 9, 9, 9, 8, 9, 3, 3, 4]


def test_the_list_is_cut_into_parts_with_a_fold_that_says_what_it_holds(page: "Page"):
    script = """
        import { fromBoard, listItems } from "/live/board.js";
        const rows = fromBoard(board).rows, options = { known: new Set(["A", "B", "C", "D"]), front: 13, rest: 5 };
        const short = (items) => items.map((item) => item.type === "row" ? item.row.bib : item.type === "head" ? item.part
            : [item.name, item.rows[0].rank, item.rows.length]);
        const all = listItems(rows, { ...options, opened: new Set(["front", "lapped", "out"]) });
        return [short(listItems(rows, { ...options, opened: new Set() })), all.filter((item) => item.type === "row").length];
    """
    board = weekend.boards()["me"]
    bibs = [row[0] for row in board["rows"]]
    shown, opened = run_module(page, script, {"board": board})
    assert shown == [
        "group:A", *bibs[:3], "group:B", *bibs[3:5], "group:C", *bibs[5:13], ["front", 14, 114],
        "lapped", *bibs[127:132], ["lapped", 133, 7], "out", *bibs[139:144], ["out", None, 4],
    ]  # fmt: skip
    assert opened == 148


def test_the_last_column_says_time_gap_same_laps_or_status(page: "Page"):
    script = """
        import { fromBoard, resultOf } from "/live/board.js";
        const rows = fromBoard(board).rows;
        const results = wanted.map((i) => resultOf(rows[i], i ? rows[i - 1] : null));
        return results.map(({ kind, value }) => [kind, value ?? null]);
    """
    found = run_module(page, script, {"board": weekend.boards()["me"], "wanted": [0, 1, 3, 127, 140]})
    assert found == [["time", 5191000], ["same", None], ["gap", 12000], ["down", 1], ["status", "DNF"]]
    waiting = run_module(page, script, {"board": weekend.boards()["xo"], "wanted": [0]})
    assert waiting == [["none", None]]


def test_event_time_runs_by_its_law_and_by_the_pulse_with_the_shortest_way(page: "Page"):
    script = """
        import { EventClock } from "/live/clock.js";
        let device = Date.parse("2026-01-01T00:00:10Z");
        const clock = new EventClock(() => device);
        clock.setLaw({ real: "2026-01-01T00:00:00Z", event: "2024-05-25T09:00:00+08:00", speed: 30 });
        const found = [];
        for (const [at, way] of [[0, 900], [1000, 120], [2000, 2500]]) {       // the device is 10 s ahead of the server
            device = Date.parse("2026-01-01T00:00:10Z") + at + way;
            clock.hear(new Date(Date.parse("2026-01-01T00:00:00Z") + at).toISOString());
            found.push(clock.offset);
        }
        device = Date.parse("2026-01-01T00:00:22.120Z");
        found.push(new Date(clock.event()).toISOString());
        clock.setLaw(null);
        found.push(new Date(clock.event()).toISOString());
        return found;
    """
    assert run_module(page, script) == [-10900, -10120, -10120, "2024-05-25T01:06:00.000Z", "2026-01-01T00:00:12.000Z"]


def test_a_rider_is_found_by_bib_name_pinyin_and_initials(page: "Page"):
    script = """
        import { fit, keysOf } from "/live/search.js";
        const rider = { zh: "赵一鸣", latin: "ZHAO Yiming" };
        const scores = questions.map((question) => fit(question, 17, rider));
        return [keysOf("ZHAO Yiming"), scores, fit("rojas a", 8, { zh: "", latin: "ROJAS Andrés" })];
    """
    questions = ["17", "1", "7", "赵", "一鸣", "zhaoyiming", "Yiming Zhao", "zym", "zy", "zhao yi", "iming", "", "li"]
    keys, scores, accent = run_module(page, script, {"questions": questions})
    assert keys == ["zhaoyiming", "yimingzhao", "zym", "zy"]
    assert dict(zip(questions, scores, strict=True)) == {
        "17": 0, "1": 1, "7": None, "赵": 0, "一鸣": 2, "zhaoyiming": 0, "Yiming Zhao": 0, "zym": 0, "zy": 0, "zhao yi": 1,
        "iming": 3, "": None, "li": None,
    }  # fmt: skip
    assert accent == 1


def test_labels_on_the_strip_never_lie_on_each_other(page: "Page"):
    script = """
        import { placeBoxes } from "/live/strip.js";
        let seed = 7;
        const random = (n) => { seed = (seed * 1103515245 + 12345) % 2147483648; return seed % n; };
        const bad = [];
        for (let round = 0; round < 500; round += 1) {
            const width = 320 + random(1000);
            const boxes = Array.from({ length: 1 + random(9) }, () => ({ x: random(width), width: 20 + random(140) }));
            const placed = placeBoxes(boxes, width);
            placed.forEach((one, i) => {
                if (one.left < 0 || one.left + boxes[i].width > width + 0.001) bad.push(["outside", one]);
                placed.forEach((other, j) => {
                    const apart = one.left >= other.left + boxes[j].width || other.left >= one.left + boxes[i].width;
                    if (i < j && one.line === other.line && !apart) bad.push("overlap");
                });
            });
        }
        return bad;
    """
    assert run_module(page, script) == []


def test_places_on_the_road_are_told_only_where_they_can_be(page: "Page"):
    script = """
        import { fromBoard } from "/live/board.js";
        import { leaderWay, places, untilLine } from "/live/road.js";
        const board = fromBoard(given), gun = Date.parse(given.gun), now = gun + 6078000;
        const way = leaderWay(board, now);
        const found = places(board, now).map((one) => [one.key, Math.round(one.metre)]);
        return [found, [way.laps, Math.round(way.metres), way.total],
            untilLine(board, board.byBib.get(17), now), untilLine(board, board.byBib.get(17), now + 9e6),
            leaderWay(fromBoard({ ...given, gun: null }), now).metres];
    """
    found = run_module(page, script, {"given": weekend.boards()["me"]})
    assert found == [
        [["A", 9634], ["B", 9459], ["C", 8806], ["D", 7232]],
        [4, 65634, 84000],
        5191000 + 1289000 - 6078000,
        None,
        None,
    ]


def test_groups_that_mix_between_two_crossings_become_one_part_with_its_own_gaps(page: "Page"):
    script = """
        import { fromBoard, listItems, resultOf } from "/live/board.js";
        const known = new Set(["A", "B", "C", "D"]), options = { known, front: 6, rest: 5, opened: new Set() };
        const items = listItems(fromBoard(board).rows, options);
        const shown = items.slice(1, 7).map((item) => [item.row.bib, resultOf(item.row, item.before).kind]);
        return [items[0].part, items[0].mixed, shown,
            items.filter((item) => item.type === "head").map((item) => item.part)];
    """
    board = weekend.boards()["me"]
    rows = board["rows"]
    rows[0], rows[4] = rows[4], rows[0]
    part, mixed, found, heads = run_module(page, script, {"board": board})
    assert (part, mixed) == ("course", True)
    assert found == [[34, "gap"], [8, "gap"], [21, "gap"], [5, "gap"], [17, "time"], [2, "gap"]]
    assert heads == ["course", "lapped", "out"]


def test_those_who_have_finished_are_one_part_with_the_times_of_the_bunch(page: "Page"):
    script = """
        import { fromBoard, listItems, resultOf } from "/live/board.js";
        const items = listItems(fromBoard(board).rows, { known: new Set(["A"]), front: 4, rest: 5, opened: new Set() });
        return [items[0].part, items[0].mixed, items.slice(1, 5).map((item) => resultOf(item.row, item.before).kind)];
    """
    assert run_module(page, script, {"board": weekend.boards()["mm"]}) == [
        "finished",
        False,
        ["time", "same", "same", "same"],
    ]


def test_labels_keep_to_two_levels_and_the_first_asked_for_always_get_one(page: "Page"):
    script = """
        import { fitting, placeBoxes } from "/live/strip.js";
        let seed = 11;
        const random = (n) => { seed = (seed * 1103515245 + 12345) % 2147483648; return seed % n; };
        const sizes = (points) => points, bad = [];
        for (let round = 0; round < 300; round += 1) {
            const boxes = Array.from({ length: 1 + random(12) }, () => ({ x: random(300), width: 40 + random(160) }));
            const chosen = fitting(boxes, sizes, 760, 6);
            if (boxes.slice(0, 2).some((box) => !chosen.includes(box))) bad.push("first");
            if (placeBoxes(chosen, 760).some(({ line }) => line > 1)) bad.push("level");
        }
        return [bad, fitting(Array.from({ length: 12 }, () => ({ x: 80, width: 100 })), sizes, 760, 6).length];
    """
    assert run_module(page, script) == [[], 2]


def test_an_old_clock_of_a_board_does_not_replace_a_newer_one(page: "Page"):
    script = """
        import { EventClock } from "/live/clock.js";
        const clock = new EventClock(() => Date.parse("2026-01-01T05:00:00Z"));
        clock.setLaw({ real: "2026-01-01T04:00:00Z", event: "2024-05-25T12:00:00+08:00", speed: 0 });
        const found = [clock.event()];
        clock.offerLaw({ real: "2026-01-01T00:00:00Z", event: "2024-05-25T09:00:00+08:00", speed: 30 });
        found.push(clock.event());
        clock.offerLaw({ real: "2026-01-01T05:00:00Z", event: "2024-05-25T12:10:00+08:00", speed: 1 });
        return [...found, clock.event()].map((ms) => new Date(ms).toISOString().slice(11, 16));
    """
    assert run_module(page, script) == ["04:00", "04:00", "04:10"]


def test_those_over_the_time_limit_are_a_part_of_their_own_and_the_counts_add_up(page: "Page"):
    script = """
        import { fromBoard, parts } from "/live/board.js";
        import { fieldWords } from "/live/headline.js";
        import { setWords } from "/live/words.js";
        setWords(words, "en");
        return [parts(fromBoard(board).rows.slice(-2)).map(({ part }) => part), fieldWords(counts), fieldWords(riding)];
    """
    board = weekend.boards()["mm"]
    board["rows"][-2][2] = "OTL"
    names = ("started", "racing", "finished", "lapped", "otl", "dnf", "nr", "dsq", "dns")
    over = weekend.counts(entered=80, started=70, finished=50, lapped=9, otl=4, dnf=6, dsq=1, dns=10)
    given = {"board": board, "counts": over, "riding": weekend.boards()["me"]["counts"]}
    found = run_module(page, script, given | {"words": {f"facts.{name}": f"{{n}} {name}" for name in names}})
    assert found == [
        ["otl", "dsq"],
        "70 started, 50 finished, 9 lapped, 4 otl, 6 dnf, 1 dsq, 10 dns",
        "148 started, 139 racing, 9 dnf, 3 dns",
    ]


def test_groups_are_counted_as_their_letters_are(page: "Page"):
    script = """
        import { chinese, groupTitles } from "/live/names.js";
        import { setWords } from "/live/words.js";
        setWords({ "role.lead": "领先", "role.main": "大集团", "role.group": "第{n}集团" }, "zh-hans");
        const groups = ["lead", "main", "group", "group"].map((role, i) => ({ key: "ABCD"[i], role }));
        return [[...groupTitles(groups).values()], [9, 10, 12, 20, 26].map(chinese)];
    """
    assert run_module(page, script) == [
        ["领先", "大集团", "第三集团", "第四集团"],
        ["九", "十", "十二", "二十", "二十六"],
    ]


def test_repeated_reads_are_a_count_at_the_passing_they_belong_to(page: "Page"):
    script = """
        import { folded } from "/live/why.js";
        const step = (kind, at, value) => ({ kind, at, point: "F", value });
        const steps = [step("used", "9:00", 1), step("merged", "9:00", 3), step("used", "9:20", 2), step("merged", "9:21", 1)];
        return folded(steps).map(({ kind, at, more }) => [kind, at, more ?? null]);
    """
    assert run_module(page, script) == [["used", "9:00", 3], ["used", "9:20", None], ["merged", "9:21", None]]


def test_each_standing_of_a_result_has_its_own_words_and_a_provisional_one_never_looks_official(page: "Page"):
    script = """
        import { setWords } from "/live/words.js";
        import { setZone } from "/live/when.js";
        import { mayProtest, resultLine } from "/live/result.js";
        import { tabState } from "/live/headline.js";
        const keys = ["result.provisional", "result.official", "result.amended", "result.left", "result.over",
            "tab.provisional", "tab.provisional.short", "tab.official", "tab.amended", "tab.finished"];
        setWords(Object.fromEntries(keys.map((key) => [key, `${key} {n} {left}`])), "en");
        setZone("Asia/Shanghai");
        const until = "2024-05-25T11:30:00+08:00", now = Date.parse(until) - 61500, after = Date.parse(until) + 1;
        const board = (standing) => ({ standing, phase: "closed", disputed: [],
            publication: standing === "live" ? null : { version: 2, protest_until: until } });
        const told = ["live", "provisional", "official", "amended"].map((one) => [resultLine(board(one), now)?.title ?? null,
            tabState({}, board(one)).split(" ")[0], mayProtest(board(one), now), mayProtest(board(one), after)]);
        return [told, resultLine(board("provisional"), now).then, resultLine(board("provisional"), after).then];
    """
    told, left, over = run_module(page, script)
    assert told == [
        [None, "tab.finished", False, False],
        ["result.provisional 2 undefined", "tab.provisional.short", True, False],
        ["result.official 2 undefined", "tab.official", False, False],
        ["result.amended 2 undefined", "tab.amended", True, False],
    ]
    assert (left, over) == ("result.left undefined 1:02", "result.over undefined undefined")
