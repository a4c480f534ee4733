"""Whatever takes bytes from outside must take any bytes: `./run fuzz [--seconds N | --each N] [--only NAME] [--seed N]`.

`--each 120` is two minutes for each of them; `--seconds` is for all together.

Random bytes, damaged messages and damaged spreadsheets go through every decoder, whole and as a live connection cuts
them; races made of random facts go through the scoring core. What raises, or breaks a promise, is printed with the
bytes that did it; `--again TARGET HEX` does it once more.
"""

import argparse
import io
import random
import secrets
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, partial

import xlsxwriter

from bench import fuzz_counts
from results.scoring import score
from results.scoring.explain import explain
from results.scoring.race_facts import EntryFact, Limit, RaceFacts, Rules, RulingFact, WaveFact
from tests.timing.chip_vectors import segments_of, vectors
from timing.decoders import MAKES
from timing.decoders.model import Context, Decoder, FrameTooLong
from timing.passings import Passing

CONTEXT = Context("Asia/Shanghai", date(2024, 5, 25), source="Mat")
PIECES = (b"@", b"$", b"|", b"=", b",", b"\t", b"\n", b"\r\n", b'"', b"\x00", b"\xff", b":", b".", b"-", b"9" * 20)
KINDS = ("dsq", "dnf", "dns", "pulled", "relegate_group", "relegate_last", "time_penalty")
SECOND_US = 1_000_000


@dataclass(frozen=True)
class Failure:
    """The target that failed, the bytes that made it fail, and what it said."""

    target: str
    data: bytes
    said: str

    def __str__(self) -> str:
        return (
            f"{self.said}\n{self.target} failed. To see it again:\n  ./run fuzz --again {self.target} {self.data.hex()}"
        )


def parse(decoder: Decoder, data: bytes) -> None:
    """A body goes in whole, and gives the same twice; nothing is raised, and as much comes out as was said."""
    parsed = decoder.parse(data, CONTEXT)
    assert parsed == decoder.parse(data, CONTEXT), "the same bytes were read in two ways"
    fuzz_counts.check(decoder.make, data, parsed)


def converse(decoder: Decoder, data: bytes) -> None:
    """A stream gives the same frames however it is cut; only an endless frame may end it."""
    dice = random.Random(data)
    whole, pieces = decoder.session("DAGUGUAN"), decoder.session("DAGUGUAN")
    assert whole is not None and pieces is not None
    try:
        at_once = whole.feed(data)
        cut = []
        while data:
            size = dice.randrange(1, 200)
            cut += pieces.feed(data[:size])
            data = data[size:]
    except FrameTooLong:
        return
    assert (cut, pieces.pending) == (at_once, whole.pending), "the cut of the stream changed its frames"


def judge(data: bytes) -> None:
    """A race of random facts: everyone is there once, the order of facts changes nothing, every rider has a why."""
    dice = random.Random(data)
    facts = race_of(dice)
    standings = score(facts)
    assert sorted(row.bib for row in standings.rows) == [entry.bib for entry in facts.entries], "a rider is missing"
    shuffled = dice.sample(facts.passings, len(facts.passings))
    assert score(replace(facts, passings=tuple(shuffled))) == standings, "the order of passings changed the standings"
    for entry in facts.entries:
        explain(facts, entry.bib)


def race_of(dice: random.Random) -> RaceFacts:
    """A small race with anything in it that facts can say."""
    bibs = range(1, dice.randrange(2, 12))
    entries = [EntryFact(bib, dice.choice("AB"), "1", dice.random() < 0.9, ranked=dice.random() < 0.9) for bib in bibs]
    passings = [
        Passing(dice.choice([*bibs, 99]), dice.choice("FFFP"), (1000 + dice.randrange(-20, 900)) * SECOND_US)
        for _ in range(dice.randrange(60))
    ]
    rulings = [
        RulingFact(number, dice.choice(KINDS), dice.choice(bibs), {"seconds": dice.randrange(60)})
        for number in range(1, dice.randrange(1, 5))
    ]
    rules = Rules(
        format=dice.choice(("road", "laps")),
        laps=dice.randrange(1, 6),
        points=("P", "F"),
        min_lap_us=dice.choice((0, 5 * SECOND_US)),
        bunch=dice.random() < 0.5,
        lapped=dice.choice(("complete", "lead_lap")),
        lapped_ranked=dice.random() < 0.5,
        rank_by=dice.choice(("order", "net")),
        limit=Limit(percent=dice.choice((None, 8, 20))),
    )
    gun_us = dice.choice((None, 1000 * SECOND_US, 1000 * SECOND_US))
    unique = {(passing.bib, passing.point, passing.at_us): passing for passing in passings}
    ordered = tuple(sorted(unique.values(), key=lambda passing: (passing.at_us, passing.bib)))
    return RaceFacts(
        (WaveFact("1", gun_us),), tuple(entries), ordered, tuple(rulings), rules, (), closed=dice.random() < 0.5
    )


@cache
def samples() -> tuple[bytes, ...]:
    """Good input of every kind: the vectors, and a spreadsheet as text and as a workbook."""
    rows = [["计时点", "芯片号", "日期", "时间", "圈数"]]
    rows += [["终点", f"C{number:05}", "2024/5/25", f"9:{number:02}:01.690", "1"] for number in range(20)]
    text = "\r\n".join(",".join(row) for row in rows) + "\r\n"
    made = io.BytesIO()
    with xlsxwriter.Workbook(made) as workbook:
        sheet = workbook.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    found = [b"".join(segments_of(vector)) for name in _formats() for vector in vectors(name)]
    batch = b'{"reads": [{"source": "Finish", "chip": "C1", "local": "2024-05-25T09:30:00.250"}]}'
    return (*filter(None, found), batch, text.encode(), text.encode("gbk"), text.encode("utf-16"), made.getvalue())


def _formats() -> Iterator[str]:
    for decoder in MAKES.values():
        yield from decoder.formats


@cache
def samples_of(make: str) -> tuple[bytes, ...]:
    """Good input of one make; of all where there is none of it."""
    formats = MAKES[make].formats if make in MAKES else ()
    return tuple(filter(None, (b"".join(segments_of(vector)) for vector in vectors(*formats)))) or samples()


def any_bytes(dice: random.Random, make: str = "") -> bytes:
    """Now noise, now good input, mostly of the make, that was damaged: cut, doubled, bits turned, marks put in, two mixed."""
    if dice.random() < 0.1:
        return dice.randbytes(dice.randrange(400))
    data = bytearray(dice.choice(samples_of(make) if dice.random() < 0.7 else samples()))
    for _ in range(dice.randrange(1, 8)):
        start = dice.randrange(len(data) + 1)
        end = min(len(data), start + dice.randrange(1, 40))
        match dice.randrange(6):
            case 0:
                del data[start:end]
            case 1:
                data[start:start] = data[start:end] * dice.randrange(1, 4)
            case 2:
                data[start:start] = dice.choice(PIECES)
            case 3:
                data[start:end] = dice.randbytes(end - start)
            case 4 if start < len(data):
                data[start] ^= 1 << dice.randrange(8)
            case 5:
                other = dice.choice(samples())
                data[start:] = other[dice.randrange(len(other)) :]
    return bytes(data)


def targets(makes: Mapping[str, Decoder] = MAKES) -> dict[str, Callable[[bytes], None]]:
    """What takes bytes, by name."""
    found: dict[str, Callable[[bytes], None]] = {"scoring": judge}
    for make, decoder in makes.items():
        found[f"parse-{make}"] = partial(parse, decoder)
        if decoder.open_session is not None:
            found[f"session-{make}"] = partial(converse, decoder)
    return found


def attempt(name: str, target: Callable[[bytes], None], data: bytes) -> Failure | None:
    """One try; None when the target took it."""
    try:
        target(data)
    except Exception:
        return Failure(name, data, traceback.format_exc())
    return None


def throw(
    found: Mapping[str, Callable[[bytes], None]], dice: random.Random, going_on: Callable[[int], bool]
) -> tuple[int, Failure | None]:
    """Throw bytes at all targets in turn while `going_on(tries)`; how many were thrown, and the first failure."""
    tries = 0
    while going_on(tries):
        for name, target in found.items():
            data = dice.randbytes(8) if name == "scoring" else any_bytes(dice, name.partition("-")[2])
            tries += 1
            if failure := attempt(name, target, data):
                return tries, failure
    return tries, None


def main(arguments: list[str]) -> int:
    """Fuzz for some seconds; 1 when something failed."""
    parser = argparse.ArgumentParser(prog="./run fuzz", description="Random bytes into every parser.")
    parser.add_argument("--seconds", type=float, default=30.0, help="for all together")
    parser.add_argument("--each", type=float, default=None, help="seconds for each target instead")
    parser.add_argument("--only", default="", help="targets with this in their name")
    parser.add_argument("--seed", type=int, default=None, help="the same bytes again")
    parser.add_argument("--again", nargs=2, metavar=("TARGET", "HEX"), help="one input once more")
    asked = parser.parse_args(arguments)
    found = targets()
    if asked.again:
        name, text = asked.again
        if name not in found:
            parser.error(f"there is no target {name!r}; there are: {', '.join(found)}")
        tries, failure = 1, attempt(name, found[name], bytes.fromhex(text))
    else:
        found = {name: target for name, target in found.items() if asked.only in name}
        if not found:
            parser.error(f"no target has {asked.only!r} in its name; there are: {', '.join(targets())}")
        seed = secrets.randbits(32) if asked.seed is None else asked.seed
        print(f"fuzz: seed {seed}, {', '.join(found)}", file=sys.stderr, flush=True)
        end = time.monotonic() + (asked.seconds if asked.each is None else asked.each * len(found))
        tries, failure = throw(found, random.Random(seed), lambda _tries: time.monotonic() < end)
    print(failure or f"{tries} inputs, nothing failed")
    return 1 if failure else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
