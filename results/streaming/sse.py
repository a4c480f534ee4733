"""The text of the live stream (the EventSource format); pure.

An event is written once, as a block without its id line; the id goes in front of it when it is sent, because it names
the revisions of all races at that moment. Blocks sent to one newcomer carry the id on the last one only: an id claims
that everything up to it has arrived.
"""

import re
from collections.abc import Iterable, Mapping

SLUG = re.compile(r"[-a-zA-Z0-9_]{1,64}\Z")
MAX_RACES = 16  # of one connection
MAX_NAMED = 64  # revisions in one id line

HEARTBEAT = b":\n\n"


def block(event: str, data: bytes) -> bytes:
    """One event without its id. A line break inside the data would end the field, so it starts a new one."""
    return b"event: " + event.encode() + b"\ndata: " + data.replace(b"\n", b"\ndata: ") + b"\n\n"


def id_line(revisions: Mapping[str, int]) -> bytes:
    """`id: slug:revision,...` of the races that moved last; one that is left out is sent whole at a reconnection."""
    newest = list(revisions.items())[-MAX_NAMED:]
    return b"id: " + ",".join(f"{slug}:{revision}" for slug, revision in newest).encode() + b"\n"


def retry(milliseconds: int) -> bytes:
    """How long the browser waits before it connects again."""
    return f"retry: {milliseconds}\n\n".encode()


def asked(text: str) -> tuple[str, ...]:
    """The race slugs of `?races=a,b`, each once, in order; what cannot be a slug is left out."""
    slugs = dict.fromkeys(part.strip() for part in text.split(",", 4 * MAX_RACES))
    return tuple(slug for slug in slugs if SLUG.match(slug))[:MAX_RACES]


def held(text: str) -> dict[str, int]:
    """What a client says it has (`Last-Event-ID` or `?last=`); a part that makes no sense is as if it had nothing."""
    revisions: dict[str, int] = {}
    for part in text.split(",", 2 * MAX_NAMED):
        slug, _, number = part.strip().partition(":")
        if SLUG.match(slug) and number.isascii() and number.isdigit() and len(number) < 19:
            revisions[slug] = int(number)
    return revisions


def with_id(blocks: Iterable[bytes], id_text: bytes) -> list[bytes]:
    """The blocks for one newcomer, the id before the last."""
    sent = list(blocks)
    if sent:
        sent[-1] = id_text + sent[-1]
    return sent
