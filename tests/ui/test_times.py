"""Times are written the same by the server and by the browser."""

from typing import TYPE_CHECKING

from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from tests.ui.modules import run_module
from ui import times
from ui.templatetags import times as tags

if TYPE_CHECKING:
    from playwright.sync_api import Page

VALUES = [
    None,
    0,
    1,
    999,
    1000,
    12_345,
    59_999,
    60_000,
    726_000,
    3_483_000,
    3_599_999,
    3_600_000,
    7_787_000,
    86_399_999,
    -5,
]


def test_times_are_cut_to_seconds_and_carry_their_signs():
    written = [times.race_time(ms) for ms in (7_787_000, 7_787_999, 3_483_000, 12_000, 0, None)]
    assert written == ["2:09:47", "2:09:47", "58:03", "0:12", "0:00", "–"]
    assert [times.gap(ms) for ms in (12_000, 726_000, None)] == ["+0:12", "+12:06", "–"]
    assert [times.laps_down(n, "zh-hans") for n in (1, 2)] == ["−1圈", "−2圈"]
    assert [times.laps_down(n, "en") for n in (1, 2)] == ["−1 lap", "−2 laps"]
    assert [times.same_time(language) for language in ("zh-hans", "en")] == ["同时", "s.t."]
    assert times.officials_time(38_389_912) == "10:39:49.912"


def test_the_template_tags_follow_the_language_in_force():
    with translation.override("en"):
        assert [tags.laps_down(1), tags.same_time()] == ["−1 lap", "s.t."]
    with translation.override("zh-hans"):
        assert [tags.laps_down(1), tags.same_time()] == ["−1圈", "同时"]


@given(st.integers(min_value=0, max_value=10 * 24 * 3_600_000))
def test_a_written_time_reads_back_as_its_whole_seconds(ms: int):
    parts = [int(part) for part in times.race_time(ms).split(":")]
    seconds = sum(part * 60**place for place, part in enumerate(reversed(parts)))
    assert seconds == ms // 1000


def test_the_browser_writes_every_time_as_the_server_does(page: "Page"):
    script = """
        import * as times from "/times.js";
        return values.map((ms) => [times.raceTime(ms), times.gap(ms), times.officialsTime(ms === null || ms < 0 ? null : ms)])
            .concat([1, 2, 10].map((n) => [times.lapsDown(n, "zh-hans"), times.lapsDown(n, "en"),
                times.sameTime(n > 1 ? "en" : "zh-hans")]));
    """
    expected = [
        [times.race_time(ms), times.gap(ms), times.officials_time(None if ms is None or ms < 0 else ms)]
        for ms in VALUES
    ]
    expected += [
        [times.laps_down(n, "zh-hans"), times.laps_down(n, "en"), times.same_time("en" if n > 1 else "zh-hans")]
        for n in (1, 2, 10)
    ]
    assert run_module(page, script, {"values": VALUES}) == expected
