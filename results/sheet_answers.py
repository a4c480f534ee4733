"""Result sheets as they are asked for: who may have which, and each made once for all who ask.

A sheet that everybody may have is made by one thread at a time and kept. Of a race that is still ridden it may be ten seconds
old: it says of which revision it is, and the live page is the place for the second.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from race import list_files, permissions
from race.models import Race, Role, Token, User
from race.refused import Refused
from results import sheet_files, sheets
from results.staff import OFFICIALS

#: Who may have the standings at a revision; and who the columns of the UCI, which hold more of a rider.
LOOK, UCI = OFFICIALS, (*OFFICIALS, Role.Name.OFFICE)
LIVE_S = 10
MOST_KEPT = 24
#: Part of every tag: another number where sheets come to look otherwise.
SHAPE = 1


@dataclass(frozen=True, slots=True)
class Asked:
    """Which sheet of a race somebody asks for."""

    race: Race
    form: str
    by: str = "category"
    category: str = ""
    at: int | None = None

    @property
    def private(self) -> bool:
        """Whether it is for some only; such a sheet is kept nowhere."""
        return self.at is not None or self.form in sheet_files.OF_OFFICIALS


@dataclass(frozen=True, slots=True)
class Answer:
    """A file. `tag` names its content; `made_s` is when it was made, on the process's own clock."""

    state: str
    tag: str
    name: str
    kind: str
    body: bytes
    made_s: float


_kept: OrderedDict[tuple[Any, ...], Answer] = OrderedDict()
_making = threading.Lock()


def asked(race: Race, form: str, given: Any) -> Asked:
    """What the parameters of a request ask for. Refused: `unknown_form`, `unknown_revision`."""
    if form not in (*sheet_files.FORMS, sheet_files.PAGE):
        raise Refused("unknown_form", _("Results come as %(forms)s.") % {"forms": ", ".join(sheet_files.FORMS)})
    at = given.get("at")
    if at is not None and not (at.isascii() and at.isdigit() and len(at) < 19):
        raise Refused("unknown_revision", _("There is no such revision."))
    by, category = given.get("by") or "category", given.get("category") or ""
    return Asked(race, form, by, category, None if at is None else int(at))


def may(want: Asked, user: User | AnonymousUser, token: Token | None = None) -> bool:
    """Whether somebody may have this sheet."""
    if not want.private:
        return True
    wanted = UCI if want.at is None else LOOK
    return permissions.may(user, want.race.edition, *wanted, token=token)


def reply(want: Asked, if_none_match: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of a request for a sheet: 304 to whoever has it. Refused as `sheets.make` refuses."""
    if want.private:
        made = answer(want)
        return 200, _headers(made) | {"Cache-Control": "no-store"}, made.body
    told = {"Cache-Control": "private, no-cache"}
    if if_none_match and (tag := _tag(want, sheets.state(want.race, sheets.newest(want.race)))) in if_none_match:
        return 304, told | {"ETag": f'"{tag}"'}, b""
    made = answer(want)
    told |= {"ETag": f'"{made.tag}"'}
    return (304, told, b"") if made.tag in if_none_match else (200, told | _headers(made), made.body)


def _headers(made: Answer) -> dict[str, str]:
    how = "inline" if made.kind in (list_files.PDF, sheet_files.JSON) else "attachment"
    return {"Content-Type": made.kind, "Content-Disposition": f'{how}; filename="{made.name}"'}


def answer(want: Asked) -> Answer:
    """The file. Refused as `sheets.make` refuses."""
    if want.private:
        return _made(want, "", sheets.make(want.race, want.by, want.category, want.at))
    publication = sheets.newest(want.race)
    state = sheets.state(want.race, publication)
    key = _key(want)
    with _making:
        kept = _kept.get(key)
        young = kept is not None and time.monotonic() - kept.made_s < LIVE_S
        if kept is not None and (kept.state == state or (publication is None and young)):
            _kept.move_to_end(key)
            return kept
        made = _made(want, state, sheets.make(want.race, want.by, want.category, publication=publication))
        _kept[key] = made
        while len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)
        return made


def _made(want: Asked, state: str, sheet: sheets.Sheet) -> Answer:
    body, kind = sheet_files.file(sheet, want.form)
    return Answer(state, _tag(want, state), sheet_files.name(sheet, want.form), kind, body, time.monotonic())


def _key(want: Asked) -> tuple[Any, ...]:
    return want.race.pk, want.form, want.by, want.category, get_language()


def _tag(want: Asked, state: str) -> str:
    told = repr((SHAPE, *_key(want), state))
    return hashlib.sha256(told.encode()).hexdigest()[:32]
