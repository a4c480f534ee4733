"""Packed files: one file in them is opened, and nothing that was made to fill the memory."""

import gzip
import io
import struct
import tracemalloc
import zipfile
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.timing.test_decoders_workbook import written
from timing.decoders import unpack
from timing.decoders.unpack import BadArchive, Opened, opened

ROWS = b"".join(b"C%d,2024-05-25 09:%02d:%02d,Finish\n" % (n % 97, n // 60 % 60, n % 60) for n in range(20_000))


def zipped(*files, method=zipfile.ZIP_DEFLATED):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as made:
        for name, body in files:
            made.writestr(name, body)
    return packed.getvalue()


def reason(body):
    with pytest.raises(BadArchive) as bad:
        opened(body)
    return str(bad.value)


def test_one_file_is_opened_and_anything_else_stays_as_it_is():
    assert opened(gzip.compress(ROWS)) == Opened(ROWS)
    assert opened(gzip.compress(ROWS[:999]) + gzip.compress(ROWS[999:])) == Opened(ROWS)
    assert opened(zipped(("card/a.csv", ROWS))) == Opened(ROWS, "a.csv")
    assert opened(zipped(("a.csv", ROWS), method=zipfile.ZIP_STORED)) == Opened(ROWS, "a.csv")
    litter = (("card/", b""), ("__MACOSX/._a.csv", b"x"), ("card/.DS_Store", b"x"), ("card/Thumbs.db", b"x"))
    assert opened(zipped(*litter, ("card/a.csv", ROWS))) == Opened(ROWS, "a.csv")
    book = written([["chip", "time"], ["C1", "2024-05-25 09:20:00"]])
    assert (opened(book), opened(ROWS), opened(b"")) == (Opened(book), Opened(ROWS), Opened(b""))
    assert opened(zipped(("book.xlsx", book))) == Opened(book, "book.xlsx")


def test_none_or_several_files_are_said_so():
    assert reason(zipped(("a.csv", ROWS), ("b.csv", ROWS))) == "not_one_file"
    assert reason(zipped(("card/", b""))) == "not_one_file"


@pytest.mark.parametrize("size", [unpack.SMALL + 1, 300 * 1024 * 1024])
def test_a_bomb_is_refused_and_never_opened_beyond_its_bound(size):
    squeezed = zlib.compressobj(9, wbits=31)
    bomb = b"".join(squeezed.compress(bytes(min(1 << 20, size - at))) for at in range(0, size, 1 << 20))
    bomb += squeezed.flush()
    tracemalloc.start()
    assert reason(bomb) == "too_large_unpacked"
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3 * unpack._room(len(bomb)) + 8 * unpack._STEP


def test_a_zip_bomb_is_refused_also_where_its_headers_lie():
    bomb = zipped(("a.csv", bytes(60 * 1024 * 1024)))
    assert reason(bomb) == "too_large_unpacked"
    modest = bomb.replace(struct.pack("<I", 60 * 1024 * 1024), struct.pack("<I", 1000))
    assert modest != bomb
    assert reason(modest) == "broken_archive"


def test_what_is_cut_damaged_locked_or_packed_in_another_way_is_broken():
    packed = gzip.compress(ROWS)
    assert [reason(packed[:cut]) for cut in (3, 20, len(packed) - 1)] == ["broken_archive"] * 3
    assert reason(packed[:500] + b"\xff" * 50 + packed[550:]) == "broken_archive"
    archive = zipped(("a.csv", ROWS))
    assert reason(archive[: len(archive) // 2]) == "broken_archive"
    assert reason(zipped(("a.csv", ROWS), method=zipfile.ZIP_LZMA)) == "broken_archive"
    locked = bytearray(archive)
    locked[6] |= 1
    locked[archive.index(b"PK\x01\x02") + 8] |= 1
    assert reason(bytes(locked)) == "broken_archive"


@given(st.binary(max_size=300), st.sampled_from([b"", unpack.GZIP_MARK, unpack.ZIP_MARK, gzip.compress(b"x")]))
def test_odd_bytes_are_opened_or_refused_and_raise_nothing_else(noise, mark):
    try:
        opened(mark + noise)
    except BadArchive as bad:
        assert str(bad) in {"too_large_unpacked", "broken_archive", "not_one_file"}
