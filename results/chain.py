"""The chain of official acts of an edition: each carries the hash of the one before."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from race.models import Edition
from results.models import Link

GENESIS = "0" * 64


def append(edition: Edition, act: Mapping[str, Any]) -> Link:
    """Add an act. Call it with the edition's row locked (`revision.advance` first): the chain has one head.

    The canonical bytes are JSON with sorted keys, in UTF-8, and hold the previous hash. They carry bibs and no names.
    """
    head = Link.objects.filter(edition=edition).order_by("-position").first()
    previous = head.hash if head else GENESIS
    position = head.position + 1 if head else 1
    canonical = orjson.dumps({**act, "previous": previous, "position": position}, option=orjson.OPT_SORT_KEYS)
    digest = hashlib.sha256(canonical).hexdigest()
    return Link.objects.create(
        edition=edition, position=position, previous_hash=previous, hash=digest, canonical=canonical
    )


def broken_at(edition: Edition) -> int | None:
    """The position of the first act that was edited, or before which one is missing; None if the chain holds."""
    return first_break(Link.objects.filter(edition=edition).order_by("position"))


def first_break(links: Iterable[Link]) -> int | None:
    """The same for any links in the order of their positions. A cut tail is not found here but against a printed head."""
    previous = GENESIS
    for expected, link in enumerate(links, start=1):
        canonical = bytes(link.canonical)
        act = orjson.loads(canonical)
        whole = link.position == act["position"] == expected and link.previous_hash == act["previous"] == previous
        if not whole or hashlib.sha256(canonical).hexdigest() != link.hash:
            return expected
        previous = link.hash
    return None
