"""Channels: ports of ours that machines call, machines that we dial (the gateway follows within a second), keys of bridges."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from race import log, tokens
from race.models import Edition, Token, User
from race.refused import Refused
from timing import decoders
from timing.models import Channel, Source

HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.:-]{0,251}[A-Za-z0-9])?")
MOST_NETWORKS = 32
#: The channel of a person who sends in files is called so, with the account's name; pages say it in their language.
UPLOADS_OF = "uploads of "
#: So is that of a phone's key, with the name of the pad.
PAD = "pad "


@transaction.atomic
def add(edition: Edition, values: Mapping[str, Any], *, by: User | None) -> Channel:
    """A new TCP channel. `values`: make, label, host ("" for a port of ours), port (None: the make's own), allowed.

    Refused: `unknown_make`, `bad_host`, `bad_port`, `bad_network`, `port_taken`.
    """
    channel = Channel(edition=edition, kind=Channel.Kind.TCP, **_judged(values))
    _written(channel)
    log.note(edition, "channel_added", by=by, channel=channel.pk, label=channel.label)
    return channel


@transaction.atomic
def change(channel: Channel, values: Mapping[str, Any], *, by: User | None) -> Channel:
    """Other terms for a channel, or closed (`open` false): its connections end, what was read is taken in. Refused as `add`."""
    channel = Channel.objects.select_for_update(of=("self",)).select_related("edition").get(pk=channel.pk)
    now = {name: getattr(channel, name) for name in ("make", "label", "host", "port", "allowed", "open")}
    for name, value in _judged(now | dict(values)).items():
        setattr(channel, name, value)
    _written(channel)
    log.note(channel.edition, "channel_changed", by=by, channel=channel.pk, label=channel.label, open=channel.open)
    return channel


@transaction.atomic
def give_key(edition: Edition, label: str, names: Sequence[str], *, by: User) -> str:
    """A key with which a bridge delivers over HTTPS, and nothing else; shown once. `names`: the sources whose reads it may
    bring, all where none is named. Refused: `no_label`, `unknown_source`."""
    label = label.strip()[:80]
    if not label:
        raise Refused("no_label", _("Say whose key it is."))
    sources = list(Source.objects.filter(edition=edition, name__in=names))
    if len(sources) != len(set(names)):
        raise Refused("unknown_source", _("There is no source of this name."))
    token, secret = tokens.issue(edition, by, Token.DELIVERIES, label)
    channel = Channel.objects.create(edition=edition, kind=Channel.Kind.HTTP, label=label, token=token)
    channel.sources.set(sources)
    log.note(edition, "key_given", by=by, channel=channel.pk, label=label)
    return secret


@transaction.atomic
def withdraw_key(channel: Channel, *, by: User | None) -> None:
    """The key of a channel stops working at once; what it delivered stays. Twice is once."""
    channel = Channel.objects.select_for_update(of=("self",)).select_related("edition", "token").get(pk=channel.pk)
    if channel.token is not None and channel.token.revoked_at is None:
        tokens.revoke(channel.token)
        log.note(channel.edition, "key_withdrawn", by=by, channel=channel.pk, label=channel.label)


def _judged(values: Mapping[str, Any]) -> dict[str, Any]:
    make, host = str(values["make"]), str(values.get("host") or "").strip()
    decoder = decoders.MAKES.get(make)
    if decoder is None or decoder.open_session is None:
        raise Refused("unknown_make", _("No machine of this make speaks over the network: %(make)s.") % {"make": make})
    if bool(host) != (decoder.port is not None):
        listens = _("This machine listens: say its address, and we dial it.")
        raise Refused("bad_host", _("This machine calls us: leave the address empty.") if host else listens)
    if host and not HOST.fullmatch(host):
        raise Refused("bad_host", _("This is not the name or address of a machine."))
    port = values.get("port") or decoder.port
    if not isinstance(port, int) or not 1 <= port <= 65535:
        raise Refused("bad_port", _("A port is a number from 1 to 65535."))
    return {
        "make": make, "label": str(values["label"]).strip()[:80] or make, "host": host, "port": port,
        "allowed": _networks(values.get("allowed") or ()), "open": bool(values.get("open", True)),
    }  # fmt: skip


def _networks(given: Sequence[str]) -> list[str]:
    if len(given) > MOST_NETWORKS:
        raise Refused("bad_network", _("At most %(most)s networks.") % {"most": MOST_NETWORKS})
    try:
        return [str(ipaddress.ip_network(network.strip(), strict=False)) for network in given]
    except ValueError as problem:
        raise Refused("bad_network", _("A network is written like 192.0.2.0/24 or 192.0.2.7.")) from problem


def _written(channel: Channel) -> None:
    try:
        with transaction.atomic():
            channel.save()
    except IntegrityError as problem:
        raise Refused("port_taken", _("Another channel has this port.")) from problem
