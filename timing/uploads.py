"""A large file arrives in pieces, over a line that breaks: what is here is never sent again.

A piece is kept only at the place where the last one ended, in a transaction that locks the upload; so of two senders of the
same piece one is told how far it is by now. The last piece and the delivery that the file becomes are one transaction: a
process that dies in between has taken neither, and the sender sends that piece again.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _

from race import rows
from race.models import User
from race.refused import Refused
from timing import intake
from timing.intake import Received
from timing.models import Channel, Upload

#: Bytes of one piece: what a bad line may have to send twice.
MOST_PIECE = 8 * 1024 * 1024
#: Of one channel that are not complete: a bound of the disk, and far above what a crew does at once.
MOST_OPEN = 20
KEPT_FOR = timedelta(days=1)
#: When a channel has no room: one that nobody went on with for so long makes room for a new one.
IDLE_FOR = timedelta(minutes=30)
#: A fixed statement sends the bytes as they are; the ORM would write them out as text, several times their size.
_PIECE = "INSERT INTO timing_uploadpiece (upload_id, start, body) VALUES ($1, $2, $3) RETURNING id"


def begin(
    channel: Channel, key: str, *, size: int, sha256: str, options: Mapping[str, Any], by: User | None
) -> tuple[Upload, bool]:
    """Announce a file; the upload, and whether it is a new one. The same key and announcement find the upload again.

    `key` empty: the sender has none, and the upload is known by its code only. Refused: `key_reused` (for another file, or
    the same to be read otherwise), `too_many_uploads`.
    """
    now, code = datetime.now(UTC), get_random_string(32)
    with transaction.atomic():
        Channel.objects.select_for_update(no_key=True).get(pk=channel.pk)
        ours = channel.uploads.select_related("channel__edition", "delivery").defer("delivery__body")
        known = ours.filter(key=key or code).first()
        if known is None and not _room(channel, now):
            raise Refused("too_many_uploads", _("Too many files are on their way; finish those that were begun."))
        if known is None:
            terms: dict[str, Any] = {"size": size, "sha256": sha256, "options": dict(options), "by": by}
            return channel.uploads.create(code=code, key=key or code, started_at=now, touched_at=now, **terms), True
    same = (known.size, known.sha256, intake.reading(known.options)) == (size, sha256, intake.reading(options))
    if not same:
        raise Refused("key_reused", _("This idempotency key was used for other bytes or options."))
    return known, False


def _room(channel: Channel, now: datetime) -> bool:
    """Whether one more may be begun. Those that were given up do not shut a crew out until tomorrow."""
    begun = channel.uploads.filter(delivery=None)
    if begun.count() < MOST_OPEN:
        return True
    begun.filter(touched_at__lt=now - IDLE_FOR).delete()
    return begun.count() < MOST_OPEN


def add(upload_id: int, offset: int, body: bytes, *, peer: str = "") -> tuple[Upload, Received | None]:
    """Keep the next piece; with the last one the file becomes a delivery. When this returns, it is committed.

    Refused: `wrong_offset`, `longer_than_announced`, `wrong_hash` (what came is not the file that was
    announced: all of it is dropped, and the upload begins anew), `key_reused`.
    """
    with transaction.atomic():
        upload = Upload.objects.select_for_update(of=("self",)).select_related("channel__edition").get(pk=upload_id)
        if offset != upload.received:
            raise Refused("wrong_offset", _("This upload goes on at byte %(place)s.") % {"place": upload.received})
        if offset + len(body) > upload.size:
            raise Refused("longer_than_announced", _("The file is longer than it was announced."))
        if not body:
            return upload, None
        rows.ask(_PIECE, [upload.pk, offset, body])
        upload.received += len(body)
        received = _complete(upload, peer) if upload.received == upload.size else None
        upload.touched_at = datetime.now(UTC)
        upload.save(update_fields=["received", "touched_at", "delivery"])
    if not upload.received:
        raise Refused("wrong_hash", _("What came is not the file that was announced; nothing was kept. Send it again."))
    return upload, received


def _complete(upload: Upload, peer: str) -> Received | None:
    """Make the delivery, and let the pieces go. None, with nothing left, if it is not the file that was announced."""
    sha256, received = intake.sha256_of(upload), None
    if upload.sha256 in ("", sha256):
        key = intake.key_of(sha256, upload.options) if upload.key == upload.code else upload.key
        received = intake.receive_upload(upload, key, sha256, peer=peer)
        upload.delivery = received.delivery
    else:
        upload.received = 0
    upload.pieces.all().delete()
    return received


def drop_old() -> int:
    """Forget uploads that nobody touched for a day, the unfinished ones with their bytes. Returns how many."""
    old = Upload.objects.filter(touched_at__lt=datetime.now(UTC) - KEPT_FOR)
    return old.delete()[1].get("timing.Upload", 0)
