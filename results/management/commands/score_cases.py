"""`manage.py score_cases FILE [--json]`: check the scoring core against worked cases."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from results.scoring.cases import Verdict, judge


class Command(BaseCommand):
    """Runs a file of worked cases and reports every disagreement; exit 0 only if all agree."""

    help = "Run a file of worked scoring cases; exit 0 only if the engine agrees with all of them."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """FILE and --json."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--json", action="store_true", help="one JSON object on the last line")

    def handle(self, *args: Any, **options: Any) -> None:
        """Judge every case, say what differs, and fail unless all agree."""
        verdicts = [_judge(case) for case in _cases(options["file"])]
        counts: Counter[str] = Counter(verdict.outcome for verdict in verdicts)
        if options["json"]:
            self.stdout.write(json.dumps(_report(verdicts, counts), ensure_ascii=False))
        else:
            for verdict in verdicts:
                self.stdout.write(_line(verdict))
            self.stdout.write(", ".join(f"{outcome}: {count}" for outcome, count in sorted(counts.items())))
        if counts["agree"] != len(verdicts):
            raise CommandError(f"{len(verdicts) - counts['agree']} of {len(verdicts)} cases do not agree.")


def _cases(path: Path) -> list[dict[str, Any]]:
    """The cases of a file; CommandError where it cannot be read or is not a file of cases."""
    try:
        cases = json.loads(path.read_text(encoding="utf-8"))["cases"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CommandError(f"{path}: not a file of scoring cases ({error}).") from error
    if not isinstance(cases, list) or not cases:
        raise CommandError(f"{path}: holds no cases.")
    return cases


def _judge(case: dict[str, Any]) -> Verdict:
    try:
        return judge(case)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        name = str(case.get("id", "?")) if isinstance(case, dict) else "?"
        raise CommandError(f"Case {name} is not written in the schema of scoring-cases/1: {error!r}.") from error


def _report(verdicts: list[Verdict], counts: Counter[str]) -> dict[str, Any]:
    return {
        "total": len(verdicts),
        **{outcome: counts[outcome] for outcome in ("agree", "disagree", "unsupported")},
        "cases": [
            {"id": verdict.case, "kind": verdict.kind, "outcome": verdict.outcome}
            | ({"expected": verdict.expected, "got": verdict.got} if verdict.outcome == "disagree" else {})
            for verdict in verdicts
        ],
    }


def _line(verdict: Verdict) -> str:
    line = f"{verdict.case:6}{verdict.kind:10}{verdict.outcome:12}{verdict.title}"
    if verdict.outcome == "disagree":
        line += f"\n      expected {verdict.expected}\n      got      {verdict.got}"
    return line
