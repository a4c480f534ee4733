"""A text file of unknown encoding and line ends, cut into lines whose bytes can still be shown verbatim."""

import codecs
import re
from collections.abc import Sequence
from dataclasses import dataclass

DELIMITERS = "\t;,|"
_LINE_END = re.compile(r"\r\n|\r|\n")
_LINE_END_BYTES = re.compile(rb"\r\n|\r|\n")
_SEPARATOR_LINE = re.compile(r"sep=(.)\s*", re.IGNORECASE)
_SNIFF = 4096  # bytes
_SAMPLE = 256 * 1024  # bytes
_SNIFF_LINES = 20
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


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


def encoding_of(body: bytes) -> tuple[str, int]:
    """The encoding and the length of the mark that tells it.

    Chinese spreadsheets save GBK or GB18030, which almost any bytes can pass for, so UTF-8 comes first: when all lines
    are UTF-8, or most of those that are not plain ASCII. The last line is left out, as a broken upload may end within a
    letter.
    """
    for mark, name in _MARKS:
        if body.startswith(mark):
            return name, len(mark)
    head = body[:_SNIFF]
    even, odd = head[::2].count(b"\0"), head[1::2].count(b"\0")
    if bool(even) != bool(odd) and max(even, odd) > len(head) // 20:
        return ("utf-16-be" if even else "utf-16-le"), 0
    whole_lines = body[: max(body.rfind(b"\n"), body.rfind(b"\r")) + 1] or body
    if _decoded(whole_lines, "utf-8") is not None:
        return "utf-8", 0
    telling = [line for line in _LINE_END_BYTES.split(whole_lines[:_SAMPLE]) if not line.isascii()]
    in_utf8 = sum(_decoded(line, "utf-8") is not None for line in telling)
    return ("utf-8" if in_utf8 * 2 > len(telling) else "gb18030"), 0


def is_separator_line(line: str | None) -> bool:
    """Whether a line is Excel's `sep=;`."""
    return line is not None and _SEPARATOR_LINE.fullmatch(line) is not None


def delimiter_of(lines: Sequence[str | None]) -> str:
    """The separator that stands in most of the first lines; `sep=;` in the first line, as Excel writes it, decides."""
    filled = [line for line in lines[:_SNIFF_LINES] if line and line.strip()]
    if filled and (told := _SEPARATOR_LINE.fullmatch(filled[0])):
        return told[1]
    # a quoted part may hold commas that separate nothing
    bare = [re.sub(r'"[^"]*"', "", line) for line in filled]
    middle = {mark: sorted(line.count(mark) for line in bare)[len(bare) // 2] for mark in DELIMITERS if bare}
    return max(middle, key=lambda mark: (middle[mark], -DELIMITERS.index(mark)), default=",")
