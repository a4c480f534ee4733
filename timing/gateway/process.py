"""The gateway's process: its places are the open TCP channels, and what is said becomes deliveries."""

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import Error, close_old_connections, connection

from race import clock
from timing import decoders, heartbeat, intake
from timing.decoders.model import Session
from timing.gateway.line import TELLING, Line, NotKept
from timing.gateway.lines import LAST_BODIES, Lines, Place
from timing.models import Channel, Delivery


class Gateway(Lines):
    """Every open TCP `Channel` is a port that machines call or, where it names a host, a line that we dial and dial again.

    Channels that are made, changed or closed are noticed within a second.
    """

    def __init__(self) -> None:
        super().__init__(self._channels, _session, self._receive, _last, address=settings.GATEWAY_HOST)
        self.channels: dict[int, Channel] = {}

    async def run(self) -> None:
        """Work until `stopping` is set; then nobody is connected to it any more."""
        try:
            await super().run()
        finally:
            heartbeat.leave()

    def _channels(self) -> Iterable[Place]:
        """In a thread, once a second: the channels that are wanted. It tells who is connected on the way."""
        heartbeat.tell(list(self.lines))
        try:
            close_old_connections()
            wanted = Channel.objects.filter(kind=Channel.Kind.TCP, open=True, port__isnull=False)
            channels = list(wanted.select_related("edition").prefetch_related("sources"))
        except Error as problem:
            raise NotKept(f"the database does not answer: {problem}") from problem
        self.channels |= {channel.pk: channel for channel in channels}
        return [
            Place(one.pk, one.label, one.make, one.host, one.port, tuple(one.allowed)) for one in channels if one.port
        ]

    def _receive(self, line: Line, body: bytes) -> None:
        """In a thread: keep the bytes."""
        channel = self.channels[line.place]
        try:
            edition = channel.edition
            edition.refresh_from_db(fields=["clock"])
            options = {
                "make": channel.make,
                "date": clock.now(edition).astimezone(ZoneInfo(edition.zone)).date().isoformat(),
            }
            if line.heard_at is not None:
                options["heard_at"] = line.heard_at.isoformat()
            # Boxes that we dial call themselves "1" or "00", each of them; those that call us mostly say who they are.
            only = [] if channel.host else list(channel.sources.all()[:2])
            options["source"] = only[0].name if len(only) == 1 else channel.label
            intake.receive(channel, body, line.key, options=options, peer=line.peer)
        except Error as problem:
            connection.close()
            raise NotKept(f"the database failed: {problem}") from problem


def _last(place: Place) -> bytes:
    try:
        close_old_connections()
        said = Delivery.objects.filter(channel=place.key).exclude(key__startswith=TELLING)
        kept = said.order_by("-pk").values_list("body", flat=True)[:LAST_BODIES]
        return b"".join(map(bytes, reversed(kept)))
    except Error as problem:
        raise NotKept(f"the database does not answer: {problem}") from problem


def _session(make: str) -> Session | None:
    return decoders.decoder(make).session(settings.GATEWAY_NAME)
