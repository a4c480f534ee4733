"""Bytes arrive: one transaction, one delivery, and only then the acknowledgement."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.utils.translation import gettext as _

from race import doorbell
from race.refused import Refused
from timing.models import Channel, Delivery, Pending


class Received(NamedTuple):
    """The delivery, and whether it is a new one (False: the same key came again with the same bytes)."""

    delivery: Delivery
    new: bool


def receive(
    channel: Channel, body: bytes, key: str, *, options: Mapping[str, Any], peer: str = "", file: bool = False
) -> Received:
    """Keep bytes exactly as they came. When this returns, they are committed and may be acknowledged.

    `key` makes a re-send harmless: the same key with the same bytes is the same delivery, with other bytes it is refused
    (`key_reused`). `options` tells the decoder what the bytes do not say: make, zone, date, source, file name. `file`
    puts it behind live deliveries. Rings for `ingest`.
    """
    sha256 = hashlib.sha256(body).hexdigest()
    with transaction.atomic():
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
        made = Delivery.objects.bulk_create([delivery], ignore_conflicts=True)
        # ON CONFLICT waits for a concurrent sender of the same key, so the row below is there and committed.
        kept = Delivery.objects.only("pk", "sha256", "key", "channel").get(channel=channel, key=key)
        new = bool(made) and not Pending.objects.filter(pk=kept.pk).exists() and not kept.ingestions.exists()
        if kept.sha256 != sha256:
            raise Refused("key_reused", _("This idempotency key was used for other bytes."))
        if new:
            Pending.objects.create(delivery=kept, channel=channel, file=file)
            doorbell.after_commit(doorbell.INGEST, [channel.pk])
    return Received(kept, new)
