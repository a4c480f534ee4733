"""From a source's wall clock to true time: its zone, and how far it is off from when on."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from timing.models import ClockOffset, Source

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOUR_US = 3_600_000_000


class Clock:
    """A source's clock: its wall time to true time, by zone and by offset segments (since in UTC microseconds, offset)."""

    def __init__(self, zone: str, offsets: list[tuple[int | None, int]]) -> None:
        self.zone = ZoneInfo(zone)
        # Ascending by start; of two with one start the newer fact comes later and wins.
        self.offsets = sorted(offsets, key=lambda part: (part[0] is not None, part[0] or 0))
        self.hours: dict[int, int] = {}

    def true_us(self, local_us: int) -> int:
        """UTC microseconds of a wall-clock reading. A doubled autumn hour is read as its first pass."""
        hour = local_us // HOUR_US
        shift = self.hours.get(hour)
        if shift is None:
            wall = (EPOCH + timedelta(microseconds=hour * HOUR_US)).replace(tzinfo=self.zone)
            shift = self.hours[hour] = (wall.utcoffset() or timedelta()) // timedelta(microseconds=1)
        utc = local_us - shift
        best = 0
        for since, offset in self.offsets:
            if since is None or utc + offset >= since:
                best = offset
        return utc + best

    def offset_us(self, at_us: int) -> int:
        """What is added to the clock at a true instant."""
        return next((offset for since, offset in reversed(self.offsets) if since is None or at_us >= since), 0)


def microseconds(moment: datetime) -> int:
    """An instant as UTC microseconds since 1970, exactly."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def instant(us: int) -> datetime:
    """UTC microseconds since 1970 as an instant."""
    return EPOCH + timedelta(microseconds=us)


def of(sources: Iterable[Source]) -> dict[int, Clock]:
    """The clocks of sources as they stand now, by source, in one query."""
    known = {source.pk: source for source in sources}
    offsets: dict[int, list[tuple[int | None, int]]] = {}
    said = ClockOffset.objects.filter(source__in=known).order_by("revision", "pk")
    for source, since, offset_us in said.values_list("source", "since", "offset_us"):
        offsets.setdefault(source, []).append((microseconds(since) if since else None, offset_us))
    return {pk: Clock(source.zone, offsets.get(pk, [])) for pk, source in known.items()}
