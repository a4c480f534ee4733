"""What the decoders make of kept bytes: opened where they are packed, taken out of a forwarder's log, parsed."""

import logging
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from django.conf import settings

from timing import decoders
from timing.decoders import unpack
from timing.decoders.forwarder_log import is_forwarder_log, sent_frames
from timing.decoders.model import Context, Parsed, Reject
from timing.models import Channel, Delivery

logger = logging.getLogger(__name__)
#: Bytes. What a live connection brings at once is below; a packed file above may be a large one.
LARGE = 256 * 1024


def is_large(delivery: Delivery) -> bool:
    """Whether parsing it takes a while."""
    return delivery.size > LARGE


def parsed(delivery: Delivery, channel: Channel) -> Parsed:
    """What the decoder makes of a delivery's bytes. A large file is kept in hand, for its next part, whatever live reads come
    between: parsing it anew after each of them would hold up all of them."""
    parse = _parse_large if is_large(delivery) else _parse_small
    return parse(delivery.pk, delivery.sha256, channel.make, channel.edition.zone)


def let_go() -> None:
    """Forget the large file in hand: it may take hundreds of megabytes."""
    _parse_large.cache_clear()


def _parse(delivery_id: int, _sha256: str, make: str, zone: str) -> Parsed:
    """The digest is a part of what is remembered: where a dump was restored, a key may be another delivery's by now."""
    delivery = Delivery.objects.get(pk=delivery_id)
    options: dict[str, Any] = delivery.options | {"make": delivery.options.get("make") or make}
    try:
        return read_body(bytes(delivery.body), options, zone)
    except Exception:
        # A decoder must never raise. If one does, the bytes are kept and the line goes on: a race cannot wait for a patch.
        logger.exception("the decoder failed on delivery %s", delivery_id)
        return Parsed(rejects=(Reject(bytes(delivery.body), "decoder_failed"),))


_parse_small, _parse_large = lru_cache(maxsize=1)(_parse), lru_cache(maxsize=1)(_parse)


def read_body(body: bytes, options: Mapping[str, Any], zone: str) -> Parsed:
    """What a decoder makes of bytes that are to be read so; `zone` is the edition's, for where the options name none."""
    try:
        inside = unpack.opened(body)
    except unpack.BadArchive as bad:
        return Parsed(rejects=(Reject(body, str(bad)),))
    context = Context(
        zone=options.get("zone") or zone,
        race_date=date.fromisoformat(options["date"]) if options.get("date") else None,
        server_name=settings.GATEWAY_NAME,
        file_name=inside.name or options.get("name", "").removesuffix(".gz"),
        source=options.get("source", ""),
        needs_source=True,
        columns=options.get("columns", ""),
    )
    body = inside.body
    if is_forwarder_log(body):
        body = b"".join(sent_frames(body))
    return decoders.decoder(options["make"]).parse(body, context)
