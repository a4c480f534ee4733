"""What a person sees: progress, log lines with the name of their part, and one-line errors."""

import os
import sys
from typing import TextIO

COLOURS = {
    "postgres": "34", "valkey": "31", "web": "32", "worker": "33", "beat": "90", "gateway": "36", "simulator": "35",
}  # fmt: skip


class Trouble(Exception):
    """Something the person at the keyboard has to know; shown as it is, without a traceback."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


class Stopped(Exception):
    """Ctrl-C or a polite kill: not an error, but everything has to go down in order."""


class Console:
    """Writes to one stream; colours only where a person looks at it (and never when NO_COLOR is set)."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.lively = stream.isatty()
        self.colours = self.lively and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    def paint(self, text: str, colour: str) -> str:
        """The text in an ANSI colour, or as it is where colours are not wanted."""
        return f"\033[{colour}m{text}\033[0m" if self.colours else text

    def say(self, text: str = "") -> None:
        """One line; a reader that went away (`./run demo | head`) is no reason to stop the race."""
        try:
            print(text, file=self.stream, flush=True)
        except BrokenPipeError:
            self.stream = open(os.devnull, "w")  # noqa: SIM115 - lives as long as the process

    def step(self, text: str) -> None:
        """What is being done now."""
        self.say(self.paint("- ", "90") + text)

    def line(self, part: str, text: str) -> None:
        """One log line of a part."""
        self.say(f"{self.paint(f'{part:<9} |', COLOURS.get(part, '37'))} {text}")


def progress() -> Console:
    """Progress goes to stderr, so that stdout holds what was asked for and nothing else."""
    return Console(sys.stderr)
