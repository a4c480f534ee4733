"""Private links and passes: the way back to a registration, and what a rider's QR says at the desk."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable

from django.conf import settings

from race import tokens, vault
from race.models import PrivateLink, Registration, Rider

#: No letters that are read as digits: a pass may be typed from paper.
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
PASS_LENGTH = 10


def make(registration: Registration, rider: Rider | None = None) -> PrivateLink:
    """The living link of the payer (or of one rider) of a registration; made where there is none."""
    link = PrivateLink.objects.filter(registration=registration, rider=rider, revoked_at=None).first()
    return link or prepared(registration, rider)


def prepared(registration: Registration, rider: Rider | None = None) -> PrivateLink:
    """A new link, written."""
    link = unwritten(registration, rider)
    link.save(force_insert=True)
    return link


def unwritten(registration: Registration, rider: Rider | None = None) -> PrivateLink:
    """A new link, for a caller who writes it with other rows."""
    secret = new_secret()
    link = PrivateLink(
        registration=registration, rider=rider, digest=tokens.digest(secret), secret_sealed=vault.seal(secret)
    )
    link.secret = secret
    return link


def prepared_many(registration: Registration, riders: Iterable[Rider]) -> dict[int, PrivateLink]:
    """A new link for each rider of a new registration, by the rider's key; written in one statement."""
    made = [unwritten(registration, rider) for rider in riders]
    return {link.rider_id: link for link in PrivateLink.objects.bulk_create(made) if link.rider_id is not None}


def new_secret() -> str:
    """A fresh secret of a private link: 192 bits."""
    return secrets.token_urlsafe(24)


def find(secret: str) -> PrivateLink | None:
    """The living link of this secret, with its registration, edition and rider; None for any other text."""
    links = PrivateLink.objects.select_related("registration__edition__event", "registration__team", "rider")
    return links.filter(digest=tokens.digest(secret), revoked_at=None).first()


def path(link: PrivateLink) -> str:
    """`/my/<secret>/`."""
    return f"/my/{link.secret or vault.unseal(link.secret_sealed)}/"


def url(link: PrivateLink) -> str:
    """The whole address, as a mail carries it."""
    return f"{settings.SITE_URL.rstrip('/')}{path(link)}"


def pass_code() -> str:
    """A fresh code for a rider's QR: ten characters, about 50 bits."""
    return "".join(secrets.choice(ALPHABET) for _place in range(PASS_LENGTH))


def pass_code_of(seed: str) -> str:
    """The code that made-up data get: of the same form, the same for the same seed, and no secret."""
    digest = hashlib.sha256(seed.encode()).digest()
    return "".join(ALPHABET[byte % len(ALPHABET)] for byte in digest[:PASS_LENGTH])
