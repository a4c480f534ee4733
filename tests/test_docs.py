"""What the documents say is what the code does: places, commands, routes, boards, rulings, refusals, and every example."""

import ast
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import get_commands, load_command_class

from config import api
from launch import demo
from race.models import Category, Course, Edition, Entry, Race, Token, User, Wave
from race.permissions import Anyone
from results import board, rulings
from tests import cast
from tests.clone import ROOT
from timing import pad
from timing.models import Channel, Source

DOCS = {path.relative_to(ROOT): path.read_text() for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]}
API = DOCS[Path("docs/api.md")]
FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
APPS = ("config", "race", "timing", "results", "ui", "seeds", "launch")
FURNITURE = {"__init__.py", "apps.py", "__pycache__", "migrations", "management"}
DIFFERS = {
    "id", "code", "token", "secret", "expires_at", "until", "sha256", "size", "peer", "received_at", "recorded_at",
    "revision", "hash", "real",
}  # fmt: skip


def section(text: str, title: str) -> str:
    """What stands under a heading, up to the next one of its level or a higher one."""
    head = re.search(rf"^(#+) {re.escape(title)}$", text, re.MULTILINE)
    assert head is not None, title
    return re.split(rf"^#{{1,{len(head[1])}}} ", text[head.end() :], maxsplit=1, flags=re.MULTILINE)[0]


def table(text: str) -> list[list[str]]:
    """The cells of the rows of a text's tables whose first cell is code."""
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in text.splitlines() if row.startswith("| `")]


def codes(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


# --- places and links -----------------------------------------------------------------------------------------------


def places() -> set[str]:
    """Every path of the tree in docs/map.md."""
    block = next(body for _, kind, body in FENCE.findall(DOCS[Path("docs/map.md")]) if kind == "text")
    found: set[str] = set()
    above: list[str] = []
    for line in block.splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        above = [*above[:depth], line.split()[0].rstrip("/")]
        found.add("/".join(above))
    return found


def test_the_map_names_only_places_that_exist() -> None:
    assert [place for place in sorted(places()) if not (ROOT / place).exists()] == []


def is_room(path: Path) -> bool:
    """Whether a map has to show it: a module, or a folder with something in it."""
    return path.suffix == ".py" or (path.is_dir() and any(one.is_file() for one in path.rglob("*")))


@pytest.mark.parametrize("app", [*APPS, "results/scoring"])
def test_the_map_names_every_room_of_an_app(app: str) -> None:
    inside = [path for path in (ROOT / app).iterdir() if path.name not in FURNITURE and path.name[0] != "."]
    assert {f"{app}/{path.name}" for path in inside if is_room(path)} - places() == set()


def anchor(heading: str) -> str:
    """The fragment that leads to a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def links() -> Iterator[tuple[Path, Path, str]]:
    """Every link within the project: where it stands, the file it means, and the heading (or nothing)."""
    for path, text in DOCS.items():
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if not re.match(r"[a-z]+:", target):
                file, _, fragment = target.partition("#")
                meant = (ROOT / path.parent / file).resolve() if file else ROOT / path
                yield path, meant.relative_to(ROOT), fragment


def test_every_link_leads_to_a_file_and_its_heading() -> None:
    def dead(meant: Path, fragment: str) -> bool:
        headings = re.findall(r"^#+ (.+)$", DOCS.get(meant, ""), re.MULTILINE)
        return not (ROOT / meant).exists() or (bool(fragment) and fragment not in map(anchor, headings))

    assert [f"{path}: {meant}#{part}" for path, meant, part in links() if dead(meant, part)] == []


@pytest.mark.parametrize("start", ["README.md", "README.zh-CN.md", "CONTRIBUTING.md"])
def test_every_document_is_found_from_the_start(start: str) -> None:
    """From each of the three pages a newcomer opens, links lead to all others."""
    leads: dict[Path, set[Path]] = {path: set() for path in DOCS}
    for path, meant, _ in links():
        below = [meant] if meant in DOCS else [one for one in DOCS if one.parent == meant]
        leads[path] |= set(below)
    reached, ahead = set(), {Path(start)}
    while ahead:
        reached |= ahead
        ahead = set().union(*(leads[path] for path in ahead)) - reached
    assert {path for path in DOCS if path.parts[0] == "docs"} - reached == set()


def test_no_document_names_a_place_on_one_machine() -> None:
    own = re.compile(r"(?<![\w.~}])/(?:work|home|root|tmp|Users|mnt)/\S*")
    assert {path: found for path, text in DOCS.items() if (found := own.findall(text))} == {}


# --- commands -------------------------------------------------------------------------------------------------------


def commands(program: str) -> list[tuple[Path, list[str]]]:
    """Every command line of the documents that calls a program, as arguments; brackets of what may be left out are gone."""
    found = []
    for path, text in DOCS.items():
        lines = [line for _, kind, body in FENCE.findall(text) if kind in ("", "sh") for line in body.splitlines()]
        lines += [code for code in re.findall(r"`([^`\n]+)`", FENCE.sub("", text)) if code.startswith(program)]
        for line in lines:
            _, called, rest = line.partition(program + " ")
            if called and "..." not in rest:
                found.append((path, shlex.split(re.sub(r"[][]", "", rest), comments=True)))
    return found


def managed() -> list[list[str]]:
    ours = [line[1:] for _, line in commands("./run") if line[:1] == ["manage"] and len(line) > 1]
    return [*ours, *(line for _, line in commands("manage.py"))]


@pytest.mark.parametrize("line", managed(), ids=" ".join)
def test_a_manage_command_and_its_options_exist(line: list[str]) -> None:
    command = load_command_class(get_commands()[line[0]], line[0])
    parser = command.create_parser("manage.py", line[0])
    options = {option for action in parser._actions for option in action.option_strings}
    assert {word for word in line[1:] if word.startswith("--")} - options == set()
    if any(not word.startswith("--") for word in line[1:]):  # a whole call, not only a mention
        parser.parse_args(line[1:])


@pytest.mark.parametrize("line", [line for _, line in commands("./run") if line[:1] == ["demo"]], ids=" ".join)
def test_a_demo_of_the_documents_can_be_started(line: list[str]) -> None:
    demo.options([re.sub("^N$", "1", word) for word in line[1:]])


# --- the API --------------------------------------------------------------------------------------------------------


def routes() -> dict[str, set[str]]:
    """Method and address of every route -> who may."""
    found = {}
    for pattern in api.urlpatterns:
        address = "/" + re.sub(r"<\w+:(\w+)>", r"{\1}", str(pattern.pattern))
        if not address.startswith("/api/v1/"):
            continue
        view: Any = pattern.callback.view_class  # type: ignore[attr-defined]
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            if hasattr(view, method.lower()):
                roles = {} if Anyone in view.permission_classes else view.roles
                found[f"{method} {address}"] = set(map(str, roles.get(method, roles.get("*", ("public",)))))
    return found


def test_every_route_stands_in_the_document_with_who_may() -> None:
    told = {codes(cells[0])[0]: set(cells[1].split(", ")) for cells in table(section(API, "Routes"))}
    assert told == routes()
    others = {f"/{pattern.pattern}" for pattern in api.urlpatterns} - {route.split()[1] for route in routes()}
    assert [address for address in others if "/v1/" not in address and address not in API] == []


def test_every_kind_of_ruling_stands_in_the_document_with_its_details() -> None:
    told = {
        codes(kind)[0]: (about == "a rider", set(codes(re.sub(r"\[.*?\]", "", details))), set(codes(details)))
        for kind, about, details, _ in table(section(API, "Rulings"))
    }
    known = {kind: (rider, set(must), {*must, *may}) for kind, (rider, must, may) in rulings.KINDS.items()}
    assert told == known


def refusals() -> dict[str, int]:
    """Every code a rule says no with -> its HTTP status."""
    found = {}
    for path in (path for app in ("race", "timing", "results") for path in (ROOT / app).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Refused":
                for part in ast.walk(node.args[0]):
                    if isinstance(part, ast.Constant):
                        wrong = part.value in api.UNPROCESSABLE or part.value == api.IDENTITY
                        found[str(part.value)] = 422 if wrong else 409
    return found


def test_every_refusal_stands_in_the_document_with_its_status() -> None:
    rows = [row for row in table(section(API, "Errors")) if len(row) == 3]
    assert {code: int(status) for cell, status, _ in rows for code in codes(cell)} == refusals()


def test_every_key_of_the_board_and_the_delta_is_explained() -> None:
    known = set(board.COLUMNS)
    for node in ast.walk(ast.parse((ROOT / "results" / "board.py").read_text())):
        keys: list[Any] = node.keys if isinstance(node, ast.Dict) else []
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            keys = [node.slice]
        known |= {key.value for key in keys if isinstance(key, ast.Constant)}
    told = {code for cells in table(section(API, "The board")) for code in codes(cells[0])}
    assert told == known


# --- examples -------------------------------------------------------------------------------------------------------


def stage() -> cast.Cast:
    """The cast's race under the names that the documents use."""
    made = cast.make()
    Edition.objects.update(slug="luoyang-2024")
    Race.objects.update(slug="luoyang-2024-me")
    Wave.objects.update(code="ME")
    Category.objects.update(mark="circle")
    Course.objects.update(code="road")
    Source.objects.update(make="mylaps")
    Entry.objects.update(signed_on=False)
    made.edition.refresh_from_db()
    return made


def examples() -> list[tuple[str, str | None]]:
    """Each request of docs/api.md with the answer printed below it."""
    blocks = [(kind, body) for _, kind, body in FENCE.findall(API)]
    answers = [body if kind == "json" else None for kind, body in blocks[1:]] + [None]
    return [(body, answer) for (kind, body), answer in zip(blocks, answers, strict=True) if kind == "http"]


def shape(value: Any) -> Any:
    """The keys of an answer, without its values; of a list of objects, those of its first one."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    return [shape(value[0])] if isinstance(value, list) and isinstance(next(iter(value), None), dict) else None


def lasting(value: Any) -> Any:
    """An answer without what differs from one run to the next; a ruling is issued at whatever time it is."""
    differs = {*DIFFERS, "at"} if "hash" in value else DIFFERS
    return {key: inner for key, inner in value.items() if key not in differs}


def play(client: Any, made: cast.Cast, example: str) -> tuple[str, int, Any]:
    """Send a request of the document; its method, the status and the answer."""
    head, _, body = example.partition("\n\n")
    first, *lines = head.strip().splitlines()
    method, address = first.split()
    address = address.replace("/sources/1/", f"/sources/{Source.objects.get(name='Finish').pk}/")
    headers = dict(line.split(": ", 1) for line in lines)
    kind = headers.pop("Content-Type", "application/json")
    if headers.get("Authorization") == "Bearer <pad>":
        opened = pad.open_pad(made.edition, made.finish, "Phone 9", by=cast.person(made.edition, "timing_crew"))
        headers["Authorization"] = f"Bearer {opened.secret}"
    elif "Authorization" in headers:
        headers |= cast.bearer(made.edition, headers["Authorization"].removeprefix("Bearer <").removesuffix(">"))
    answer = client.generic(method, address, body.encode(), content_type=kind, headers=headers)
    return method, answer.status_code, answer.json()


@pytest.mark.django_db
def test_every_example_answers_as_it_is_printed(client: Any) -> None:
    made, played = stage(), examples()
    for example, printed in played:
        method, status, answer = play(client, made, example)
        assert status in (200, 201), (example, answer)
        if printed is None:
            assert "/board/" in example
            continue
        expected = json.loads(printed)
        assert shape(answer) == shape(expected), example
        if method != "GET":
            assert lasting(answer) == lasting(expected), example
    assert len(played) == len(re.findall("^```http$", API, re.MULTILINE)) > 15


@pytest.mark.django_db
def test_what_the_runbook_types_into_the_shell_works() -> None:
    made = stage()
    User.objects.create(username="ann")
    for _, kind, body in FENCE.findall(DOCS[Path("docs/race-day.md")]):
        if kind == "python":
            exec(compile(body, "docs/race-day.md", "exec"), {"print": lambda secret: None})
    token, channel = Token.objects.get(), Channel.objects.get(kind="tcp")
    assert (token.edition_id, token.role, token.user.username) == (made.edition.pk, Token.DELIVERIES, "ann")
    assert (channel.port, [source.name for source in channel.sources.order_by("name")]) == (3097, ["Backup", "Finish"])
