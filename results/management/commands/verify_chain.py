"""`manage.py verify_chain`: was an official act edited, deleted or cut off behind the program's back?"""

import json
from dataclasses import asdict
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

        parser.add_argument("--json", action="store_true", help="one JSON object on the last line")

    def handle(self, *args: Any, **options: Any) -> None:
        """One line an edition or a fault, or one object; fails if there is a fault."""
        editions = Edition.objects.order_by("slug")
        if options["edition"]:
            editions = editions.filter(slug=options["edition"])
            if not editions:
                raise CommandError(f"no edition {options['edition']}")
        elif options["head"]:
            raise CommandError("--head needs --edition: each edition has a chain of its own")
        told = [_told(edition, options["head"]) for edition in editions]
        bad = sum(len(one["faults"]) for one in told)
        if options["json"]:
            self.stdout.write(json.dumps({"faults": bad, "editions": told}, ensure_ascii=False))
        else:
            for one in told:
                self.stdout.write("\n".join(_lines(one)))
        if bad:
            raise CommandError(f"{bad} faults")


def _told(edition: Edition, head: str) -> dict[str, Any]:
    """An edition, how many acts it has, its head (empty: no act yet) and what is wrong with them."""
    newest = Link.objects.filter(edition=edition).order_by("-position").first()
    return {
        "edition": edition.slug,
        "acts": newest.position if newest else 0,
        "head": newest.hash if newest else "",
        "faults": [asdict(fault) for fault in chain_check.faults(edition, head)],
    }


def _lines(told: dict[str, Any]) -> list[str]:
    """The same for a person."""
    if told["faults"]:
        return [f"{told['edition']}: act {one['position']}: {one['code']}: {one['what']}" for one in told["faults"]]
    return [f"{told['edition']}: {told['acts']} acts, whole; head {told['head'][:12] or '–'}"]
