"""One box that finds a rider by whatever somebody knows of them.

`zs`, `zhang san`, `张三`, a bib, a chip, a document's number, a phone, an e-mail address, the code of a pass, a team. What
is sealed is compared by its keyed hash, so it is found only where it was typed whole.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Case, Prefetch, Q, QuerySet, Value, When
from django.db.models.fields import IntegerField

from race import dossier, names, vault
from race.models import Assignment, Edition, Entry, Rider

LONGEST = 80
#: Why an entry was found, the surest reason first.
BIB, PASS, CHIP, DOCUMENT, CONTACT, NAME, TEAM = "bib", "pass", "chip", "document", "contact", "name", "team"


@dataclass(frozen=True)
class Hit:
    """An entry that was found (rider, team, category, race and chips loaded), and by what."""

    entry: Entry
    why: str


def find(edition: Edition, text: str, limit: int = 20) -> list[Hit]:
    """Entries of an edition that the office finds by a text, the surest first, withdrawn ones last. At most four queries."""
    text = " ".join(text[:LONGEST].replace("\x00", "").split())
    if not text:
        return []
    by = _public(text) | _private(edition, text)
    chips = Prefetch("assignments", Assignment.objects.select_related("transponder").order_by("pk"))
    return _ranked(Entry.objects.filter(edition=edition), by, limit, chips)


def find_public(edition: Edition, text: str, limit: int = 20) -> list[Hit]:
    """What everybody may find: confirmed entries of published start lists, by name, bib and team. One query."""
    text = " ".join(text[:LONGEST].replace("\x00", "").split())
    if not text:
        return []
    listed = Entry.objects.filter(edition=edition, state=Entry.State.CONFIRMED, race__published_at__isnull=False)
    return _ranked(listed, _public(text), limit)


def _ranked(
    entries: QuerySet[Entry], by: dict[str, Q], limit: int, *prefetched: Prefetch[str, QuerySet[Assignment], str]
) -> list[Hit]:
    """The entries one of the conditions finds. How near a name is comes as the rank of its condition."""
    order = [PASS, BIB, CHIP, DOCUMENT, CONTACT, "name_whole", "name_start", NAME, TEAM]
    wanted = [name for name in order if name in by]
    if not wanted:
        return []
    any_of = by[wanted[0]]
    for name in wanted[1:]:
        any_of |= by[name]
    rank = Case(*(When(by[name], then=Value(place)) for place, name in enumerate(wanted)), output_field=IntegerField())
    gone = Case(When(state__in=Entry.ALIVE, then=Value(0)), default=Value(1), output_field=IntegerField())
    found = (
        entries.filter(any_of).annotate(rank=rank, gone=gone).order_by("gone", "rank", "rider__sort_key", "day", "pk")
    )
    found = found.select_related("rider", "team", "category__wave", "race").prefetch_related(*prefetched)
    return [Hit(entry, wanted[entry.rank].split("_")[0]) for entry in found[:limit]]


def _public(text: str) -> dict[str, Q]:
    by: dict[str, Q] = {}
    if text.isascii() and text.isdigit() and len(text) <= 6:
        by[BIB] = Q(bib=int(text))
    key = names.query_key(text)
    if key and not key.isdigit():
        column = "rider__search_key"
        by["name_whole"] = (
            Q(**{column: key}) | Q(**{f"{column}__startswith": f"{key}|"})
            | Q(**{f"{column}__endswith": f"|{key}"}) | Q(**{f"{column}__contains": f"|{key}|"})
        )  # fmt: skip
        by["name_start"] = Q(**{f"{column}__startswith": key}) | Q(**{f"{column}__contains": f"|{key}"})
        if len(key) > 2 or not key.isascii():
            by[NAME] = Q(**{f"{column}__contains": key})
        if len(text) > 1:
            by[TEAM] = Q(team__name_zh__icontains=text) | Q(team__name_en__icontains=text)
    return by


def _private(edition: Edition, text: str) -> dict[str, Q]:
    code = text.upper()
    by = {PASS: Q(pass_code=code)} if len(code) == 10 and code.isascii() else {}
    plain = vault.normal(text)
    if len(plain) >= 3 and " " not in text:
        handed = Assignment.objects.filter(transponder__edition=edition, transponder__code=code).values("entry")
        by[CHIP] = Q(pk__in=handed)
    if len(plain) >= 5 and plain.isascii() and any(char.isdigit() for char in plain):
        by[DOCUMENT] = Q(rider__identity_hash__in=_fingerprints(edition, plain))
    if hashes := [dossier.contact_hash(address) for address in _addresses(text)]:
        whose = ("rider__email_hash", "rider__phone_hash", "registration__email_hash", "registration__phone_hash")
        contact = Q()
        for column in whose:
            contact |= Q(**{f"{column}__in": hashes})
        by[CONTACT] = contact
    return by


def _fingerprints(edition: Edition, number: str) -> list[str]:
    """The hashes a number has under every kind of document, and issuing country, that riders of the edition showed."""
    shown = Rider.objects.filter(entries__edition=edition).order_by()
    used = set(shown.values_list("identity_kind", "identity_country").distinct())
    kinds = {vault.document_kind(kind, country) for kind, country in used} | {kind for kind, _country in used}
    return [vault.fingerprint(kind, number) for kind in sorted(kinds)]


def _addresses(text: str) -> Iterable[str]:
    """The spellings in which an e-mail address or a phone number may have been given."""
    if "@" in text:
        return [text]
    digits = "".join(char for char in text if char not in " -()")
    bare = digits.removeprefix("+86").removeprefix("0086")
    if not bare.removeprefix("+").isdigit() or len(bare) < 5:
        return []
    return [digits, bare, f"+86{bare}"] if digits != bare else [bare, f"+86{bare}"]
