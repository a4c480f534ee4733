"""A text file of unknown encoding and line ends, cut into lines whose bytes can still be shown verbatim."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from race.sheet import encoding_of

_LINE_END = re.compile(r"\r\n|\r|\n")
_LINE_END_BYTES = re.compile(rb"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class PlainText:
    """The lines of a file; None for a line that is not text in the file's encoding."""

    body: bytes
    encoding: str
    lines: list[str | None]
    ended: bool  # the last line has its line end, so nothing of it is missing

    def raw(self, indexes: Sequence[int]) -> dict[int, bytes]:
        """The bytes of these lines as they came, without line ends."""
        if not indexes:
            return {}
        if self.encoding.startswith("utf-16"):
            return {index: (self.lines[index] or "").encode(self.encoding, "surrogatepass") for index in indexes}
        cut = _LINE_END_BYTES.split(self.body)
        return {index: cut[index] for index in indexes}


def read_text(body: bytes) -> PlainText:
    """The file as lines."""
    encoding, mark = encoding_of(body)
    body = body[mark:]
    if encoding.startswith("utf-16"):
        text = body.decode(encoding, "surrogatepass" if len(body) % 2 == 0 else "ignore")
        return PlainText(body, encoding, [*_LINE_END.split(text)], text.endswith(("\r", "\n")))
    ended = body.endswith((b"\r", b"\n"))
    try:
        # replace and split are an order of magnitude faster than one pattern over a large file
        lines: list[str | None] = [*body.decode(encoding).replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    except UnicodeDecodeError:
        lines = [_decoded(line, encoding) for line in _LINE_END_BYTES.split(body)]
    return PlainText(body, encoding, lines, ended)


def _decoded(line: bytes, encoding: str) -> str | None:
    try:
        return line.decode(encoding)
    except UnicodeDecodeError:
        return None
