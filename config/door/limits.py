"""How much of everything the front door lets through; one table."""

import re
from dataclasses import dataclass

MIB = 1024 * 1024
PIECE = 8 * MIB  # of an upload: `timing.uploads.MOST_PIECE`


@dataclass(frozen=True, slots=True)
class Route:
    """What a request to a path that matches may cost.

    `body`: bytes; `total`: seconds the whole body may take; `waiting`: how many may wait for a thread before it.
    """

    pattern: re.Pattern[str]
    body: int
    total: float
    waiting: int


@dataclass(frozen=True, slots=True)
class Limits:
    """All limits; sizes in bytes, times in seconds. The last route matches everything."""

    routes: tuple[Route, ...]
    threads: int = 8
    idle: float = 20.0  # between two pieces of a body
    memory: int = 256 * 1024  # of one body; more goes to a file
    spool: int = 2048 * MIB  # all bodies together
    bodies: int = 1024  # that are arriving at once
    bodies_per_address: int = 128  # one address can be a whole venue behind its mobile router
    held_answer: int = 4 * MIB  # of one answer, for a slow reader, after which its thread waits
    held_answers: int = 128 * MIB  # all together; from there on threads wait at once
    reader_idle: float = 30.0  # for 64 KiB of an answer to be taken

    def route(self, path: str) -> Route:
        """The first route whose pattern matches the start of the path."""
        return next(route for route in self.routes if route.pattern.match(path))


def limits(delivery: int, body: int) -> Limits:
    """The table, from the two sizes that `config.settings` names: of a chip file, and of everything else.

    Timing is let past a crowd: it may wait in a queue that is already closed to others.
    """
    return Limits(
        routes=(
            Route(re.compile(r"/api/v1/timing/deliveries/"), delivery, 900.0, 1024),
            Route(re.compile(r"/api/v1/timing/(feibot|raceresult|crossmgr)/"), max(body, 16 * MIB), 120.0, 1024),
            Route(re.compile(r"/api/v1/timing/uploads/."), PIECE, 300.0, 1024),
            Route(re.compile(r"/api/v1/timing/reads/"), max(body, 16 * MIB), 120.0, 1024),
            Route(re.compile(r"/api/v1/races/[^/]+/(guns|rulings)/"), body, 60.0, 1024),
            # When entries open everybody comes at once: a few seconds in line are better than being sent away.
            Route(re.compile(r"/api/v1/registrations/"), 64 * 1024, 30.0, 2048),
            Route(re.compile(r"(/editions/[^/]+)?/line/"), delivery, 900.0, 1024),
            Route(re.compile(r"(/editions/[^/]+)?/officials/"), max(body, 36 * MIB), 120.0, 1024),
            Route(re.compile(r"(/editions/[^/]+)?/office/"), max(body, 16 * MIB), 120.0, 512),
            Route(re.compile(r"(/editions/[^/]+)?/(my|enter)/(?!judge/)"), max(body, 20 * MIB), 120.0, 256),
            Route(re.compile(r""), body, 60.0, 256),
        )
    )
