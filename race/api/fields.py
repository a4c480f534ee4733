"""Fields every resource shares."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from race import clock


class Instant(serializers.DateTimeField):
    """An instant, ISO 8601 with its offset from UTC. One without is refused: eight hours are easily lost that way."""

    default_error_messages = {
        "no_zone": _("A time needs its offset from UTC."),
        "out_of_range": _("A time is of the years 1970 to 2099."),
    }

    def enforce_timezone(self, value: datetime) -> datetime:
        """What was said, or no_zone: never a zone of our own."""
        if value.tzinfo is None:
            self.fail("no_zone")
        if not clock.EARLIEST <= value < clock.END:
            self.fail("out_of_range")
        return value

    def to_representation(self, value: Any) -> Any:
        """As it is stored, in UTC."""
        return value.isoformat() if isinstance(value, datetime) else value


class VenueInstant(serializers.DateTimeField):
    """An instant of a fact, told with the offset of the venue as the board tells it."""

    def get_attribute(self, instance: Any) -> Any:
        """The instant in the zone of the fact's edition."""
        value = super().get_attribute(instance)
        return value.astimezone(ZoneInfo(instance.edition.zone)) if isinstance(value, datetime) else value

    def to_representation(self, value: Any) -> Any:
        """ISO 8601, to the microsecond where there is any."""
        return value.isoformat() if isinstance(value, datetime) else value
