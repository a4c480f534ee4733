"""The crew's page tells every reason that a decoder gives, and the recipe names every make."""

import ast
import re
from pathlib import Path

from timing.decoders import MAKES

ROOT = Path(__file__).parents[2]
WORDS = "bad|not|no|too|old|broken|other|ambiguous|hours|seconds|chip|unknown|frame|workbook"
REASON = re.compile(rf"(?:{WORDS})_[a-z_]+|truncated")


def reasons():
    """Every text in the decoders that has the form of a reason code."""
    for file in (ROOT / "timing" / "decoders").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and REASON.fullmatch(node.value):
                yield node.value


def test_every_reason_is_told_to_the_crew():
    page = (ROOT / "docs" / "timing-crew.md").read_text(encoding="utf-8")
    told = set(re.findall(r"`([a-z_]+)`", page.partition("## What the reasons mean")[2]))
    assert told == set(reasons())


def test_every_make_is_in_the_recipe():
    page = (ROOT / "docs" / "decoders.md").read_text(encoding="utf-8")
    table = re.findall(r"^\| `(\w+)` \| (.*?) \|", page, re.MULTILINE)
    assert {make: tuple(re.findall(r"`(\w+)`", formats)) for make, formats in table} == {
        make: made.formats for make, made in MAKES.items()
    }
