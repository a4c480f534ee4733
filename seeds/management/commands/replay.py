"""`manage.py replay`: feed a recorded stream to the gateway, as the machine would, and see what it makes of it."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.management.base import BaseCommand, CommandError

from seeds import replay


class Command(BaseCommand):
    """Replay a recording through the gateway. A second replay of the same file stores nothing more."""

    help = "Feed a recorded decoder stream to the gateway and report what was stored."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The recording, and what its bytes do not say."""
        parser.add_argument("file", type=Path, help="raw bytes, or a forwarder's log")
        parser.add_argument("--make", required=True)
        parser.add_argument("--point", required=True, help="the mat that counts, under the name its frames give")
        parser.add_argument("--tz", required=True, help="zone the decoder's clock was set to, e.g. Asia/Dubai")
        parser.add_argument("--race", default="", help="slug of the race; made in the 'replay' edition if missing")
        parser.add_argument("--create-entries", action="store_true", help="one entry for each chip seen at the point")
        parser.add_argument("--json", action="store_true", help="the report as one object on the last line")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the race if need be, feed the bytes, wait for the last acknowledgement and ingestion, report."""
        try:
            ZoneInfo(options["tz"])
            recording = replay.open_recording(options["file"], options["make"], options["tz"])
        except (ZoneInfoNotFoundError, ValueError) as problem:
            raise CommandError(f"{options['tz']} is no time zone") from problem
        except (OSError, LookupError) as problem:
            raise CommandError(str(problem)) from problem
        if not recording.frames:
            raise CommandError(f"{options['file']} holds no frames of {options['make']}")
        race, channel = replay.prepare(
            recording, options["point"], options["race"], create_entries=options["create_entries"]
        )
        self.stderr.write(f"{len(recording.frames)} frames go to {race.slug} on port {channel.port}")
        report = replay.play(recording, race, channel, progress=self.stderr.write)
        if options["json"]:
            self.stdout.write(json.dumps(report))
        else:
            self.stdout.write("\n".join(f"{name:15} {value}" for name, value in report.items()))
