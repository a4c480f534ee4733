"""Every act of `tests/results/who_may.py` by everybody in every state, with real requests; nothing may be missing there."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.template.base import Template
from django.test import Client
from django.test.client import ClientHandler
from django.urls import URLPattern, URLResolver, get_resolver, resolve

from race import clock, gun, import_jobs, links
from race.models import Category, Edition, Entry, Registration, Role, User
from race.refused import Refused
from results import expected, prizes, protests, publication, ruling_evidence, rulings, to_do
from results.models import Draft, Evidence, PrizePayment, Protest, ProtestStep, Publication, RoundResult
from tests import cast
from tests.results.test_league import season
from tests.results.test_league_import import LIST
from tests.results.who_may import ACTS, PEOPLE, PUBLIC, RIDER, STATES, Act
from timing import corrections
from timing.clocks import microseconds

PHOTO = b"\xff\xd8\xff photo"
WAY_IN = ClientHandler(enforce_csrf_checks=False)


@dataclass
class Walk:
    """A race with everybody's browser, and what the acts name."""

    stage: cast.Cast
    secret: str
    browsers: dict[str, Client]
    named: dict[str, Any]
    sentences: dict[str, str] = field(default_factory=dict)
    drawn: list[Any] = field(default_factory=list)

    def fill(self, value: Any, who: str) -> Any:
        """An address or a body with what the race has in it."""
        if isinstance(value, dict):
            return {key: self.fill(one, who) for key, one in value.items()}
        if isinstance(value, list):
            return [self.fill(one, who) for one in value]
        if not isinstance(value, str) or "@" not in value:
            return value
        mine = self.named | {"secret": self.secret if who == RIDER else "no-such-secret"}
        if re.fullmatch(r"@\w+", value):
            made = mine[value[1:]]
            return made() if callable(made) else made
        return re.sub(r"@(\w+)", lambda found: str(mine[found[1]]), value)

    def answer(self, who: str, act: Act) -> str:
        """`ok`, `no`, or the code of the refusal."""
        address, body = "/" + self.fill(act.address, who), self.fill(act.body, who)
        browser = self.browsers[who]
        self.drawn.clear()
        self.sentences.clear()
        browser.cookies.pop("messages", None)
        if act.method == "GET":
            got = browser.get(address)
        elif act.address.startswith("api/") and not any(hasattr(one, "read") for one in body.values()):
            got = browser.generic(act.method, address, json.dumps(body), content_type="application/json")
        else:
            got = browser.post(address, body)
        return self.told(act, got)

    def others(self, act: Act) -> str:
        """Somebody who holds every role that may not do it, but for those that would include one that may."""
        roles = [name for name in Role.Name.values if name not in act.who]
        key = " ".join(roles)
        if key not in self.browsers:
            user = User.objects.create(username=f"not one of {len(self.browsers)}")
            Role.objects.bulk_create(Role(user=user, edition=self.stage.edition, name=name) for name in roles)
            self.browsers[key] = browser_of(user)
        return key

    def told(self, act: Act, got: Any) -> str:
        status = got.status_code
        if act.address.startswith("my/") and got.wsgi_request.path.startswith("/my/no-such-secret"):
            return "no" if status == 404 else str(status)
        if status in (401, 403) or (status == 302 and got["Location"].startswith("/login/")):
            return "no"
        if status == 404:
            return "404"
        if got.headers.get("Content-Type", "").startswith("application/json") and status >= 400:
            said = got.json()
            return " ".join(one["code"] for one in said["errors"]) if "errors" in said else said["code"]
        queued = [str(one) for one in get_messages(got.wsgi_request)._queued_messages]
        for sentence in queued + self.drawn:
            if sentence in self.sentences:
                return self.sentences[sentence]
        return "ok" if status < 400 else str(status)


@pytest.fixture
def walk(db: None, redis: Any, alone: None, monkeypatch: pytest.MonkeyPatch) -> Walk:
    stage = cast.make(laps=1)
    league = season(stage)
    Category.objects.filter(pk=stage.category.pk).update(prizes_fen=[80_000, 50_000, 30_000])
    job = import_jobs.Job(import_jobs.fresh_token(), stage.edition.pk, "r.csv", LIST, by=None, language="en")
    import_jobs.keep(job)
    at(stage, -10)
    registration = Registration.objects.create(edition=stage.edition, key="K")
    Entry.objects.filter(pk=stage.entries[2].pk).update(registration=registration)
    stage.reads("C3 08:10:00", "C4 08:11:00")
    shown = ruling_evidence.read([("a.jpg", PHOTO)])
    first = rulings.issue(stage.race, "warning", bib=3, reason="late", by=None, shown=shown)
    made = corrections.ignore(stage.read("C4", "08:11:00"), by=None, evidence="a test")
    people: dict[str, Any] = {name: cast.person(stage.edition, name) for name in PEOPLE if name not in (PUBLIC, RIDER)}
    browsers = {who: browser_of(people.get(who)) for who in PEOPLE}
    named = {
        "read": stage.read("C3", "08:10:00").pk, "correction": made.pk, "wave": stage.wave.pk, "point": stage.finish.pk,
        "evidence": Evidence.objects.get(ruling=first).pk, "entry": stage.entries[2].pk,
        "fourth": stage.entries[4].pk, "code": "C1-0000", "gun": 0,
        "row": RoundResult.objects.get(round__league=league, name="外地人").pk, "token": job.token,
        "home_us": microseconds(cast.GUN) + 1_201_000_000,
        "photo": lambda: SimpleUploadedFile("b.jpg", PHOTO), "round": lambda: SimpleUploadedFile("r.csv", LIST),
    }  # fmt: skip
    found = Walk(stage, links.path(links.make(registration)).split("/")[2], browsers, named)
    listen(found, monkeypatch)
    return found


def browser_of(user: User | None) -> Client:
    made = Client(headers={"accept-language": "en"})
    made.handler = WAY_IN
    if user is not None:
        made.force_login(user)
    return made


def listen(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which sentence is of which code, and what a page would say; no page is drawn."""
    begun = Refused.__init__

    def remembered(self: Refused, code: str, message: str) -> None:
        begun(self, code, message)
        walk.sentences[self.message] = code

    def drawn(self: Template, context: Any) -> str:
        walk.drawn.extend(str(context[name]) for name in ("refused", "problem") if context.get(name))
        return ""

    monkeypatch.setattr(Refused, "__init__", remembered)
    monkeypatch.setattr(Template, "_render", drawn)


def at(stage: cast.Cast, minutes: int) -> None:
    """It is so many minutes after the gun."""
    edition = Edition.objects.get(pk=stage.edition.pk)
    clock.set_rehearsal(edition, event=cast.GUN + timedelta(minutes=minutes), speed=0)
    stage.race.edition.refresh_from_db()


def running(walk: Walk) -> None:
    stage = walk.stage
    walk.named["gun"] = gun.fire(stage.wave, cast.GUN, by=None).revision
    stage.reads("C1 09:20:00.100", "C2 09:20:00.400", "C3 09:20:00.440")
    at(stage, 25)


def closed(walk: Walk) -> None:
    rulings.issue(walk.stage.race, "dnf", bib=4, reason="swept", by=None)
    rulings.issue(walk.stage.race, "close", reason="all in", by=None)
    at(walk.stage, 60)


def provisional(walk: Walk) -> None:
    made = publication.publish(walk.stage.race, by=None)
    walk.named["code"] = made.communique.code


def protested(walk: Walk) -> None:
    entry = Entry.objects.select_related("race__edition").get(pk=walk.stage.entries[2].pk)
    protests.file(walk.stage.race, bibs=[1], text="took my line", by_entry=entry)
    at(walk.stage, 75)


def past(walk: Walk) -> None:
    protest = Protest.objects.get(race=walk.stage.race)
    protests.deposit(protest, "deposit", by=None)
    protests.decide(protest, "rejected", reason="seen on the photo", by=None)
    at(walk.stage, 91)


def official(walk: Walk) -> None:
    publication.publish(walk.stage.race, by=None, standing="official")
    prizes.pay(walk.stage.race, "ME", "bib:3", amount_fen=30_000, receipt="16", by=None)
    rulings.issue(walk.stage.race, "dsq", bib=1, reason="doping", by=None)


def amended(walk: Walk) -> None:
    publication.publish(walk.stage.race, by=None, standing="amended", reason="doping", cause="disciplinary")
    at(walk.stage, 130)


TO: dict[str, Callable[[Walk], None]] = {
    "running": running, "closed": closed, "provisional": provisional, "protested": protested, "past": past,
    "official": official, "amended": amended,
}  # fmt: skip


def test_everybody_gets_in_every_state_what_the_table_says(walk: Walk) -> None:
    """Each act is refused in each state to all who may not, and done in each state by one of those who may, in turn; with
    the thorough profile by each of them."""
    wrong: dict[str, Any] = {}
    for turn, state in enumerate(STATES):
        if state in TO:
            TO[state](walk)
        wrong |= refused_by_role(walk, state)
        before = written(walk)
        for name, act in ACTS.items():
            told = {who: done(walk, who, act, before) for who in in_turn(act, turn)}
            if set(told.values()) != {act.when.get(state, "ok")}:
                wrong[f"{state}: {name}"] = told
    assert not wrong, "\n".join(f"{at}: {told}" for at, told in wrong.items())


def in_turn(act: Act, turn: int) -> list[str]:
    """Who does an act in this state: over all states, everybody who may."""
    may = [who for who in PEOPLE if who in act.who]
    if os.environ.get("HYPOTHESIS_PROFILE") == "thorough":
        return may
    return [who for place, who in enumerate(may) if place % len(STATES) == turn % min(len(may), len(STATES))]


def refused_by_role(walk: Walk, state: str) -> dict[str, Any]:
    """Where somebody who may not gets another answer than no. Nothing is rolled back: nothing may be written.

    Roles only add up: one person who holds every role that may not asks for all of them.
    """
    before, wrong = written(walk), {}
    for name, act in ACTS.items():
        if act.who == set(PEOPLE):
            continue
        asking = [
            who for who in (PUBLIC, RIDER) if who not in act.who and (who == PUBLIC or act.address.startswith("my/"))
        ]
        told = {who: walk.answer(who, act) for who in (*asking, walk.others(act))}
        if set(told.values()) != {"no"}:
            wrong[f"{state}: {name}"] = told
    assert written(walk) == before, f"{state}: somebody who may not has written"
    return wrong


def done(walk: Walk, who: str, act: Act, before: tuple[int, ...]) -> str:
    """What somebody gets who may; whatever it writes is taken back. A refusal writes nothing."""
    with transaction.atomic():
        told = walk.answer(who, act)
        if told != "ok" and written(walk) != before:
            told += ", and something was written"
        transaction.set_rollback(True)
    to_do.forget()
    expected.forget()
    return told


def written(walk: Walk) -> tuple[int, ...]:
    """What an act would move."""
    revision = Edition.objects.values_list("revision", flat=True).get(pk=walk.stage.edition.pk)
    return revision, Draft.objects.count(), Evidence.objects.count(), PrizePayment.objects.count()


def test_every_address_that_takes_something_is_in_the_table(walk: Walk) -> None:
    tried = {
        (act.method, bare(resolve(f"/{walk.fill(act.address, RIDER)}".split("?")[0]).route)) for act in ACTS.values()
    }
    offered = set(addresses(walk.browsers[PUBLIC]))
    missing = "\n".join(map(str, sorted(offered - tried)))
    assert not missing, f"an act of each of these belongs into tests/results/who_may.py:\n{missing}"


def addresses(browser: Client, resolver: URLResolver | None = None, before: str = "") -> Iterator[tuple[str, str]]:
    """(method, route) of what the results side offers: its interface for machines, and every form of its pages."""
    for one in (resolver or get_resolver()).url_patterns:
        here = before + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from addresses(browser, one, here)
        elif isinstance(one, URLPattern) and ours(one.callback):
            machine = getattr(one.callback, "cls", None)
            if machine is not None:
                yield from (
                    (name.upper(), here)
                    for name in machine.http_method_names
                    if hasattr(machine, name) and name != "options"
                )
            elif browser.post("/" + re.sub(r"<(\w+):\w+>", lambda found: "1", here)).status_code != 405:
                yield "POST", bare(here)


def bare(route: str) -> str:
    """A route of the desk without the edition's name: the same view stands at both addresses."""
    return route.removeprefix("editions/<slug:slug>/")


def ours(callback: Any) -> bool:
    """Whether a view belongs to the results side, or to what a result rests on."""
    view = getattr(callback, "cls", callback)
    return view.__module__.startswith(OURS) or view.__qualname__ == "Guns"


OURS = ("results.", "timing.api.corrections", "timing.views.corrections", "timing.views.guns")


def test_every_kind_of_ruling_of_step_and_of_standing_is_tried() -> None:
    kinds = {act.body.get("kind") for act in ACTS.values() if act.address.endswith("/open/rulings/")}
    steps = {act.body["kind"] for act in ACTS.values() if act.address.endswith("/steps/")}
    standings = {
        act.body["standing"] for act in ACTS.values() if act.address.endswith("/open/publications/") and act.body
    }
    assert kinds - {None} == set(rulings.KINDS)
    assert steps == set(ProtestStep.Kind.values)
    assert standings == set(Publication.Standing.values)
    assert {who for act in ACTS.values() for who in act.who} == set(PEOPLE)
