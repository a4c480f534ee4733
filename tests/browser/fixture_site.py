"""A tiny site that serves the real templates and modules with invented boards: no database, no Redis, loopback only.

`site.silent = True` lets the stream and the boards fall silent, as a lost signal does.
"""

from __future__ import annotations

import gzip
import json
import mimetypes
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

EDITION = {"slug": "daguguan-10", "zone": "Asia/Shanghai"}
EDITIONS = {
    False: EDITION | {"name": "第十届大谷关公开赛", "short": "大谷关公开赛", "note": "第十届 · 伊滨"},
    True: EDITION | {"name": "10th Daguguan Open", "short": "Daguguan Open", "note": "10th · Yibin"},
}
POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"


class Site(ThreadingHTTPServer):
    """The boards it shows, and whether it is silent."""

    daemon_threads = True
    boards: dict[str, dict[str, Any]]
    silent = False
    deaf = False  # streams stay open and boards are answered, but no pulse comes: the worker is gone

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.said: list[tuple[str, Any]] = []

    def say(self, event: str, data: Any) -> None:
        """Tell every open stream."""
        self.said.append((event, data))

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class Answer(BaseHTTPRequestHandler):
    """One request."""

    server: Site
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: a test's output is its own."""

    def do_GET(self) -> None:
        """A page, a board, the stream or a static file."""
        parts = urlsplit(self.path)
        english = parse_qs(parts.query).get("lang") == ["en"]
        if parts.path in ("/live/", "/ui/"):
            self.send(200, "text/html; charset=utf-8", page(parts.path, english, self.server.boards).encode())
        elif parts.path == "/live/stream":
            self.stream()
        elif parts.path.startswith("/api/v1/races/") and parts.path.endswith("/board/"):
            self.board(parts.path.split("/")[4])
        elif parts.path.startswith("/static/"):
            self.static(parts.path.removeprefix("/static/"))
        else:
            self.send(404, "text/plain", b"")

    def board(self, slug: str) -> None:
        """The board of a race, unless the signal is lost."""
        if self.server.silent or slug not in self.server.boards:
            self.send(503, "text/plain", b"")
        else:
            self.send(
                200,
                "application/json",
                json.dumps(self.server.boards[slug]).encode(),
                ETag=f'"{self.server.boards[slug]["revision"]}"',
            )

    def static(self, name: str) -> None:
        """A file of the apps' static folders."""
        from django.contrib.staticfiles import finders

        found = finders.find(name)
        if not found:
            self.send(404, "text/plain", b"")
            return
        with open(str(found), "rb") as file:
            kind = "text/javascript" if name.endswith(".js") else mimetypes.guess_type(name)[0] or "text/plain"
            self.send(200, kind, file.read())

    def stream(self) -> None:
        """A pulse a second and whatever is said, until silence."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        told, beat = len(self.server.said), 0
        while not self.server.silent:
            news = self.server.said[told:]
            told += len(news)
            if beat % 20 == 0 and not self.server.deaf:
                law = self.server.boards["me"]["clock"]
                news = [*news, ("pulse", {"real": datetime.now(UTC).isoformat(), "clocks": {"daguguan-10": law}})]
            beat += 1
            try:
                for event, data in news:
                    self.wfile.write(f"event: {event}\ndata: {json.dumps(data)}\n\n".encode())
                self.wfile.flush()
            except OSError:  # the reader has gone
                return
            time.sleep(0.05)

    def send(self, status: int, kind: str, body: bytes, **headers: str) -> None:
        """A whole answer, compressed as the real site does."""
        body = gzip.compress(body, 5)
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Encoding": "gzip", "Content-Length": str(len(body)),
                            "Content-Security-Policy": POLICY, **headers}.items():  # fmt: skip
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def page(path: str, english: bool, boards: dict[str, dict[str, Any]]) -> str:
    """The page as the site would draw it."""
    from django.template.loader import render_to_string
    from django.test import RequestFactory
    from django.utils import translation

    from results.views import live
    from tests.browser import weekend

    request = RequestFactory().get(path)
    with translation.override("en" if english else "zh-hans"):
        if path == "/ui/":
            from ui import showcase

            return render_to_string("ui/living_page.html", showcase.page(), request)
        heads = {slug: board | {"rows": [], "riders": {}} for slug, board in boards.items()}
        return render_to_string(
            "results/live.html", live.context(EDITIONS[english], weekend.races(english), heads), request
        )


@contextmanager
def site() -> Iterator[Site]:
    """The site on a free port, until the end of the block."""
    import django

    django.setup()
    from tests.browser import weekend

    server = Site(("127.0.0.1", 0), Answer)
    server.boards = weekend.boards()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.silent = True
        server.shutdown()
        server.server_close()
