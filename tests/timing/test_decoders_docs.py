"""The crew's page tells every reason that a decoder gives, and the recipe names every make."""

import ast
import re
from pathlib import Path

from timing.decoders import MAKES, decoder
from timing.decoders.model import Context, Frame, Parsed, Read
from timing.decoders.wall_clock import day_us, time_us
from timing.rejects import MORE

ROOT = Path(__file__).parents[2]
WORDS = "bad|not|no|too|old|broken|other|ambiguous|hours|seconds|chip|unknown|frame|workbook"
REASON = re.compile(rf"(?:{WORDS})_[a-z_]+|truncated")


def reasons():
    """Every text in the decoders that has the form of a reason code."""
    for file in (*(ROOT / "timing" / "decoders").rglob("*.py"), ROOT / "race" / "workbook.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and REASON.fullmatch(node.value):
                yield node.value


#: Reasons that no decoder gives: `timing.ingest` does.
TAKING_IN = {MORE, "too_many_sources"}


def test_every_reason_is_told_to_the_crew():
    page = (ROOT / "docs" / "timing-crew.md").read_text(encoding="utf-8")
    told = set(re.findall(r"`([a-z_]+)`", page.partition("## What the reasons mean")[2]))
    assert told == set(reasons()) | TAKING_IN


def test_every_make_is_in_the_recipe():
    page = (ROOT / "docs" / "decoders.md").read_text(encoding="utf-8")
    table = re.findall(r"^\| `(\w+)` \| (.*?) \|", page, re.MULTILINE)
    assert {make: tuple(re.findall(r"`(\w+)`", formats)) for make, formats in table} == {
        make: made.formats for make, made in MAKES.items()
    }


def test_the_message_on_the_crews_page_is_read_and_answered_as_it_says():
    page = (ROOT / "docs" / "timing-crew.md").read_text(encoding="utf-8")
    block = re.search(r"```text\n(.*)\n(.*)\n```", page)
    message, reply = (line.encode() for line in block.groups())
    at = day_us(2024, 5, 25) + time_us("09:20:00.250")
    assert decoder("mylaps").session("DAGUGUAN").feed(message) == [Frame(message, reply, True)]
    parsed = decoder("mylaps").parse(message, Context("Asia/Shanghai", None))
    assert parsed == Parsed((Read("Finish", "KV86583", at, seq=7),), replies=(reply,))


def test_the_crew_is_told_how_to_set_every_make_and_where_it_is_dialled():
    page = (ROOT / "docs" / "timing-crew.md").read_text(encoding="utf-8")
    table = page.partition("## Setting the boxes")[2].partition("### ")[0]
    told = {
        make: line
        for line in re.findall(r"^\| `.*", table, re.MULTILINE)
        for make in re.findall(r"`(\w+)`", line.split("|")[1])
    }
    assert set(told) == set(MAKES) - {"json"}  # what programs send is told to programmers
    ways = {
        make: re.search(r"(calls us|dial it|posts|file)(?:, port (\d+))?", line).groups() for make, line in told.items()
    }
    dialled = {make: made.port for make, made in MAKES.items() if made.port}
    assert {make: int(port) for make, (way, port) in ways.items() if way == "dial it"} == dialled
    calling = {make for make, made in MAKES.items() if made.open_session and not made.port}
    assert {make for make, (way, _port) in ways.items() if way == "calls us"} == calling
