"""TCP channels: ports of ours that machines call, and machines that we dial. The gateway follows within a second."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from race import log
from race.models import Edition, User
from race.refused import Refused
from timing import decoders
from timing.models import Channel

HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.:-]{0,251}[A-Za-z0-9])?")
MOST_NETWORKS = 32


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
