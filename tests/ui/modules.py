"""Run the page's ES modules in a real browser, alone: no server, no page of ours, only the files."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

STATIC = Path(__file__).resolve().parents[2] / "ui" / "static" / "ui"
ORIGIN = "http://modules.test"


def run_module(page: "Page", script: str, given: dict[str, Any] | None = None) -> Any:
    """What `script` returns; its imports name files of ui/static/ui, and the names in `given` are there for it."""
    imports = [line.strip() for line in script.splitlines() if line.strip().startswith("import ")]
    body = "\n".join(line for line in script.splitlines() if not line.strip().startswith("import "))
    given = given or {}
    source = "\n".join(imports) + f"\nexport default async ({{ {', '.join(given)} }}) => {{ {body} }};"

    def serve(route: "Route") -> None:
        path = route.request.url.removeprefix(ORIGIN).lstrip("/")
        if path == "":
            route.fulfill(content_type="text/html", body="<!doctype html><meta charset=utf-8><title>modules</title>")
        elif path == "given.js":
            route.fulfill(content_type="text/javascript; charset=utf-8", body=source)
        elif (STATIC / path).is_file():
            route.fulfill(
                content_type="text/javascript; charset=utf-8", body=(STATIC / path).read_text(encoding="utf-8")
            )
        else:
            route.fulfill(status=404)

    page.route("**/*", serve)
    page.goto(f"{ORIGIN}/")
    return page.evaluate("async (given) => (await import('/given.js')).default(given)", given)
