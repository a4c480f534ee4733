"""Identity numbers: sealed for their owner, hashed for look-up, never in the open.

The keyed hash makes equal numbers equal without telling them; the seal (Fernet, newest key first) gives them back to
whoever must read them. Both keys come from settings.IDENTITY_KEYS, or from SECRET_KEY where none are set.
"""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from functools import cache

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings

KEY_VERSION = 1


def _secrets() -> tuple[bytes, ...]:
    keys = settings.IDENTITY_KEYS or [settings.SECRET_KEY]
    return tuple(str(key).encode() for key in keys)


def _seals() -> MultiFernet:
    return _seals_of(_secrets())


@cache
def _seals_of(secrets: tuple[bytes, ...]) -> MultiFernet:
    return MultiFernet([Fernet(urlsafe_b64encode(hashlib.sha256(b"seal:" + secret).digest())) for secret in secrets])


def document_kind(kind: str, country: str = "") -> str:
    """What `fingerprint` calls a document: passports of two countries may bear the same number."""
    return f"{kind}:{country}" if kind == "passport" and country else kind


def normal(number: str) -> str:
    """The one spelling of a document number: no blanks or dashes, full-width digits folded, upper case."""
    folded = "".join(chr(ord(char) - 0xFEE0) if 0xFF01 <= ord(char) <= 0xFF5E else char for char in number)
    return "".join(char for char in folded if char.isalnum()).upper()


def seal(number: str) -> str:
    """The number, encrypted."""
    return _seals().encrypt(number.encode()).decode()


def unseal(sealed: str) -> str:
    """The number again. Raises cryptography.fernet.InvalidToken if no key fits."""
    return _seals().decrypt(sealed.encode()).decode()


def fingerprint(kind: str, number: str) -> str:
    """The keyed hash of a document number: 64 hexadecimal digits, equal for equal kind and number."""
    oldest = _secrets()[-1]
    return hmac.new(b"hash:" + oldest, f"{kind}:{normal(number)}".encode(), hashlib.sha256).hexdigest()


def keyed(purpose: str, text: str) -> str:
    """A keyed hash of anything: 64 hexadecimal digits. Equal texts of one purpose are equal, and tell nothing more."""
    return hmac.new(b"hash:" + _secrets()[-1], f"{purpose}:{text}".encode(), hashlib.sha256).hexdigest()


def seal_bytes(content: bytes) -> bytes:
    """A file, encrypted."""
    return _seals().encrypt(content)


def unseal_bytes(sealed: bytes) -> bytes:
    """The file again. Raises cryptography.fernet.InvalidToken if no key fits."""
    return _seals().decrypt(sealed)
