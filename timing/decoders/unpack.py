"""A file that was packed for its way, a .gz or a .zip with one file in it, opened within bounds.

A few kilobytes can be packed so that they open to all the memory there is. So not more is ever unpacked than a file of reads of
that size can come to, whatever its headers say. A workbook is a zip too, and is left as it is: it has a guard of its own
(`race.workbook`). What lies packed in a packed file is not opened.
"""

import io
import zipfile
import zlib
from typing import NamedTuple

MOST = 64 * 1024 * 1024  # bytes, unpacked
RATIO = 100  # rows of reads pack to a tenth, very like ones to a thirtieth; a bomb to a thousandth
SMALL = 256 * 1024  # harmless at any ratio
MOST_PARTS = 1000
TOO_LARGE, BROKEN, MANY = "too_large_unpacked", "broken_archive", "not_one_file"
GZIP_MARK, ZIP_MARK = b"\x1f\x8b", b"PK\x03\x04"
_PLAIN_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_STEP = 1024 * 1024


class BadArchive(ValueError):
    """Not opened; its text is the reason code."""


class Opened(NamedTuple):
    """The bytes in a packed file, and the name they had in there; empty where none is told."""

    body: bytes
    name: str = ""


def is_packed(head: bytes) -> bool:
    """Whether a file that begins so may have to be opened; a workbook may, too."""
    return head.startswith((GZIP_MARK, ZIP_MARK))


def opened(body: bytes) -> Opened:
    """The one file in a packed one; every other body as it is. Raises BadArchive.

    Codes: `too_large_unpacked`, `broken_archive` (cut off, damaged, or with a password), `not_one_file` (a zip of several).
    """
    if body.startswith(GZIP_MARK):
        return Opened(_gunzipped(body))
    if body.startswith(ZIP_MARK):
        return _unzipped(body)
    return Opened(body)


def _room(packed: int) -> int:
    return min(MOST, max(SMALL, RATIO * packed))


def _gunzipped(body: bytes) -> bytes:
    """All members of a .gz: packing a file that grows makes several."""
    room, found, rest = _room(len(body)), io.BytesIO(), body
    while rest.startswith(GZIP_MARK):
        member, data = zlib.decompressobj(wbits=31), rest
        while not member.eof:
            try:
                piece = member.decompress(data, _STEP)
            except zlib.error:
                raise BadArchive(BROKEN) from None
            data = member.unconsumed_tail
            if not piece and not member.eof:
                raise BadArchive(BROKEN)
            found.write(piece)
            if found.tell() > room:
                raise BadArchive(TOO_LARGE)
        rest = member.unused_data
    return found.getvalue()


def _unzipped(body: bytes) -> Opened:
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            parts = packed.infolist()
            if any(part.filename == "xl/workbook.xml" for part in parts):
                return Opened(body)
            files = [part for part in parts if not _beside(part)]
            if len(files) != 1 or len(parts) > MOST_PARTS:
                raise BadArchive(MANY)
            if files[0].compress_type not in _PLAIN_METHODS:
                raise BadArchive(BROKEN)
            room = _room(min(files[0].compress_size, len(body)))
            if files[0].file_size > room:
                raise BadArchive(TOO_LARGE)
            with packed.open(files[0]) as file:
                return Opened(file.read(room), files[0].filename.rpartition("/")[2])
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError) as broken:
        raise broken if isinstance(broken, BadArchive) else BadArchive(BROKEN) from None


def _beside(part: zipfile.ZipInfo) -> bool:
    """Folders, and what a Mac or Windows puts beside the files."""
    name = part.filename.rpartition("/")[2]
    return part.is_dir() or part.filename.startswith("__MACOSX/") or name.startswith(".") or name == "Thumbs.db"
