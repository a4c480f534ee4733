"""docker-compose.yml, Dockerfile, .env.example and docs/deploy.md against the project they start."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

import pytest
import yaml

from tests.clone import ROOT, outside_environment

COMMANDS = {
    "migrate": "python manage.py migrate --no-input",
    "web": "uvicorn config.asgi:application --host 0.0.0.0 --port 8000",
    "worker": "celery -A config worker -Q live,ingest,celery -c 2",
    "beat": "celery -A config beat -s /var/lib/daguguan/beat",
    "gateway": "python manage.py gateway",
}
# The official image reads these; our settings do not.
OF_POSTGRES = {"POSTGRES_USER", "POSTGRES_DB", "POSTGRES_PASSWORD", "POSTGRES_INITDB_ARGS"}
# Names that compose itself uses, to publish ports and to tag the image.
OF_COMPOSE = {"WEB_BIND", "MYLAPS_BIND", "VERSION", "POSTGRES_PASSWORD"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / "docker-compose.yml").read_text()))


def settings_names() -> set[str]:
    """The names that config/settings.py reads from the environment."""
    return set(re.findall(r'env\.\w+\("([A-Z_]+)"', (ROOT / "config" / "settings.py").read_text()))


def instructions(stage: int) -> list[tuple[str, str]]:
    """The instructions of a stage of the Dockerfile, continued lines joined, comments left out."""
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    stages = "\n".join(lines).split("FROM ")[1:]
    split = [line.partition(" ") for line in stages[stage].splitlines()[1:]]
    return [(word, " ".join(rest.split())) for word, _, rest in split]


def test_the_images_and_the_commands(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert set(services) == {"postgres", "redis", *COMMANDS}
    assert {name: services[name]["image"] for name in ("postgres", "redis")} == {
        "postgres": "postgres:18",
        "redis": "redis:8",
    }
    assert {services[name]["image"] for name in COMMANDS} == {"daguguan:${VERSION:-latest}"}
    assert {name: services[name]["command"] for name in COMMANDS} == COMMANDS


def test_every_part_that_stays_has_a_health_check_and_comes_back(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert {name for name, service in services.items() if "healthcheck" in service} == set(services) - {"migrate"}
    assert {name: service["restart"] for name, service in services.items()} == {
        name: "no" if name == "migrate" else "unless-stopped" for name in services
    }


def test_the_order_of_starting(compose: dict[str, Any]) -> None:
    waits = {name: service.get("depends_on", {}) for name, service in compose["services"].items()}
    after = {
        "migrate": {"condition": "service_completed_successfully"},
        "redis": {"condition": "service_healthy"},
    }
    healthy = {"postgres": {"condition": "service_healthy"}}
    expected = {"postgres": {}, "redis": {}, "migrate": healthy}
    assert waits == expected | dict.fromkeys(("web", "worker", "beat", "gateway"), after)


def test_ours_run_with_as_few_rights_as_they_need(compose: dict[str, Any]) -> None:
    for name in COMMANDS:
        service = compose["services"][name]
        rights = {key: service[key] for key in ("init", "read_only", "cap_drop", "security_opt")}
        wanted = {"init": True, "read_only": True, "cap_drop": ["ALL"], "security_opt": ["no-new-privileges:true"]}
        assert rights == wanted, name
    last = instructions(1)
    words = [word for word, _ in last]
    assert (
        last[words.index("USER")],
        words.index("USER") > max(i for i, word in enumerate(words) if word == "RUN"),
    ) == (
        ("USER", "daguguan"),
        True,
    )


def test_what_is_kept_lies_in_named_volumes(compose: dict[str, Any]) -> None:
    kept = {name: service.get("volumes", []) for name, service in compose["services"].items()}
    ours = {name: ["state:/var/lib/daguguan"] for name in COMMANDS}
    # Since version 18 the image keeps its data in a folder of the version below this one.
    assert kept == ours | {"postgres": ["postgres:/var/lib/postgresql"], "redis": ["redis:/data"]}
    assert set(compose["volumes"]) == {"postgres", "redis", "state"}


def test_every_name_in_the_environment_is_a_setting(compose: dict[str, Any]) -> None:
    services = compose["services"]
    given = {name for service in COMMANDS for name in services[service]["environment"]}
    assert given - settings_names() == set()
    assert set(services["postgres"]["environment"]) == OF_POSTGRES
    image = {pair.split("=")[0] for word, rest in instructions(1) if word == "ENV" for pair in shlex.split(rest)}
    assert image - settings_names() == {"PATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "DJANGO_SETTINGS_MODULE"}


def test_the_example_holds_what_compose_asks_for() -> None:
    asked = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text()))
    example = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert example == asked
    assert asked - settings_names() == OF_COMPOSE


def test_every_setting_is_explained() -> None:
    table = (ROOT / "docs" / "deploy.md").read_text()
    first_cells = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]
    explained = {name for cell in first_cells for name in re.findall(r"`([A-Z_]+)`", cell)}
    assert explained == settings_names() | OF_COMPOSE


def test_the_image_holds_what_runs_and_nothing_else() -> None:
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "bench", "launch"}
    assert kept == packages | {"locale", "manage.py", "pyproject.toml", "requirements.lock", "LICENSE"}
    assert (ROOT / ".dockerignore").read_text().startswith("*\n")


def test_the_steps_of_the_dockerfile_work_in_a_clean_place(tmp_path: Path) -> None:
    """Its RUN steps, with /opt/venv and the working folder moved here, and what the image would then start."""
    venv, work = tmp_path / "venv", tmp_path / "work"
    work.mkdir()
    for name in re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE):
        subprocess.run(["cp", "-R", str(ROOT / name), str(work)], check=True)
    python = sys._base_executable  # type: ignore[attr-defined]  # of the machine, with pip, as in the first stage
    # Only what is imported gets compiled, once: pip would compile all there is, which is half of this test's time.
    environment = outside_environment(PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_NO_COMPILE="1", DEBUG="0")
    for name in ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE"):
        environment.pop(name, None)

    def step(command: str, **more: str) -> None:
        done = subprocess.run(
            command, shell=True, cwd=work, env=environment | more, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"

    for word, rest in instructions(0):
        if word == "RUN":
            step(rest.replace("python ", f"{python} ", 1).replace("/opt/venv", str(venv)))
    environment["PATH"] = f"{venv / 'bin'}{os.pathsep}{environment['PATH']}"
    runs = [rest for word, rest in instructions(1) if word == "RUN" and "useradd" not in rest]
    for rest in runs:
        step(rest)
    secret = {
        "SECRET_KEY": token_urlsafe(50),
        "IDENTITY_KEYS": token_urlsafe(50),
        "HTTPS": "1",
        "STATE_DIR": str(tmp_path / "state"),
    }
    step("python manage.py check --deploy --fail-level WARNING", **secret)
    step("python -c 'import config.asgi, config.celery'", **secret)
    step(f"test $(command -v uvicorn) = {venv}/bin/uvicorn && test $(command -v celery) = {venv}/bin/celery", **secret)
    assert len(runs) == 2
