"""Coming back without the link: a code of six digits to the address that was given, good for ten minutes and once.

Whoever asks learns nothing: the answer is the same for a known and for an unknown address. Only the keyed hash of an address
and of a code is kept. How often is limited by the address written to (in PostgreSQL) and by where the asking comes from (in
Redis; without it, the first limit still holds).
"""

from __future__ import annotations

import hmac
import secrets
from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from race import dossier, messages, particulars, places, rate, vault
from race.models import Edition, OneTimeCode, PrivateLink, Registration
from race.refused import Refused

GOOD_FOR = timedelta(minutes=10)
TRIES = 5
CODES_AN_HOUR = 5
ASKED_AN_HOUR = 60  # from one address, behind which a whole venue may sit


def ask(edition: Edition, contact: str, language: str, *, asker: str) -> None:
    """Send a code to an e-mail address or a phone number with which somebody entered; nothing where nobody did.

    Refused (`contact_invalid`) for what is neither, (`too_often`) above the limits.
    """
    spelt = _spelt(contact)
    _refuse_a_crowd(asker)
    _asked(edition, spelt, language)


@transaction.atomic
def _asked(edition: Edition, contact: str, language: str) -> None:
    digest = dossier.contact_hash(contact)
    places.lock_people([digest])  # many askings at once are counted one after the other
    now = timezone.now()
    OneTimeCode.objects.filter(expires_at__lt=now - timedelta(days=1)).delete()
    if (
        OneTimeCode.objects.filter(contact_hash=digest, created_at__gt=now - timedelta(hours=1)).count()
        >= CODES_AN_HOUR
    ):
        raise _too_often()
    code = f"{secrets.randbelow(1_000_000):06}"
    # A row for a stranger's address too: the limit must not tell whom we know.
    OneTimeCode.objects.create(
        edition=edition, contact_hash=digest, code_digest=_digest(digest, code), expires_at=now + GOOD_FOR
    )
    if links_of(digest):
        minutes = int(GOOD_FOR.total_seconds() // 60)
        messages.to_address(edition, "code", contact, language, code=code, minutes=minutes)


def enter(contact: str, code: str) -> str:
    """The keyed hash of the address that a code belongs to; with it `links_of` finds the links.

    The try is counted before the code is compared. Refused (`code_wrong`) for a wrong, used or old code, and after
    five tries.
    """
    digest = dossier.contact_hash(_spelt(contact))
    now = timezone.now()
    newest = OneTimeCode.objects.filter(contact_hash=digest, used_at=None, expires_at__gt=now).order_by("-pk").first()
    if newest is None or not _tried(newest, _digest(digest, "".join(char for char in code if char.isdigit()))):
        raise Refused(
            "code_wrong", _("The code does not fit, or it is over. Each code has five tries and ten minutes.")
        )
    return digest


def _tried(newest: OneTimeCode, typed: str) -> bool:
    """Count one try of a code that is still alive; whether it fits, and nobody used it meanwhile."""
    mine = OneTimeCode.objects.filter(pk=newest.pk, used_at=None)
    if not mine.filter(tries__lt=TRIES).update(tries=F("tries") + 1):
        return False
    return hmac.compare_digest(newest.code_digest, typed) and bool(mine.update(used_at=timezone.now()))


def links_of(digest: str) -> list[PrivateLink]:
    """The living links of an address: as payer the newest edition first, then as rider of somebody else's registration."""
    living = PrivateLink.objects.filter(revoked_at=None).select_related(
        "registration__edition", "registration__team", "rider"
    )
    payers = living.filter(rider=None).filter(_of(digest, "registration__"))
    riders = living.filter(registration__kind=Registration.Kind.TEAM).filter(_of(digest, "rider__"))
    return [
        *payers.order_by("-registration__edition__starts_on", "-registration"),
        *riders.order_by("-registration__edition__starts_on", "-registration"),
    ]


def _of(digest: str, where: str) -> Q:
    return Q(**{f"{where}email_hash": digest}) | Q(**{f"{where}phone_hash": digest})


def _digest(contact_hash: str, code: str) -> str:
    return vault.keyed("code", f"{contact_hash}:{code}")


def _spelt(contact: str) -> str:
    """The address or number as registrations keep it."""
    try:
        spelt = particulars.email(contact) if "@" in contact else particulars.phone(contact)
    except Refused:
        spelt = ""
    if not spelt:
        raise Refused("contact_invalid", _("Write the e-mail address or the phone number of the entry."))
    return spelt


def _refuse_a_crowd(asker: str) -> None:
    """Count one asking from an address; refused above the limit of the hour."""
    if rate.count(f"comeback:{vault.keyed('asker', asker)}") > ASKED_AN_HOUR:
        raise _too_often()


def _too_often() -> Refused:
    return Refused("too_often", _("Too many codes were asked for. Try again in an hour, or ask the office."))
