"""Write the Daguguan Open into an empty database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction
from django.utils import timezone

from seeds import accounts, entering, planting, regulations
from seeds.simulator import crews
from timing.models import Channel

MYLAPS_PORT = 3097


class Command(BaseCommand):
    """Safe to run again: what is there is left alone."""

    help = "Write the 10th Daguguan Open with a made-up field, and the 11th with its entry window open."

    def add_arguments(self, parser: CommandParser) -> None:
        """Say where credentials go and what else is wanted."""
        parser.add_argument(
            "--credentials", type=Path, metavar="PATH", help="write keys and accounts there (mode 0600)"
        )
        parser.add_argument("--gateway-port", type=int, default=MYLAPS_PORT, help=f"MYLAPS port ({MYLAPS_PORT})")
        parser.add_argument("--line", choices=crews.LINES, default="plain", help="which decoders are announced (plain)")
        parser.add_argument("--demo", action="store_true", help="make an account for every role and print its password")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        """Plant what is missing; new keys are issued only where the file for them is not there yet."""
        tenth = planting.edition_named(regulations.tenth()["edition"]["slug"])
        today = timezone.localdate()
        if tenth is not None:
            self.stdout.write(f"{tenth.slug} exists; nothing was written")
        else:
            tenth = planting.plant_tenth(
                by=accounts.owner(), gateway_port=options["gateway_port"], line=options["line"]
            )
            self.stdout.write(f"{tenth.slug}: {tenth.entries.count()} entries in {tenth.races.count()} races")
        eleventh = planting.edition_named(regulations.eleventh()["edition"]["slug"])
        if eleventh is None:
            eleventh = planting.plant_eleventh(today=today)
            self.stdout.write(f"{eleventh.slug}: entries open until {eleventh.entry_closes_at:%Y-%m-%d}")
            if options["demo"]:
                self.stdout.write(f"{eleventh.slug}: {entering.fill(eleventh)} entries so far")
        path: Path | None = options["credentials"]
        known = path is not None and path.exists()
        people = [] if known or not options["demo"] else accounts.somebody_for_every_role([tenth, eleventh])
        for one in people:
            self.stdout.write(f"  {one.role}: {one.username} / {one.password}")
        if path is not None and not known:
            port = Channel.objects.filter(edition=tenth, make="mylaps").values_list("port", flat=True).first()
            accounts.write_credentials(path, tenth, people, {"mylaps": port or options["gateway_port"]})
            self.stdout.write(f"credentials: {path}")
