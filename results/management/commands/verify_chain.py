"""`manage.py verify_chain`: was an official act edited, deleted or cut off behind the program's back?"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from race.models import Edition
from results import chain_check
from results.models import Link


class Command(BaseCommand):
    """Check the chain of one edition or of all, and each row against its act."""

    help = "Check the chain of official acts, the rows beside it and, with --head, a hash printed on a communiqué."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which edition, and what a paper says."""
        parser.add_argument("--edition", help="Slug; all editions where none is named")
        parser.add_argument(
            "--head", default="", help="A hash printed on a communiqué, whole or its beginning (12 letters)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """One line an edition or a fault; fails if there is a fault."""
        editions = Edition.objects.order_by("slug")
        if options["edition"]:
            editions = editions.filter(slug=options["edition"])
            if not editions:
                raise CommandError(f"no edition {options['edition']}")
        elif options["head"]:
            raise CommandError("--head needs --edition: each edition has a chain of its own")
        bad = 0
        for edition in editions:
            found = chain_check.faults(edition, options["head"])
            bad += len(found)
            for fault in found:
                self.stdout.write(f"{edition.slug}: act {fault.position}: {fault.code}: {fault.what}")
            if not found:
                newest = Link.objects.filter(edition=edition).order_by("-position").first()
                self.stdout.write(
                    f"{edition.slug}: {newest.position if newest else 0} acts, whole; head {newest or '–'}"
                )
        if bad:
            raise CommandError(f"{bad} faults")
