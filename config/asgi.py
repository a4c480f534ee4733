"""Where every request comes in: `uvicorn config.asgi:application` (docs/decisions/front-door.md tells why it is so)."""

import logging
from pathlib import Path

from django.conf import settings

from config.door.front import FrontDoor
from config.door.limits import limits
from config.secrets_in_logs import Hidden
from config.wsgi import application as wsgi
from results.stream import Hub


def spool_directory(state: Path) -> str | None:
    """A directory of ours for large bodies (the system's may be in memory), or None where it cannot be made."""
    spool = state / "spool"
    try:
        spool.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return None
    return str(spool)


logging.getLogger("uvicorn.access").addFilter(Hidden())  # it writes whole addresses, and not through our handler

application = FrontDoor(
    wsgi,
    Hub(settings.REDIS_URL),
    limits(settings.DELIVERY_LIMIT, settings.BODY_LIMIT),
    spool_directory(settings.STATE_DIR),
)
