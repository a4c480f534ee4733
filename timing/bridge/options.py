"""What the crew says on the command line."""

import argparse
import os
import re
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from timing.decoders.model import Decoder
from timing.gateway.lines import Place

MACHINE = re.compile(
    r"(?:(?P<name>[^=@:?][^=@:]{0,59})=)?(?P<make>[a-z0-9_]+)"
    r"(?:@(?P<host>[A-Za-z0-9.-]+)(?::(?P<at>\d{1,5}))?|:(?P<port>\d{1,5}))"
)
AT_HOME = {"localhost", "127.0.0.1", "::1"}


class Options(NamedTuple):
    """All of it, checked."""

    server: str
    token: str
    folder: Path
    date: str
    page: int
    places: tuple[Place, ...]
    sources: tuple[str, ...]  # of each place: what a machine is called that does not say it


def read(arguments: Sequence[str] | None, makes: Mapping[str, Decoder]) -> Options:
    """The options; ends the program with a sentence where they cannot be meant."""
    parser = argparse.ArgumentParser(
        "daguguan-bridge", description="Takes what decoders on this network say to the server, and loses none of it."
    )
    parser.add_argument(
        "machines", nargs="+", metavar="MACHINE",
        help="MAKE:PORT for one that calls this laptop, MAKE@HOST[:PORT] for one that listens; with NAME= before it where the "
        f"machine does not say what it is called. Makes: {', '.join(makes)}",
    )  # fmt: skip
    parser.add_argument("--server", required=True, help="https://... of the race")
    parser.add_argument(
        "--token", default=os.environ.get("BRIDGE_TOKEN", ""), help="or BRIDGE_TOKEN in the environment"
    )
    parser.add_argument("--folder", type=Path, default=Path("bridge"), help="where what was said is kept (./bridge)")
    parser.add_argument("--date", default="", help="day of times without one; the day on which they came if not said")
    parser.add_argument("--page", type=int, default=8099, help="port of the page that shows what waits; 0 for none")
    told = parser.parse_args(arguments)
    url = urlsplit(told.server)
    if url.scheme not in ("http", "https") or not url.hostname:
        parser.error(f"--server: {told.server} is no address of a site")
    if url.scheme == "http" and url.hostname not in AT_HOME:
        parser.error("--server: the token would travel in the open; say https://")
    if not told.token:
        parser.error("--token: which one? The line desk or `manage.py token` gives one out")
    if told.date and not _is_day(told.date):
        parser.error("--date: write it like 2024-05-25")
    places = tuple(_place(number, text, makes, parser) for number, text in enumerate(told.machines))
    names = tuple(_name(place) for place in places)
    return Options(told.server, told.token, told.folder, told.date, told.page, places, names)


def _name(place: Place) -> str:
    """As it was named, else its address for one that we dial: such boxes call themselves 1 or 00, each of them."""
    name, found, _rest = place.label.partition("=")
    return name if found else place.host


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _place(number: int, text: str, makes: Mapping[str, Decoder], parser: argparse.ArgumentParser) -> Place:
    found = MACHINE.fullmatch(text)
    decoder = makes.get(found["make"]) if found else None
    if found is None or decoder is None or decoder.open_session is None:
        parser.error(f"{text}: write MAKE:PORT or MAKE@HOST:PORT with one of {', '.join(makes)}")
    if (decoder.port is not None) != bool(found["host"]):
        parser.error(
            f"{text}: {found['make']} " + ("listens: say where, @HOST" if decoder.port else "calls us: say :PORT")
        )
    port = int(found["at"] or found["port"] or decoder.port or 0)
    if not 1 <= port <= 65535:
        parser.error(f"{text}: a port is a number from 1 to 65535")
    return Place(number, text, found["make"], found["host"] or "", port)
