"""Who gets which answer from every page: nobody signed in, each role, a role of another edition, each kind of private link.

`tests/test_api.py` has the same for the interface for machines. The tests walk the resolver: an address without a line here
fails, and so does a method that a line does not name, unless it answers 405. Templates are not drawn: who may is
decided before.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponseBase
from django.template.base import Template
from django.test import Client
from django.test.client import ClientHandler
from django.urls import URLPattern, URLResolver, get_resolver
from redis import Redis

from race import links, papers, payments
from race.models import Campaign, Document, Edition, Entry, LogLine, Message, Payment, PrivateLink, Refund, Role, User
from tests import cast
from tests.entering import enter, open_entries
from tests.page_addresses import LINE, OFFICE, OFFICIALS, OWN, PAGES, PUBLIC, SECRET
from tests.race.test_teams import NAMES, register, rows

pytestmark = pytest.mark.django_db
Name = Role.Name
WAY_IN = ClientHandler(enforce_csrf_checks=False)  # one for all: its middleware is built once


@dataclass
class World:
    """An edition with a payer, a team of two and a stranger; another edition; and everybody's browser."""

    edition: Edition
    alone: Entry
    team: list[Entry]
    stranger: Entry
    browsers: dict[str, Client] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)

    def address(self, route: str) -> str:
        """The route with its placeholders filled by what belongs to the edition."""
        for named, value in self.words.items():
            if "/" in named:
                route = route.replace(named, value)
        return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: self.words[found[1]], route)

    def answer(self, who: str, method: str, route: str) -> HttpResponseBase:
        """What somebody's browser gets."""
        answer: HttpResponseBase = getattr(self.browsers[who], method.lower())(self.address(route))
        return answer


@pytest.fixture
def world(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(Template, "_render", lambda self, context: "")
    opened = open_entries(slug="mine")
    Edition.objects.filter(pk=opened.edition.pk).update(
        entry_rules={"documents": [{"kind": "insurance", "who": "all"}]}
    )
    edition = Edition.objects.get(pk=opened.edition.pk)
    alone, team = enter(opened, "单独"), register(opened, rows(*NAMES[:2]))
    entries = list(team.entries.select_related("rider", "registration").order_by("pk"))
    made = World(edition, alone, entries, enter(opened, "别人"))
    for entry in (alone, *entries):
        papers.send(entry.rider, edition, "insurance", "paper.pdf", b"%%PDF-1.7 %d" % entry.pk, None)
    assert alone.registration is not None
    payment = payments.start(alone.registration, "sandbox")
    refund = Refund.objects.create(payment=payment, entry=alone, number="R1", amount_fen=1, state=Refund.State.DONE)
    campaign = Campaign.objects.create(edition=edition, key="k", channel="email")
    made.words = {
        "uploads/<int:pk>": "uploads/0", "rulings/<int:number>": "rulings/0", "rounds/<int:number>": "rounds/0",
        "protests/<int:number>": "protests/0", "live/<slug:slug>/<int:bib>": "live/none/1", "evidence/<int:pk>": "evidence/0",
        "papers/<int:pk>": f"papers/{Document.objects.get(rider=alone.rider).pk}", "refunds/<int:pk>": f"refunds/{refund.pk}",
        "categories/<int:pk>": f"categories/{opened.category.pk}", "entries/<int:pk>": f"entries/{alone.pk}",
        "messages/<int:pk>": f"messages/{Message.objects.filter(registration=alone.registration)[0].pk}",
        "campaigns/<int:pk>": f"campaigns/{campaign.pk}", "language/<slug:code>": "language/en",
        "to-do/<slug:kind>": "to-do/review", "slug": edition.slug, "league": "none",
        "group": "none", "version": "1", "number": payment.number, "what": "team",
        "race": "no-such-race", "bib": "1", "pk": "0", "language": "zh",
        "token": "no-such-list", "day": edition.starts_on.isoformat(), "kind": "csv", "code": "insurer", "form": "xlsx",
    }  # fmt: skip
    people = {name: cast.person(edition, name) for name in Name.values}
    elsewhere = cast.make(riders=0, slug="elsewhere").edition
    people["elsewhere"] = cast.person(elsewhere, Name.ORGANISER)
    people["refused"] = User.objects.create(username="every role that is not the office's")
    Role.objects.bulk_create(
        Role(user=people["refused"], edition=edition, name=name) for name in set(Name.values) - OFFICE
    )
    made.browsers = {"nobody": signed_in(None)} | {name: signed_in(user) for name, user in people.items()}
    return made


def signed_in(user: User | None) -> Client:
    browser = Client()
    browser.handler = WAY_IN
    if user is not None:
        browser.force_login(user)
    return browser


def routes(resolver: URLResolver | None = None, before: str = "") -> Iterator[str]:
    """Every address of the site but those for machines, which have a matrix of their own."""
    for one in (resolver or get_resolver()).url_patterns:
        here = before + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from routes(one, here)
        elif isinstance(one, URLPattern) and not here.startswith("api/"):
            yield here


def test_every_address_has_a_line() -> None:
    office = {f"{start}office/{page}" for page in PAGES for start in ("", "editions/<slug:slug>/")}
    line = {f"{start}line/{page}" for page in LINE for start in ("", "editions/<slug:slug>/")}
    officials = {f"{start}officials/{page}" for page in OFFICIALS for start in ("", "editions/<slug:slug>/")}
    listed = {
        *PUBLIC,
        *office,
        *line,
        *officials,
        *(SECRET + page for _method, page in OWN),
        "office/sign-on/",
        "login/",
    }
    assert {route for route in routes() if not route.startswith("admin/")} == listed


def test_what_is_public_is_the_same_for_everybody(world: World) -> None:
    assert [world.answer(who, "GET", "login/").status_code for who in world.browsers] == [200] + [302] * 9
    wrong = {}
    for route, methods in PUBLIC.items():
        for method, status in methods.items():
            told = {who: world.answer(who, method, route).status_code for who in ("nobody", "administrator")}
            wrong |= {(method, route): told} if set(told.values()) != {status} else {}
    assert wrong == {}


def test_each_role_gets_what_is_its_own_in_the_office(world: World) -> None:
    """What is refused comes first, and leaves nothing."""
    before = written(world.edition)
    assert wrong_in_the_office(world, "nobody", "editions/<slug:slug>/", lambda _page, _status: 302) == {}
    for who in ("refused", "elsewhere"):
        assert wrong_in_the_office(world, who, "editions/<slug:slug>/", lambda _page, _status: 403) == {}
    assert written(world.edition) == before
    for who in (Name.ORGANISER, Name.ADMINISTRATOR):
        assert wrong_in_the_office(world, who, "editions/<slug:slug>/", lambda _page, status: status) == {}


def test_each_role_gets_what_is_its_own_at_the_line(world: World) -> None:
    assert wrong_at(world, "line", LINE) == {}


def test_each_role_gets_what_is_its_own_at_the_officials_desk(world: World) -> None:
    assert wrong_at(world, "officials", OFFICIALS) == {}


def wrong_at(world: World, place: str, pages: dict[str, dict[str, tuple[set[Role.Name], int]]]) -> dict[str, Any]:
    """Where somebody gets another answer than the pages' lines say. Those who may not come first."""
    wrong = {}
    for page, methods in pages.items():
        for method, (may, status) in methods.items():
            wanted = {"nobody": 302} | dict.fromkeys(Name.values, 403) | {"elsewhere": 403} | dict.fromkeys(may, status)
            order = sorted(wanted, key=lambda who, may=may: who in may)  # type: ignore[misc]
            told = {who: world.answer(who, method, f"editions/<slug:slug>/{place}/{page}").status_code for who in order}
            wrong |= {f"{method} {page}": told} if told != wanted else {}
    return wrong


def test_without_a_name_the_office_is_that_of_the_own_edition(world: World) -> None:
    """Nothing of one edition is found from the office of another, and its acts reach its own edition only."""
    before = written(world.edition)
    assert wrong_in_the_office(world, "nobody", "", lambda _page, _status: 302) == {}
    assert wrong_in_the_office(world, "refused", "", lambda _page, _status: 403) == {}
    assert wrong_in_the_office(world, "elsewhere", "", lambda page, status: 404 if "<int:pk>" in page else status) == {}
    assert written(world.edition) == before
    assert wrong_in_the_office(world, Name.OFFICE, "", lambda _page, status: status) == {}


def wrong_in_the_office(world: World, who: str, start: str, wanted: Callable[[str, int], int]) -> dict[str, str]:
    """Where somebody gets another answer from the office than the one that is wanted."""
    wrong = {}
    for page, methods in PAGES.items():
        for method, status in methods.items():
            got = world.answer(who, method, f"{start}office/{page}")
            at_the_door = who != "nobody" or got["Location"].startswith(f"/login/?next={world.address(start)}office/")
            if got.status_code != wanted(page, status) or not at_the_door:
                wrong[f"{method} {page}"] = f"{led(got)}, not {wanted(page, status)}"
    return wrong


def written(edition: Edition) -> list[Any]:
    """What an act of the office would leave in an edition."""
    rows = Entry.objects.filter(edition=edition).order_by("pk").values_list("pk", "state", "bib", "team", "paid_fen")
    papers_sent = Document.objects.order_by("pk").values_list("pk", "state")
    return [LogLine.objects.filter(edition=edition).count(), Message.objects.count(), list(rows), list(papers_sent)]


def test_the_desks_are_for_the_office_and_the_chief(world: World) -> None:
    there = {"edition": world.edition.slug}
    told = {who: browser.get("/office/sign-on/", there).status_code for who, browser in world.browsers.items()}
    may = dict.fromkeys((*OFFICE, Name.CHIEF, "refused"), 200)  # the chief is among the refused elsewhere
    assert told == {"nobody": 302} | dict.fromkeys(Name.values, 403) | may | {"elsewhere": 403}
    led = world.answer("nobody", "GET", "editions/<slug:slug>/office/sign-on/")
    assert led["Location"] == f"/office/sign-on/?edition={world.edition.slug}"


def test_a_private_link_opens_what_is_its_holders_and_nothing_else(world: World) -> None:
    first, mate = world.team
    payer, rider, manager = link(world.alone), link(first, own=True), link(first)
    holders = [
        (payer, world.alone), (rider, first), (manager, first), (link(world.stranger), world.alone), (rider, mate),
        (manager, world.alone),
    ]  # fmt: skip
    gone = link(world.stranger, own=True)
    PrivateLink.objects.filter(rider=world.stranger.rider).update(revoked_at=world.alone.created_at)
    wrong, shut = {}, (("office", "/my/no-such-secret/"), ("nobody", gone))
    for (method, page), statuses in OWN.items():
        closed = [opened(world, who, method, at, page, world.alone) for who, at in shut]
        # Those who may not come first: whoever may changes what they would meet.
        told = [opened(world, "nobody", method, at, page, whose) for at, whose in reversed(holders[: len(statuses)])]
        if (tuple(reversed(told)), closed) != (statuses, [404, 404]):
            wrong[method, page] = (tuple(reversed(told)), closed)
    assert wrong == {}
    for page in {page for _method, page in OWN}:
        for method in {"GET", "POST"} - {one for one, other in OWN if other == page}:
            assert opened(world, "nobody", method, manager, page, first) == 405, (method, page)


def link(entry: Entry, *, own: bool = False) -> str:
    """`/my/<secret>/` of the payer, or of the rider of an entry."""
    assert entry.registration is not None
    return links.path(links.make(entry.registration, entry.rider if own else None))


def opened(world: World, who: str, method: str, start: str, page: str, whose: Entry) -> int:
    """The status of a page behind a link, for what belongs to an entry."""
    paper = Document.objects.filter(rider=whose.rider).order_by("pk")[0]
    values = {"entry": whose.pk, "rider": whose.rider_id, "document": paper.pk, "kind": "insurance", "number": 0}
    there = start + re.sub(r"<\w+:(\w+)>", lambda found: str(values[found[1]]), page)
    body = {"forget": whose.rider_id, "sure": "yes", "signer": "名", "version": 2, "way": "on_site"}
    sent = {"paper": SimpleUploadedFile("a.pdf", b"%PDF-1.7 again")} if "papers/" in page else {}
    browser = world.browsers[who]
    return int((browser.post(there, body | sent) if method == "POST" else browser.get(there)).status_code)


def test_no_address_takes_a_method_that_has_no_line(world: World) -> None:
    office = {f"editions/<slug:slug>/office/{page}": methods for page, methods in PAGES.items()}
    line = {f"editions/<slug:slug>/line/{page}": dict.fromkeys(methods, 0) for page, methods in LINE.items()}
    officials = {
        f"editions/<slug:slug>/officials/{page}": dict.fromkeys(methods, 0) for page, methods in OFFICIALS.items()
    }
    named = PUBLIC | office | line | officials | {"office/sign-on/": {"GET": 200}, "login/": {"GET": 200, "POST": 200}}
    told = {
        (method, route): world.answer("nobody", method, route).status_code
        for route, methods in named.items() for method in {"GET", "POST", "PUT", "DELETE"} - {*methods}
        if (method, route) not in {("PUT", "login/")}
    }  # fmt: skip
    assert {key: status for key, status in told.items() if status != 405} == {}


def test_the_back_office_of_the_site_opens_to_its_staff_only(world: World) -> None:
    """A role of a race, even the administrator's, is no account of the site's own staff."""
    everything = User.objects.create(username="every role")
    Role.objects.bulk_create(Role(user=everything, edition=world.edition, name=name) for name in Name.values)
    root = User.objects.create(username="root", is_superuser=True, is_staff=True)
    outside, inside = [signed_in(None), signed_in(everything)], signed_in(root)
    walked = [route for route in routes() if route.startswith("admin/") and "(?P<" not in route]
    wrong = {}
    for route in set(walked) - {"admin/login/", "admin/logout/"}:
        there = "/" + re.sub(r"<(?:\w+:)?\w+>", "1", route)
        told = [led(one.get(there)) for one in outside]
        if not all(to.startswith("/admin/login/") for to in told):
            wrong[there] = told
    assert wrong == {}
    lists = {route for route in walked if f"{route}add/" in walked}
    assert {inside.get(f"/{route}").status_code for route in lists} == {200}
    adding = {route for route in lists if inside.get(f"/{route}add/").status_code != 403}
    assert adding == {"admin/auth/group/", "admin/race/user/"}
    assert Payment.objects.count() == 1


def led(answer: HttpResponseBase) -> str:
    """Where an answer leads; its status where it does not."""
    return answer["Location"] if answer.status_code == 302 else str(answer.status_code)
