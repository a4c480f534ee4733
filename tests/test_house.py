"""The house rules that can be counted."""

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.clone import ROOT

PACKAGES = ("config", "race", "timing", "results", "ui", "seeds", "launch", "bench", "tests")
LONGEST_FUNCTION, USUAL_FUNCTION, LONGEST_FILE = 50, 35, 400
NO_NAMES = {"utils", "helpers", "common", "core", "services", "manager"}
# Spelled apart, so that this file does not find itself.
NO_WORDS = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b")
LOCKS = ("requirements.lock", "requirements-local.lock", "requirements-dev.lock")


def sources(*packages: str) -> Iterator[Path]:
    """Every Python file of ours in these packages."""
    for package in packages:
        yield from sorted(path for path in (ROOT / package).rglob("*.py") if "__pycache__" not in path.parts)


def written() -> Iterator[Path]:
    """The files a person writes: migrations are made, ./run has no ending."""
    yield ROOT / "run"
    yield ROOT / "manage.py"
    yield from (path for path in sources(*PACKAGES) if "migrations" not in path.parts)


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def functions(path: Path) -> list[tuple[str, int]]:
    """Name and length in lines of each function."""
    return [
        (f"{name(path)}: {node.name}", (node.end_lineno or 0) - node.lineno + 1)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def test_no_function_is_longer_than_a_screen() -> None:
    assert [found for path in written() for found, length in functions(path) if length > LONGEST_FUNCTION] == []


def test_functions_are_usually_short() -> None:
    lengths = sorted(length for path in written() for _, length in functions(path))
    assert lengths[int(len(lengths) * 0.95)] <= USUAL_FUNCTION


def test_no_file_is_longer_than_one_reads() -> None:
    assert [name(path) for path in written() if len(path.read_text().splitlines()) > LONGEST_FILE] == []


def test_rooms_are_named_after_what_people_do() -> None:
    assert [name(path) for path in written() if {path.stem, *path.relative_to(ROOT).parts} & NO_NAMES] == []


def test_nothing_is_left_for_later() -> None:
    assert [name(path) for path in written() if NO_WORDS.search(path.read_text())] == []


def test_no_error_is_swallowed_in_silence() -> None:
    def silent(node: ast.AST) -> bool:
        return isinstance(node, ast.ExceptHandler) and all(isinstance(line, ast.Pass) for line in node.body)

    found = [name(path) for path in written() if any(map(silent, ast.walk(ast.parse(path.read_text()))))]
    assert found == []


def test_no_test_is_skipped_or_expected_to_fail() -> None:
    marks = re.compile(r"\b(skip|skipif|xfail|importor" + r"skip)\b\s*\(|mark\.(skip|xfail)")
    assert [
        name(path) for path in sources("tests") if path.name != "test_house.py" and marks.search(path.read_text())
    ] == []


def test_public_functions_tell_what_they_mean() -> None:
    def silent(path: Path) -> Iterator[str]:
        for node in ast.parse(path.read_text()).body:
            public = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name[0] != "_"
            if public and not ast.get_docstring(node):
                yield f"{name(path)}: {node.name}"

    ours = [path for path in written() if path.parts[len(ROOT.parts)] != "tests"]
    assert [found for path in ours for found in silent(path)] == []


def test_the_locks_hold_what_the_lists_ask_for_with_hashes_and_no_address() -> None:
    text = {lock: (ROOT / lock).read_text() for lock in LOCKS}
    for lock, content in text.items():
        assert re.findall(r"^(?:-|https?:|file:).*|.*(?:--index-url|--find-links|@ ).*", content, re.MULTILINE) == [], (
            lock
        )
        entries = re.split(r"\n(?=\S)", content.strip())
        assert [entry for entry in entries if "--hash=sha256:" not in entry] == [], lock
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    lists = [
        project["project"]["dependencies"],
        project["dependency-groups"]["local"],
        project["dependency-groups"]["dev"],
    ]
    for (lock, content), wanted in zip(text.items(), lists, strict=True):
        pins = re.findall(r"^([\w.-]+)==([^\s;]+)", content, re.MULTILINE)
        locked = {(canonicalize_name(package), version) for package, version in pins}
        asked = [Requirement(line) for line in wanted]
        missing = [
            str(one)
            for one in asked
            if not any(
                package == canonicalize_name(one.name) and version in one.specifier for package, version in locked
            )
        ]
        assert missing == [], lock


def test_a_package_has_one_version_in_all_locks() -> None:
    pins: dict[tuple[str, str], set[str]] = {}
    for lock in LOCKS:
        found = re.findall(r"^([\w.-]+)==([^\s;]+)(?: ; ([^\\\n]+))?", (ROOT / lock).read_text(), re.MULTILINE)
        for package, version, marker in found:
            pins.setdefault((package, marker.strip()), set()).add(version)
    assert {package: versions for package, versions in pins.items() if len(versions) > 1} == {}


def test_the_two_commands_come_first_and_every_link_leads_somewhere() -> None:
    for readme in ("README.md", "README.zh-CN.md"):
        text = (ROOT / readme).read_text()
        block = text.split("```sh\n")[1].split("```")[0]
        assert [line.split("#")[0].strip() for line in block.splitlines()] == ["./run demo", "./run test"]
    texts = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    targets = [
        (name(path), target)
        for path in texts
        for target in re.findall(r"\]\(([^)#:\s]+)[^):]*\)", path.read_text())
        if not (path.parent / target).exists()
    ]
    assert targets == []


def test_every_command_of_run_that_is_written_down_exists() -> None:
    table = (ROOT / "run").read_text()
    known = set(re.findall(r'^        "(\w+)": \w+\.\w+,$', table, re.MULTILINE))
    texts = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / ".ci" / "run"]
    said = {word for path in texts for word in re.findall(r"\./run (\w+)", path.read_text())}
    assert known == {"demo", "test", "check", "manage", "services", "reset", "bench", "fuzz"}
    assert said - known == set()
