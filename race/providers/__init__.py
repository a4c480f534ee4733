"""Ways of paying: one file a provider, and which of them an edition offers."""

from __future__ import annotations

from race.entry_rules import EntryRules
from race.models import Edition
from race.providers.contract import Checkout, Notice, Provider, RefundAnswer
from race.providers.on_site import OnSite
from race.providers.sandbox import Sandbox
from race.providers.transfer import Transfer
from race.providers.wechat import WeChat

__all__ = ["ALL", "Checkout", "Notice", "Provider", "RefundAnswer", "find", "offered"]

#: Every provider there is, in the order in which they are offered.
_EVERY: tuple[Provider, ...] = (WeChat(), Sandbox(), Transfer(), OnSite())
ALL = {one.name: one for one in _EVERY}


def find(name: str) -> Provider | None:
    """The provider of this name."""
    return ALL.get(name)


def offered(edition: Edition) -> list[Provider]:
    """The ways of paying an edition's rules list, and that are set up here."""
    listed = EntryRules.of(edition.entry_rules).payment_methods
    return [ALL[name] for name in listed if name in ALL and getattr(ALL[name], "ready", True)]
