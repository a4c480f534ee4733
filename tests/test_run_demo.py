"""The demo itself: it opens, heals, says where it is, and goes without a trace."""

import signal
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from launch.state import _marked as marked
from tests.clone import Clone, gone
from tests.ports import free_port

PARTS = ("beat", "gateway", "postgres", "simulator", "valkey", "web", "worker")


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Clone]:
    made = Clone(tmp_path / "clone")
    yield made
    made.close()


def page(url: str) -> int | None:
    """The status of a page, or nothing while nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return int(answer.status)
    except OSError:
        return None


def test_the_demo_opens_heals_and_ends(clone: Clone, killed: Callable[[int], None]) -> None:
    url = f"http://127.0.0.1:{(port := free_port())}"
    run = clone.start("demo", "--port", str(port))
    run.wait(lambda: "Ctrl-C stops all" in run.out.read_text(), "its welcome")
    before = run.record()["services"]
    run.wait(lambda: "simulator" in run.record()["services"], "the simulator")
    assert tuple(sorted(run.record()["services"])) == PARTS
    assert (page(f"{url}/live/"), page(f"{url}/healthz/live")) == (200, 200)
    assert f"  Live results   {url}/live/\n" in run.out.read_text()

    assert clone.answer("demo") == (0, f"./run demo is already running at {url}/live/\n", "")

    victims = ("postgres", "valkey", "web", "worker", "beat", "gateway")
    for name in victims:
        killed(before[name])

    def replaced() -> bool:
        now = run.record()["services"]
        return all(now[name] != before[name] for name in victims)

    run.wait(replaced, "six new processes")
    run.wait(lambda: page(f"{url}/healthz/ready") == 200, "database, Redis and worker well again")
    run.wait(lambda: page(f"{url}/live/") == 200, "the live page again")
    assert gone({name: before[name] for name in victims})

    after = run.record()
    state = run.record_file.parent
    assert run.end(signal.SIGINT) == 0
    assert gone(after["services"])
    assert (marked(state), Path(after["sockets"]).exists(), run.record_file.exists()) == ([], False, False)
