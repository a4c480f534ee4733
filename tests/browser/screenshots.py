"""Pictures of the pages from invented data, to be looked at: `python -m tests.browser.screenshots FOLDER [NAME...]`."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from launch import browser as browsers
from tests.browser.fixture_site import Site, site

SIZES = {"phone": (390, 844), "desk": (1440, 1000)}


def open_page(browser: Browser, url: str, size: str, scheme: str, follow: bool = True) -> Page:
    """A page of this size and scheme, following rider 88, with its clock in the hands of the script."""
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=scheme,
        device_scale_factor=2 if size == "phone" else 1,
    )  # type: ignore[arg-type]
    page = context.new_page()
    page.on(
        "console",
        lambda message: (
            print("console:", message.text) if message.type == "error" and "503" not in message.text else None
        ),
    )
    page.on("pageerror", lambda error: print("error:", error))
    if follow:
        page.add_init_script('localStorage.setItem("follow:daguguan-10", \'["me:88"]\')')
    page.goto(url)
    return page


def shoot(page: Page, folder: Path, name: str, full: bool = True) -> None:
    """One picture, and the page is put away. The window grows to the whole page, so that what is pinned stands at its end."""
    if full:
        height = page.evaluate("document.documentElement.scrollHeight")
        page.set_viewport_size({"width": page.viewport_size["width"], "height": height})  # type: ignore[index]
        time.sleep(0.4)
    page.screenshot(path=folder / f"{name}.png")
    page.context.close()


def live(browser: Browser, place: Site, folder: Path, wanted: set[str]) -> None:
    """The live page: moving, empty, stale, over, with its two dialogs."""
    for size in SIZES:
        for scheme in ("light", "dark"):
            for lang in ("zh", "en"):
                name = f"live-{size}-{scheme}-{lang}"
                if wanted and name not in wanted:
                    continue
                page = open_page(browser, f"{place.url}/live/?lang={lang}#me", size, scheme)
                page.wait_for_selector(".row[data-bib='17']")
                time.sleep(1.2)
                shoot(page, folder, name)
    other_states(browser, place, folder, wanted)
    if not wanted or "live-stale" in wanted:
        stale(browser, place, folder)


def other_states(browser: Browser, place: Site, folder: Path, wanted: set[str]) -> None:
    """Before the gun, after the race, and the two dialogs."""
    others = [
        ("live-empty", "xo", "phone", "light"),
        ("live-empty-desk", "xo", "desk", "dark"),
        ("live-over", "mm", "phone", "dark"),
        ("live-over-desk", "mm", "desk", "light"),
    ]
    for name, anchor, size, scheme in others:
        if not wanted or name in wanted:
            page = open_page(browser, f"{place.url}/live/#{anchor}", size, scheme)
            page.wait_for_selector(".tab[aria-current]")
            time.sleep(1.2)
            shoot(page, folder, name)
    for name, lang, size in (
        ("live-why", "zh", "phone"),
        ("live-search", "zh", "phone"),
        ("live-why-desk", "en", "desk"),
    ):
        if not wanted or name in wanted:
            page = open_page(browser, f"{place.url}/live/?lang={lang}#me", size, "light")
            if "why" in name:
                page.click(".row[data-bib='88'] .row-name")
            else:
                page.click("[data-open-search]")
                page.fill("#search input", "zym")
            time.sleep(1)
            shoot(page, folder, name, full=False)


def stale(browser: Browser, place: Site, folder: Path) -> None:
    """The signal is lost: 25 seconds later the age is a warning, two minutes later the banner stands."""
    for size, scheme, lang in (("phone", "dark", "zh"), ("desk", "light", "en")):
        page = open_page(browser, f"{place.url}/static/ui/mark.svg", size, scheme)
        page.clock.install()
        page.goto(f"{place.url}/live/?lang={lang}#me")
        page.wait_for_selector(".row[data-bib='17']")
        page.clock.run_for(2000)
        place.silent = True
        time.sleep(1.2)
        page.clock.run_for(25000)
        page.screenshot(path=folder / f"live-ageing-{size}.png")
        page.clock.run_for(111000)
        shoot(page, folder, f"live-stale-{size}", full=False)
        place.silent = False


def main() -> None:
    """Everything, or the pictures named."""
    folder, wanted = Path(sys.argv[1]), set(sys.argv[2:])
    folder.mkdir(parents=True, exist_ok=True)
    path = browsers.find()
    if path is None:
        sys.exit(browsers.NONE)
    with site() as place, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        live(browser, place, folder, wanted)
        for size in SIZES:
            for scheme in ("light", "dark"):
                for lang in ("zh", "en"):
                    name = f"ui-{size}-{scheme}-{lang}"
                    if not wanted or name in wanted:
                        page = open_page(browser, f"{place.url}/ui/?lang={lang}", size, scheme)
                        time.sleep(0.5)
                        shoot(page, folder, name)
        browser.close()


if __name__ == "__main__":
    main()
