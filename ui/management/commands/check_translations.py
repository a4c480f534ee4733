"""`manage.py check_translations`: every sentence of the code is translated, and the compiled catalogue is the written one."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from ui import translations


class Command(BaseCommand):
    """Fails with a list of what is missing, stale, fuzzy or not compiled."""

    help = (
        "Check that every sentence is translated and that the .mo equals the .po; --update brings the .po up to date."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """`--update` writes new sentences into the .po (empty), drops old ones and compiles."""
        parser.add_argument("--update", action="store_true", help="write new sentences, drop old ones, compile")

    def handle(self, *args: Any, **options: Any) -> None:
        """Look, or bring up to date and then look."""
        po = settings.BASE_DIR / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
        if options["update"]:
            translations.update(settings.BASE_DIR, po)
        if found := translations.problems(settings.BASE_DIR, po):
            raise CommandError("\n".join(found))
        self.stdout.write("Every sentence is translated.")
