"""Keys of machines: made once, shown once, kept as a hash, revocable."""

import hashlib
import secrets

from django.db import transaction
from django.utils import timezone

from race.models import Edition, Token, User


def digest(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


@transaction.atomic
def issue(edition: Edition, user: User, role: str, label: str) -> tuple[Token, str]:
    """A new token and its secret, which is not kept and cannot be shown again."""
    secret = f"{role.replace('_', '-')}-{secrets.token_urlsafe(32)}"
    token = Token.objects.create(edition=edition, user=user, role=role, label=label, digest=digest(secret))
    return token, secret


def revoke(token: Token) -> None:
    """The token stops working at once: every request looks it up."""
    Token.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())
