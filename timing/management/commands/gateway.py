"""`manage.py gateway`: listens for decoders that call."""

import asyncio
import signal
from typing import Any

from django.core.management.base import BaseCommand

from timing.gateway.process import Gateway


class Command(BaseCommand):
    """Listen on the port of every open TCP channel, until SIGTERM or Ctrl-C."""

    help = "Listen for decoders on the port of every open TCP channel."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until told to stop, then hand over what was read."""
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        gateway = Gateway()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, gateway.stopping.set)
        await gateway.run()
