"""Bytes arrive: one transaction, one delivery, and only then the acknowledgement."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.utils.translation import gettext as _

from race import doorbell
from race.refused import Refused
from timing.models import Channel, Delivery, Pending


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
    delivery = Delivery(
        channel=channel,
        received_at=datetime.now(UTC),
        key=key,
        peer=peer,
        sha256=sha256,
        size=len(body),
        body=body,
        options=dict(options),
    )
    with transaction.atomic():
        number = _keep(delivery, body)
        if number is not None:
            delivery.pk = number
            Pending.objects.create(delivery=delivery, channel=channel, file=file)
            doorbell.after_commit(doorbell.INGEST, [channel.pk])
            return Received(delivery, True)
    # ON CONFLICT waits for a concurrent sender of the same key, so the row below is there and committed.
    kept = Delivery.objects.only("pk", "sha256", "key", "channel", "options").get(channel=channel, key=key)
    if kept.sha256 != sha256 or reading(kept.options) != reading(options):
        raise Refused("key_reused", _("This idempotency key was used for other bytes or options."))
    return Received(kept, False)


def reading(options: Mapping[str, Any]) -> list[str]:
    """Of a delivery's options those that decide which reads its bytes are: make, zone, date and source."""
    return [str(options.get(name) or "") for name in ("make", "zone", "date", "source")]


def _keep(delivery: Delivery, body: bytes) -> int | None:
    """Insert a delivery; its id, None when its key is there already. One statement: this stands before every answer."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO timing_delivery (channel_id, received_at, key, peer, sha256, size, body, options)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING RETURNING id",
            [
                delivery.channel_id, delivery.received_at, delivery.key, delivery.peer, delivery.sha256, delivery.size,
                body, json.dumps(delivery.options),
            ],
        )  # fmt: skip
        row = cursor.fetchone()
    return None if row is None else int(row[0])
