"""`manage.py bridge`: packs the bridge into the one file that a crew starts on its laptop."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from timing.packing import NAME, pack


class Command(BaseCommand):
    """Pack it."""

    help = "Pack the bridge for a crew's laptop into one file (Python 3.11 or newer starts it)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to."""
        parser.add_argument("--output", type=Path, default=Path(NAME))

    def handle(self, *args: Any, output: Path, **options: Any) -> None:
        """Write it and say how it is started."""
        made = pack(output)
        self.stdout.write(f"{made} ({made.stat().st_size // 1024} KiB)")
        self.stdout.write(f"python3 {made.name} --server https://... --token ... mylaps:3097")
