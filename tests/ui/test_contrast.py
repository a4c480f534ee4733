"""The colours keep what the look promises: read from tokens.css, so a changed token is judged at once."""

from itertools import combinations

import pytest

from ui import colours

TEXT = ("ink", "ink-2", "ink-3", "accent", "ok", "warn", "danger")
SHAPES = ("circle", "diamond", "square", "peaks", "peak")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_colour_can_be_read_on_every_ground(theme: str):
    found = {token: colours.lowest_contrast(token, theme) for token in TEXT}
    assert {token: value for token, value in found.items() if value < 4.5} == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_soft_grounds_carry_their_own_colour_and_small_grey(theme: str):
    values = colours.tokens(theme)
    pairs = [(token, f"{token}-soft") for token in ("accent", "ok", "warn", "danger")]
    pairs += [("ink-3", f"{token}-soft") for token in ("accent", "ok", "warn", "danger")]
    assert [pair for pair in pairs if colours.contrast(values[pair[0]], values[pair[1]]) < 4.5] == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_control_borders_and_marks_stand_out_and_carry_their_text(theme: str):
    values = colours.tokens(theme)
    assert colours.lowest_contrast("line-strong", theme) >= 3.0
    assert [shape for shape in SHAPES if colours.contrast(values[shape], values["canvas"]) < 3.0] == []
    texts = [*SHAPES, "accent"]
    assert [name for name in texts if colours.contrast(values[name], values[f"on-{name}"]) < 4.5] == []
    assert colours.contrast(values["canvas"], values["ink"]) >= 7


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_categories_keep_their_order_in_grey(theme: str):
    values = colours.tokens(theme)
    steps = [colours.lightness(values[shape]) for shape in SHAPES]
    assert steps == ([16, 33, 40, 48, 58] if theme == "light" else [49, 61, 70, 78, 86])
    seen = [colours.seen(values[shape], view) for view in ("normal", *colours.VIEWS) for shape in SHAPES]
    assert all(one != other for one, other in combinations(seen[:5], 2))


def test_the_two_ways_into_dark_are_one_set_of_colours():
    css = colours.TOKENS.read_text(encoding="utf-8")
    by_system, by_switch = css.split("@media (prefers-color-scheme: dark)")[1].split(':root[data-theme="dark"]')
    assert colours._VALUE.findall(by_system) == colours._VALUE.findall(by_switch.split("[data-mark")[0])


def test_known_contrasts_come_out_as_published():
    assert [round(colours.contrast(*pair), 2) for pair in (("#FFFFFF", "#000000"), ("#777777", "#FFFFFF"))] == [
        21.0,
        4.48,
    ]
