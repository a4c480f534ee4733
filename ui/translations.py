"""Which sentences the code and the templates say, and what the catalogue of a language holds of them.

English is the language of the code (msgids); `locale/zh_Hans` holds the Chinese that most readers see. Needs Babel, which is
a development package: nothing of the running site imports this module.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

APPS = ("config", "race", "timing", "results", "ui", "seeds")
# Function: where its context, its sentence and its plural stand among the arguments.
CALLS: dict[str, tuple[int | None, int, int | None]] = {
    "_": (None, 0, None),
    "gettext": (None, 0, None),
    "gettext_lazy": (None, 0, None),
    "gettext_noop": (None, 0, None),
    "ngettext": (None, 0, 1),
    "ngettext_lazy": (None, 0, 1),
    "pgettext": (0, 1, None),
    "pgettext_lazy": (0, 1, None),
    "npgettext": (0, 1, 2),
}
EPOCH = datetime(2024, 5, 25, tzinfo=UTC)  # the catalogue's dates say nothing, so they stay what they are
IN_TEMPLATE = re.compile(r"\b(?:_|n?p?gettext(?:_lazy|_noop)?)\(")


@dataclass(frozen=True, order=True, slots=True)
class Sentence:
    """One msgid as the code says it."""

    text: str
    plural: str = ""
    context: str = ""


def sentences(root: Path) -> dict[Sentence, str]:
    """Every sentence said under `root`, with the first place that says it."""
    found: dict[Sentence, str] = {}
    for app in APPS:
        for path in sorted((root / app).rglob("*")):
            if path.suffix not in (".py", ".html", ".txt") or "migrations" in path.parts or not path.is_file():
                continue
            place = str(path.relative_to(root))
            for sentence in said_in(path.read_text(encoding="utf-8"), path.suffix == ".py", place):
                found.setdefault(sentence, place)
    return found


def said_in(source: str, is_python: bool, place: str) -> Iterator[Sentence]:
    """The sentences of one file."""
    trees = [ast.parse(source)] if is_python else _calls_of_template(source, place)
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and (sentence := _sentence(node)):
                yield sentence


def _calls_of_template(source: str, place: str) -> Iterator[ast.Module]:
    """Django turns a template into something like Python for extractors; only its calls are parsed here."""
    text = templatize(source, origin=place)
    for match in IN_TEMPLATE.finditer(text):
        end = text.index(")", match.end())
        while True:
            try:
                yield ast.parse(text[match.start() : end + 1].replace("\n", " "))
                break
            except SyntaxError:  # a bracket inside the sentence: the call ends at a later one
                end = text.index(")", end + 1)


def _sentence(node: ast.Call) -> Sentence | None:
    name = (
        node.func.id
        if isinstance(node.func, ast.Name)
        else node.func.attr
        if isinstance(node.func, ast.Attribute)
        else ""
    )
    if name not in CALLS:
        return None
    context, text, plural = (_literal(node, place) for place in CALLS[name])
    return Sentence(text, plural, context) if text else None


def _literal(node: ast.Call, place: int | None) -> str:
    if place is None or len(node.args) <= place:
        return ""
    argument = node.args[place]
    return argument.value if isinstance(argument, ast.Constant) and isinstance(argument.value, str) else ""


def read(po: Path) -> Catalog:
    """The catalogue in this file."""
    with po.open("rb") as file:
        return read_po(file, abort_invalid=True)


def compiled(catalogue: Catalog) -> bytes:
    """What the .mo of this catalogue must hold, byte for byte."""
    out = BytesIO()
    write_mo(out, catalogue)
    return out.getvalue()


def _key(message: Message) -> Sentence:
    text, plural = message.id if isinstance(message.id, (tuple, list)) else (message.id, "")
    return Sentence(str(text), str(plural), message.context or "")


def problems(root: Path, po: Path) -> list[str]:
    """What is wrong between the code, the catalogue and its compiled form; empty when nothing is."""
    catalogue = read(po)
    held = {_key(message): message for message in catalogue if message.id}
    used = sentences(root)
    found = [
        f"{place}: not in the catalogue: {sentence.text!r}" for sentence, place in used.items() if sentence not in held
    ]
    found += [f"said nowhere any more: {sentence.text!r}" for sentence in held if sentence not in used]
    for sentence, message in held.items():
        strings = message.string if isinstance(message.string, (tuple, list)) else [message.string]
        if not all(strings):
            found.append(f"not translated: {sentence.text!r}")
        if message.fuzzy:
            found.append(f"fuzzy: {sentence.text!r}")
    mo = po.with_suffix(".mo")
    if not mo.exists() or mo.read_bytes() != compiled(catalogue):
        found.append(f"{mo.name} is not what {po.name} compiles to")
    return found


def update(root: Path, po: Path, words: dict[Sentence, str] | None = None) -> None:
    """Bring the catalogue to what the code says: new sentences empty (or from `words`), old ones gone; compile it."""
    held = {_key(message): message for message in read(po) if message.id} if po.exists() else {}
    catalogue = Catalog(
        locale="zh_Hans", project="daguguan", version="1", header_comment="# Chinese (Simplified) words of the project.",
        last_translator="the project", language_team="Chinese", msgid_bugs_address="see SECURITY.md",
        charset="utf-8", fuzzy=False, creation_date=EPOCH, revision_date=EPOCH,
    )  # fmt: skip
    for sentence in sorted(sentences(root), key=lambda one: (one.text.lower(), one)):
        known = held[sentence].string if sentence in held else ""
        string = (words or {}).get(sentence) or known
        id_ = (sentence.text, sentence.plural) if sentence.plural else sentence.text
        catalogue.add(
            id_,
            ((string,) if isinstance(string, str) else string) if sentence.plural else string,
            context=sentence.context or None,
        )
    po.parent.mkdir(parents=True, exist_ok=True)
    with po.open("wb") as file:
        write_po(file, catalogue, width=120, omit_header=False, include_lineno=False)
    po.with_suffix(".mo").write_bytes(compiled(read(po)))
