"""A page on the laptop itself: which machines are connected, and what still waits for the server."""

import json
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from timing.bridge.spool import Queue
from timing.gateway.line import NotKept

logger = logging.getLogger(__name__)
PAGE = """<!doctype html><html lang="zh-Hans"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="2"><title>{title}</title><style>
:root{{color-scheme:light dark}} body{{font:16px/24px system-ui,sans-serif;max-width:40rem;margin:24px auto;padding:0 16px}}
h1{{font-size:22px;line-height:30px}} .ok{{color:#0a7d3c}} .bad{{color:#c42b1c}} li{{display:flex;justify-content:space-between;
border-bottom:1px solid #8884;padding:8px 0}} ul{{padding:0}}
@media(prefers-color-scheme:dark){{.ok{{color:#4cc38a}}.bad{{color:#ff8a80}}}}
</style><h1 class="{mood}">{title}</h1><p>{problem}</p><ul>{machines}</ul><p>{server}</p></html>"""


@dataclass(frozen=True)
class Standing:
    """How the bridge stands: connections of each machine, what waits, what stands in the way, when something was sent last."""

    machines: dict[str, int]
    queue: Queue
    problem: str
    sent_at: datetime | None
    server: str

    def line(self) -> str:
        """All of it in a line, for the console."""
        machines = ", ".join(
            f"{label} {'connected' if count else 'NOT CONNECTED'}" for label, count in self.machines.items()
        )
        parts = [machines, f"{self.queue.bodies} waiting ({self.queue.bytes} bytes)"]
        if self.queue.refused:
            parts.append(f"{self.queue.refused} REFUSED by the server, kept here")
        return " | ".join([*parts, *([self.problem] if self.problem else [])])

    def told(self) -> dict[str, Any]:
        """All of it as JSON."""
        waits = (datetime.now(UTC) - self.queue.since).total_seconds() if self.queue.since else 0
        return {
            "machines": self.machines, "waiting": self.queue.bodies, "bytes": self.queue.bytes, "waits_s": round(waits, 1),
            "refused": self.queue.refused, "problem": self.problem,
            "sent_at": self.sent_at.isoformat() if self.sent_at else None,
        }  # fmt: skip

    def html(self) -> str:
        """All of it as a page, in both languages at once: whoever looks at it is in a hurry."""
        well = not self.problem and not self.queue.refused
        title = (
            f"排队 {self.queue.bodies} 条 · {self.queue.bodies} waiting"
            if self.queue.bodies
            else "全部已送达 · All sent"
        )
        machines = "".join(
            f'<li><span>{escape(label)}</span><b class="{"ok" if count else "bad"}">'
            f"{'已连接 · connected' if count else '未连接 · not connected'}</b></li>"
            for label, count in self.machines.items()
        )
        refused = (
            f"{self.queue.refused} 批被拒收，保存在本机 · refused by the server, kept here. "
            if self.queue.refused
            else ""
        )
        return PAGE.format(
            title=title, mood="ok" if well else "bad", problem=escape(refused + self.problem), machines=machines,
            server=escape(self.server),
        )  # fmt: skip


def serve(port: int, standing: Callable[[], Standing]) -> ThreadingHTTPServer | None:
    """Show it on this laptop only; None where no page is wanted or the port is taken."""
    if not port:
        return None

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                now = standing()
            except NotKept as problem:
                self.send_error(503, str(problem))
                return
            as_json = self.path == "/status.json"
            body = (json.dumps(now.told()) if as_json else now.html()).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json" if as_json else "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    try:
        served = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    except OSError as problem:
        logger.warning("no page: port %s: %s", port, problem)
        return None
    threading.Thread(target=served.serve_forever, name="page", daemon=True).start()
    logger.info("what waits is shown at http://127.0.0.1:%s/", port)
    return served
