"""PDFs: a template of race/typst and plain data in, bytes out (docs/decisions/typesetting.md).

Data reaches a template as JSON and is set as text, never read as markup: a rider called `#import "x"` is printed so.
The same data gives the same bytes, so the bytes are kept for a while under the hash of what went in.

`pdf("table", ...)`: {"title", "subtitle", "columns": [{"key", "title", "width", "align"}], "rows": [{key: value}], "footer"}.
A column's title is a text, or [zh, en] for two lines; width is "auto", "18mm" or a share as a number; align is left, right or
center; "box": true draws an empty box to tick. A row {"group": "..."} is a heading over the rows after it. Also "event",
"facts": [[label, value]], "landscape": true, "sha256" and "qr" (what the code in the foot says).

`pdf("labels", ...)`: {"labels": [{"bib", "name", "latin", "category", "mark", "team", "qr"}], "columns": 3, "rows": 8}.
"""

from __future__ import annotations

import hashlib
import io
import threading
from collections import OrderedDict
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pylopdf_fonts_zh_cn as noto
import segno
import typst
from django.utils.translation import get_language
from django.utils.translation import gettext as _

TEMPLATES = Path(__file__).parent / "typst"
KEPT_BYTES = 16 * 1024 * 1024
_kept: OrderedDict[str, bytes] = OrderedDict()
_lock = threading.Lock()


class Unprintable(Exception):
    """A template that does not exist, data that is not JSON, or what typst says of the two together."""


def pdf(template: str, data: Mapping[str, Any], *, keep: bool = True, tagged: bool = True) -> bytes:
    """The PDF of a template for this data, in the language in force (or `data["language"]`).

    `keep=False` for what names private data: no copy stays in memory. `tagged=False` leaves out the marks by which a reader
    for the blind walks a table: of 1,200 rows they are fifteen times as large as the page itself.
    """
    source = _source(template)
    text = _input(data)
    digest = hashlib.sha256(f"{template}\0{tagged}\0{text}".encode()).hexdigest()
    if (kept := _recall(digest)) is not None:
        return kept
    try:
        made = typst.Compiler(
            source, root=TEMPLATES, font_paths=_fonts(), ignore_system_fonts=True, sys_inputs={"data": text}
        ).compile(format="pdf", timestamp=0, pdf_tags=tagged)
    except typst.TypstError as error:
        raise Unprintable(f"{template}: {error.message}") from error
    assert isinstance(made, bytes)  # one document, no file asked for
    if keep:
        _keep(digest, made)
    return made


def _source(template: str) -> Path:
    path = TEMPLATES / f"{template}.typ"
    if not template.replace("_", "").isalnum() or not path.is_file():
        raise Unprintable(f"{template}: no such template")
    return path


def _input(data: Mapping[str, Any]) -> str:
    """The data as canonical JSON, with the language, the template's own words and codes drawn."""
    language = data.get("language") or get_language() or "zh-hans"
    words = {"page": _("Page {page} of {pages}")}
    whole = {**_coded(data), "language": "en" if str(language).startswith("en") else "zh", "words": words}
    try:
        return orjson.dumps(whole, option=orjson.OPT_SORT_KEYS).decode()
    except orjson.JSONEncodeError as error:
        raise Unprintable(f"data: {error}") from error


def _coded(value: Any) -> Any:
    """The data with each "qr" drawn: templates cannot make a code, they place its picture."""
    if isinstance(value, Mapping):
        return {
            key: _code(item) if key == "qr" and isinstance(item, str) and item else _coded(item)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_coded(item) for item in value]
    return value


def _code(text: str) -> str:
    picture = io.BytesIO()
    segno.make(text, error="m", micro=False).save(picture, kind="svg", border=0, dark="#1B171F")
    return picture.getvalue().decode()


@cache
def _fonts() -> typst.Fonts:
    """The two pinned faces and what typst itself carries; never the machine's: a PDF looks the same everywhere."""
    return typst.Fonts(include_system_fonts=False, font_paths=[str(Path(noto.sans_path()).parent)])


def _recall(digest: str) -> bytes | None:
    with _lock:
        if digest in _kept:
            _kept.move_to_end(digest)
        return _kept.get(digest)


def _keep(digest: str, made: bytes) -> None:
    with _lock:
        _kept[digest] = made
        _kept.move_to_end(digest)
        while len(_kept) > 1 and sum(map(len, _kept.values())) > KEPT_BYTES:
            _kept.popitem(last=False)
