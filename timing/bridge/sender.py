"""Posting parcels to the server, one after the other, until it has them."""

import json
import logging
import threading
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from timing.bridge.spool import UNNAMED, Parcel, Spool
from timing.gateway.line import NotKept

logger = logging.getLogger(__name__)
ANSWER_S = 30.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0
#: What is older was waiting for the network: it goes behind what machines say now.
LIVE_FOR = timedelta(minutes=1)
#: Not the parcel's fault: the token, the line or the server is to be mended, and the same parcel is sent again.
AGAIN = {401, 403, 404, 408, 425, 429}


@dataclass(frozen=True)
class Server:
    """Where deliveries go, and with which token."""

    url: str
    token: str

    def post(self, parcel: Parcel) -> None:
        """Send a parcel. Raises OSError (also for an answer that is not a yes; `code` tells which)."""
        told = {"make": parcel.make, "date": parcel.date, "name": "bridge"}
        if parcel.source:
            told["label" if parcel.source.startswith(UNNAMED) else "source"] = parcel.source.removeprefix(UNNAMED)
        age = max(datetime.now(UTC) - parcel.since, timedelta())
        told["age"] = str(age // timedelta(milliseconds=1))
        if age < LIVE_FOR:
            told["live"] = "yes"
        where = f"{self.url.rstrip('/')}/api/v1/timing/deliveries/?{urllib.parse.urlencode(told)}"
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/octet-stream",
            "Idempotency-Key": parcel.key,
        }
        request = urllib.request.Request(where, parcel.body, headers)
        with urllib.request.urlopen(request, timeout=ANSWER_S) as answer:
            json.load(answer)  # a page of some hotel's network is no answer


class Sender(threading.Thread):
    """Sends until `stopping` is set. `problem` is what stands in the way now; empty when nothing does."""

    def __init__(self, spool: Spool, server: Server) -> None:
        super().__init__(name="sender", daemon=True)
        self.spool, self.server = spool, server
        self.stopping, self.bell = threading.Event(), threading.Event()
        self.problem = ""
        self.sent_at: datetime | None = None

    def run(self) -> None:
        """Parcel by parcel; after a failure the same one again, in a while."""
        pause = FIRST_PAUSE_S
        while not self.stopping.is_set():
            self.bell.clear()
            if self._sent_one():
                pause = FIRST_PAUSE_S
                continue
            self.bell.wait(pause) if not self.problem else self.stopping.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S) if self.problem else FIRST_PAUSE_S

    def _sent_one(self) -> bool:
        """Whether a parcel went out, so that the next may be due at once."""
        try:
            parcel = self.spool.next()
            if parcel is None:
                self.problem = ""
                return False
            refused = self._posted(parcel)
            if refused is None:
                return False
            self.spool.done(parcel, refused=refused)
        except NotKept as problem:
            self._trouble(str(problem))
            return False
        self.problem, self.sent_at = "", datetime.now(UTC)
        return True

    def _posted(self, parcel: Parcel) -> str | None:
        """Empty when the server has it; why it would not have it; None where it is to be sent again."""
        try:
            self.server.post(parcel)
        except urllib.error.HTTPError as problem:
            text = problem.read(2000).decode("utf-8", "replace")
            if problem.code in AGAIN or problem.code >= 500:
                self._trouble(f"the server says {problem.code}: {text[:200]}")
                return None
            logger.error("parcel %s is not taken (%s): %s", parcel.number, problem.code, text)
            return f"{problem.code} {text}"
        except (OSError, ValueError) as problem:
            self._trouble(f"the server does not answer: {problem}")
            return None
        return ""

    def _trouble(self, problem: str) -> None:
        if problem != self.problem:
            logger.warning("%s", problem)
        self.problem = problem
