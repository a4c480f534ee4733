"""Play the weekend of the 10th Daguguan Open against a running system."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from argparse import SUPPRESS
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from seeds.simulator import crews, playing
from seeds.simulator.api import Unplayable
from seeds.simulator.operator import PUT_RIGHT
from seeds.simulator.summary import table


class Command(BaseCommand):
    """Exit 0 only if every place and every time is right, nothing was lost, and every fault asked for happened."""

    help = (
        "Play the race weekend over TCP and HTTP as crews and officials would, and compare every board with the truth."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Say where the system is and how to play."""
        parser.add_argument("--credentials", type=Path, required=True, help="file that `seed --credentials` wrote")
        parser.add_argument("--base-url", required=True, help="e.g. http://127.0.0.1:8000")
        parser.add_argument("--gateway", required=True, metavar="HOST:PORT", help="the MYLAPS port of the gateway")
        parser.add_argument("--services", type=Path, help="services.json of the running system (for --faults)")
        parser.add_argument("--speed", type=float, default=30.0, help="event seconds in a real second (30)")
        parser.add_argument("--seed", type=int, default=1, help="which weekend (1)")
        parser.add_argument("--once", action="store_true", help="as fast as the work is done, then compare")
        parser.add_argument("--json", action="store_true", help="the summary as one JSON object on the last line")
        parser.add_argument("--faults", action="store_true", help="break six things on the way")
        parser.add_argument("--line", choices=crews.LINES, default="plain", help="what stands at the road side (plain)")
        parser.add_argument(
            "--without", action="append", default=[], choices=PUT_RIGHT, help="leave out what the operator puts right"
        )
        parser.add_argument("--bridged", action="store_true", help="--gateway is the MYLAPS port of a bridge")
        parser.add_argument(
            "--box",
            action="append",
            default=[],
            metavar="NAME=PORT",
            help="where a machine listens that a bridge dials",
        )
        parser.add_argument(
            "--truth", type=Path, metavar="PATH", help="write the right results there, before the start"
        )
        parser.add_argument("--shift-one", type=int, default=0, help=SUPPRESS)

    def handle(self, *args: Any, **options: Any) -> None:
        """Play, print the summary, and leave with 1 where something is wrong."""
        logging.getLogger("httpx").setLevel(logging.WARNING)
        try:
            summary = asyncio.run(playing.play(self._order(options), self._say))
        except Unplayable as problem:
            if options["json"]:
                self.stdout.write(json.dumps({"ok": False, "seed": options["seed"], "error": str(problem)}))
            raise CommandError(str(problem)) from problem
        self.stdout.write(json.dumps(summary, ensure_ascii=False) if options["json"] else table(summary))
        if not summary["ok"]:
            if not options["once"]:
                self._say(
                    "The boards are not what the simulator alone would have made of them. That is so as soon as anybody "
                    "else sends reads or rules; the result stands as the officials left it."
                )
            sys.exit(1)

    def _order(self, options: dict[str, Any]) -> playing.Order:
        host, _, port = options["gateway"].rpartition(":")
        if not host or not port.isdigit():
            raise CommandError("--gateway is HOST:PORT")
        if options["speed"] <= 0:
            raise CommandError("--speed is more than 0 (as fast as possible: --once)")
        return playing.Order(
            credentials=playing.credentials(options["credentials"]),
            base_url=options["base_url"],
            gateway=(host, int(port)),
            seed=options["seed"],
            speed=0.0 if options["once"] else options["speed"],
            faults=options["faults"],
            services=options["services"],
            truth=options["truth"],
            shift_one_ms=options["shift_one"],
            line=options["line"],
            ports=dict(map(self._box, options["box"])) if options["bridged"] else None,
            without=tuple(options["without"]),
        )

    @staticmethod
    def _box(text: str) -> tuple[str, int]:
        name, _, port = text.rpartition("=")
        if not name or not port.isdigit():
            raise CommandError("--box is NAME=PORT")
        return name, int(port)

    def _say(self, line: str) -> None:
        self.stderr.write(line)
        self.stderr.flush()
