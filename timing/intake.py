"""Bytes arrive: one transaction, one delivery, and only then the acknowledgement."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.utils.translation import gettext as _

from race import doorbell, rows
from race.refused import Refused
from timing.models import Channel, Delivery, Pending, Upload

LONGEST_KEY = 160
#: One statement: it stands before every answer. ON CONFLICT waits for a concurrent sender of the same key.
_KEEP = (
    "INSERT INTO timing_delivery (channel_id, received_at, key, peer, sha256, size, options, body)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb, {body}) ON CONFLICT DO NOTHING RETURNING id"
)
KEEP_BYTES = _KEEP.format(body="$8")
#: The pieces of an upload are put together in the database: no process of ours ever holds the whole of a large file.
PIECES = "SELECT {what} FROM timing_uploadpiece WHERE upload_id = ${place}"
WHOLE = "string_agg(body, ''::bytea ORDER BY start)"
KEEP_PIECES = _KEEP.format(body=f"({PIECES.format(what=WHOLE, place=8)})")
HASH_PIECES = PIECES.format(what=f"encode(sha256({WHOLE}), 'hex')", place=1)


class Received(NamedTuple):
    """The delivery, and whether it is a new one (False: the same key came again with the same bytes and reading)."""

    delivery: Delivery
    new: bool


def receive(
    channel: Channel, body: bytes, key: str, *, options: Mapping[str, Any], peer: str = "", file: bool = False
) -> Received:
    """Keep bytes exactly as they came. When this returns, they are committed and may be acknowledged.

    `key` makes a re-send harmless: the same key with the same bytes, to be read in the same way, is the same delivery;
    with other bytes or another reading it is refused (`key_reused`). `options` tells the decoder what the bytes do not
    say: make, zone, date, source, file name. `file` puts it behind live deliveries. Rings for `ingest`.
    """
    sha256 = hashlib.sha256(body).hexdigest()
    made = _delivery(channel, key, sha256=sha256, size=len(body), options=options, peer=peer)
    return _received(made, KEEP_BYTES, body, file)


def key_of(sha256: str, options: Mapping[str, Any]) -> str:
    """The idempotency key of a delivery that came without one: the same bytes read in another way are another delivery."""
    return hashlib.sha256(bytes.fromhex(sha256) + json.dumps(reading(options)).encode()).hexdigest()


def told_key(said: str) -> str:
    """An idempotency key as it is kept: a long one by its hash, for of two that only begin alike one would be refused."""
    return said if len(said) <= LONGEST_KEY else hashlib.sha256(said.encode()).hexdigest()


def sha256_of(upload: Upload) -> str:
    """The hash, in hex, of what has come of an upload."""
    ((sha256,),) = rows.ask(HASH_PIECES, [upload.pk])
    return str(sha256)


def receive_upload(upload: Upload, key: str, sha256: str, *, peer: str = "") -> Received:
    """`receive` for a file whose bytes lie here already, in pieces. The caller's transaction removes those."""
    made = _delivery(upload.channel, key, sha256=sha256, size=upload.size, options=upload.options, peer=peer)
    return _received(made, KEEP_PIECES, upload.pk, True)


def _delivery(channel: Channel, key: str, *, sha256: str, size: int, options: Mapping[str, Any], peer: str) -> Delivery:
    return Delivery(
        channel=channel,
        received_at=datetime.now(UTC),
        key=key,
        peer=peer,
        sha256=sha256,
        size=size,
        options=dict(options),
    )


@transaction.atomic
def _received(made: Delivery, statement: str, body: bytes | int, file: bool) -> Received:
    """Insert it, unless its key is there already."""
    options = json.dumps(made.options)
    values = [made.channel_id, made.received_at, made.key, made.peer, made.sha256, made.size, options, body]
    if inserted := rows.ask(statement, values):
        made.pk = inserted[0][0]
        Pending.objects.create(delivery=made, channel=made.channel, file=file)
        doorbell.after_commit(doorbell.INGEST, [made.channel_id])
        return Received(made, True)
    kept = Delivery.objects.only("pk", "sha256", "key", "channel", "options").get(channel=made.channel, key=made.key)
    if kept.sha256 != made.sha256 or reading(kept.options) != reading(made.options):
        raise Refused("key_reused", _("This idempotency key was used for other bytes or options."))
    return Received(kept, False)


def reading(options: Mapping[str, Any]) -> list[str]:
    """Of a delivery's options those that decide which reads its bytes are: make, zone, date, source, and columns if said."""
    said = [str(options.get(name) or "") for name in ("make", "zone", "date", "source")]
    return [*said, str(options["columns"])] if options.get("columns") else said
