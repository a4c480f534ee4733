"""Fields every resource shares."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers


class Instant(serializers.DateTimeField):
    """An instant, ISO 8601 with its offset from UTC. One without is refused: eight hours are easily lost that way."""

    default_error_messages = {"no_zone": _("A time needs its offset from UTC.")}

    def enforce_timezone(self, value: datetime) -> datetime:
        """What was said, or no_zone: never a zone of our own."""
        if value.tzinfo is None:
            self.fail("no_zone")
        return value

    def to_representation(self, value: Any) -> Any:
        """As it is stored, in UTC."""
        return value.isoformat() if isinstance(value, datetime) else value
