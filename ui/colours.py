"""What the colours of the look are and how well they can be told apart; read from `static/ui/tokens.css`, never repeated.

Contrast is WCAG 2 relative luminance; colour-blind views are Machado, Oliveira and Fernandes 2009 at full severity.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

TOKENS = Path(__file__).parent / "static" / "ui" / "tokens.css"
GROUNDS = ("canvas", "surface", "raised", "sunken")
_VALUE = re.compile(r"--([a-z0-9-]+):\s*(#[0-9A-Fa-f]{6})")
Matrix = tuple[tuple[float, float, float], ...]
VIEWS: dict[str, Matrix] = {
    "protan": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deutan": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritan": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}


@cache
def tokens(theme: str) -> dict[str, str]:
    """The colours of `light` or `dark`, by token, as #RRGGBB."""
    css = TOKENS.read_text(encoding="utf-8")
    light, dark = css.split("@media (prefers-color-scheme: dark)", 1)
    chosen = light if theme == "light" else dark.split(':root[data-theme="dark"]', 1)[1]
    return {name: value.upper() for name, value in _VALUE.findall(chosen)}


def linear(colour: str) -> tuple[float, float, float]:
    """The light of each channel, 0 to 1."""
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return red, green, blue


def luminance(colour: str) -> float:
    """Relative luminance, 0 (black) to 1 (white)."""
    red, green, blue = linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG contrast, 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def lowest_contrast(token: str, theme: str) -> float:
    """The contrast of a token on the ground where it stands worst."""
    colours = tokens(theme)
    return min(contrast(colours[token], colours[ground]) for ground in GROUNDS)


def lightness(colour: str) -> int:
    """CIE L*, 0 to 100: what is left of a colour in grey."""
    y = luminance(colour)
    return round(116 * y ** (1 / 3) - 16 if y > 0.008856 else 903.3 * y)


def _hex(channels: tuple[float, ...]) -> str:
    clipped = (min(max(c, 0.0), 1.0) for c in channels)
    return "#" + "".join(
        f"{round(255 * (12.92 * c if c <= 0.0031308 else 1.055 * c ** (1 / 2.4) - 0.055)):02X}" for c in clipped
    )


def seen(colour: str, view: str) -> str:
    """The colour as `normal`, `protan`, `deutan` or `tritan` eyes see it, or in `grey`."""
    if view == "normal":
        return colour
    if view == "grey":
        return _hex((luminance(colour),) * 3)
    light = linear(colour)
    return _hex(tuple(sum(weight * channel for weight, channel in zip(row, light, strict=True)) for row in VIEWS[view]))
