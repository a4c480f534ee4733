"""`manage.py token`: issue, list and revoke the keys of machines."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from race import tokens
from race.models import Edition, Role, Token, User


class Command(BaseCommand):
    """A key is shown once, when it is issued; only its hash is kept."""

    help = "Issue, list or revoke the keys of machines (decoders, bridges, other systems)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`issue EDITION ROLE --user NAME --label TEXT`, `list EDITION`, `revoke ID`."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        issue = verbs.add_parser("issue", help="make a key and print it, once")
        issue.add_argument("edition")
        issue.add_argument("role", choices=[*Role.Name.values, Token.DELIVERIES])
        issue.add_argument("--user", required=True, help="whose acts the machine's are")
        issue.add_argument("--label", required=True, help="which machine, e.g. 'finish mat'")
        verbs.add_parser("list", help="the keys of an edition").add_argument("edition")
        verbs.add_parser("revoke", help="end a key at once").add_argument("id", type=int)

    def handle(self, *args: Any, **options: Any) -> None:
        """Do one of the three."""
        {"issue": self._issue, "list": self._list, "revoke": self._revoke}[options["verb"]](options)

    def _issue(self, options: dict[str, Any]) -> None:
        edition = Edition.objects.filter(slug=options["edition"]).first()
        user = User.objects.filter(username=options["user"]).first()
        if edition is None or user is None:
            raise CommandError("there is no such edition" if edition is None else "there is no such account")
        token, secret = tokens.issue(edition, user, options["role"], options["label"])
        self.stdout.write(f"{token.pk} {secret}")

    def _list(self, options: dict[str, Any]) -> None:
        for token in Token.objects.filter(edition__slug=options["edition"]).select_related("user").order_by("pk"):
            state = "revoked" if token.revoked_at else "open"
            self.stdout.write(f"{token.pk} {state} {token.role} {token.user.username} {token.label}")

    def _revoke(self, options: dict[str, Any]) -> None:
        token = Token.objects.filter(pk=options["id"]).first()
        if token is None:
            raise CommandError("there is no such key")
        tokens.revoke(token)
        self.stdout.write(f"{token.pk} revoked")
