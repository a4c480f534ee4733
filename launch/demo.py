"""`./run demo`: the whole weekend on this machine; `--once` plays it as fast as it goes and checks every board."""

import argparse
import json
import socket
import subprocess
import sys
import urllib.error
import urllib.request

from launch.console import Console, Trouble
from launch.places import PYTHON
from launch.processes import Part, last_lines
from launch.site import Site, folder_of, opened
from launch.state import Busy

FIRST_PORT = 8000
START_LIMIT = 90.0  # seconds for a part to answer
SEED_LIMIT = 180.0
ONCE_LIMIT = 14 * 60.0  # seconds for a whole weekend at full speed
APPS = ("web", "worker", "beat", "gateway")
#: What stands at the road side: which machines of it are dialled, with name and make, as `seeds.simulator.crews` has them.
LINES: dict[str, dict[str, str]] = {
    "plain": {},
    "mixed": {"PASS": "raceresult"},
    "hard": {"D-50712": "raceresult", "FIN-MTB": "ultra"},
}


def options(arguments: list[str]) -> argparse.Namespace:
    """What follows `./run demo`."""
    parser = argparse.ArgumentParser(prog="./run demo", description="The race weekend, live, on this machine.")
    parser.add_argument("--once", action="store_true", help="play it as fast as it goes, compare with the truth, end")
    parser.add_argument("--json", action="store_true", help="with --once: one JSON object on the last line")
    parser.add_argument("--faults", action="store_true", help="with --once: kill parts and cut lines meanwhile")
    parser.add_argument("--speed", type=float, default=30.0, help="event seconds in a second (default 30)")
    parser.add_argument("--line", choices=LINES, help="what stands at the road side (mixed; with --once plain)")
    parser.add_argument(
        "--bridge", action="store_true", help="the decoders speak to a crew's bridge, not to the gateway"
    )
    parser.add_argument("--without", action="append", default=[], help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=1, help="another number, another weekend (default 1)")
    parser.add_argument("--port", type=int, help=f"of the web server (default {FIRST_PORT} or the next free one)")
    parser.add_argument("--lan", action="store_true", help="let phones on this network in; prints a QR code")
    chosen = parser.parse_args(arguments)
    if (chosen.json or chosen.faults) and not chosen.once:
        parser.error("--json and --faults belong to --once")
    chosen.line = chosen.line or ("plain" if chosen.once else "mixed")
    if not 0 < chosen.speed <= 1000:  # also what is no number at all
        parser.error("--speed is between 0 and 1000")
    if chosen.port is not None and not 1 <= chosen.port <= 65535:
        parser.error("--port is between 1 and 65535")
    return chosen


def main(arguments: list[str]) -> int:
    """Play the weekend; the exit code of `--once` is the simulator's."""
    chosen = options(arguments)
    console = Console(sys.stderr if chosen.once else sys.stdout)
    try:
        return _once(chosen, console) if chosen.once else _live(chosen, console)
    except Busy as busy:
        if busy.record.get("what") == "demo" and busy.record.get("url"):
            console.say(f"./run demo is already running at {busy.record['url']}/live/")
            return 0
        raise


def _live(chosen: argparse.Namespace, console: Console) -> int:
    port = _port(chosen.port, "0.0.0.0" if chosen.lan else "127.0.0.1")
    address = _lan_address() if chosen.lan else None
    with opened("demo", console, "demo", anew=True, show_logs=True) as site:
        weekend = Weekend(site, chosen, port, address)
        weekend.prepare()
        weekend.welcome()
        simulator = weekend.start_simulator()
        site.supervisor.run(lambda: not simulator.alive)
        if simulator.process is not None and simulator.process.returncode != 0:
            console.say(f"The simulator's last words:\n{last_lines(simulator.log)}")
        console.say(f"The weekend is over; the pages stay at {weekend.url} until Ctrl-C.")
        site.supervisor.run(lambda: False)
    return 0


def _once(chosen: argparse.Namespace, console: Console) -> int:
    with opened("once", console, "demo --once", anew=True) as site:
        weekend = Weekend(site, chosen, _port(chosen.port or 0, "127.0.0.1"), None)
        weekend.prepare()
        console.step(f"playing the weekend at full speed (seed {chosen.seed})")
        simulator = weekend.start_simulator()
        assert simulator.process is not None and simulator.output is not None
        site.supervisor.until(lambda: not simulator.alive, ONCE_LIMIT, "The weekend was not over", "simulator")
        code = simulator.process.returncode
        if code != 0:
            console.say(f"the simulator's last lines:\n{last_lines(simulator.log)}")
        answer = [line for line in simulator.output.read_text().splitlines() if line.strip()]
    for line in answer[-1:] if chosen.json else answer:
        print(line)
    return code if code >= 0 else 128 - code


class Weekend:
    """The parts of a demo, started in an order in which they can already work while the next one imports."""

    def __init__(self, site: Site, chosen: argparse.Namespace, port: int, address: str | None) -> None:
        self.site = site
        self.chosen = chosen
        self.port = port
        self.address = address
        self.gateway_port = _port(0, "127.0.0.1")
        self.bridge_port = _port(0, "127.0.0.1") if chosen.bridge else None
        self.boxes = {name: _port(0, "127.0.0.1") for name in LINES[chosen.line]} if chosen.bridge else {}
        self.url = f"http://127.0.0.1:{port}"
        self.credentials = site.state.folder / "credentials.json"
        site.facts |= {"url": self.url, "gateway": {"mylaps": f"127.0.0.1:{self.gateway_port}"}}

    def prepare(self) -> None:
        """Tables, parts, riders; returns when the web server and the gateway answer."""
        site, console = self.site, self.site.console
        if self.address:
            site.extra["ALLOWED_HOSTS"] = f"localhost,127.0.0.1,[::1],{self.address}"
        site.extra["SITE_URL"] = f"http://{self.address}:{self.port}" if self.address else self.url
        console.step("creating the tables")
        site.manage("migrate", "--no-input", "-v", "0", seconds=SEED_LIMIT, doing="Creating the tables (migrate)")
        console.step("starting web, worker, beat and gateway; signing up the riders")
        for part in self._apps():
            site.supervisor.start(part)
        seed = ["seed", "--demo", "--credentials", str(self.credentials), "--gateway-port", str(self.gateway_port)]
        seed += ["--line", self.chosen.line]
        site.manage(*seed, seconds=SEED_LIMIT, doing="Signing up the riders (seed)")
        supervisor = site.supervisor
        supervisor.until(lambda: _answers(self.url), START_LIMIT, "The web server did not answer", "web")
        supervisor.until(lambda: _listens(self.gateway_port), START_LIMIT, "The gateway did not answer", "gateway")
        if self.bridge_port is not None:
            self._start_bridge(self.bridge_port)

    def _start_bridge(self, port: int) -> None:
        """The one file that a crew gets, packed anew, as a crew starts it."""
        site, folder = self.site, self.site.state.folder
        packed, page = folder / "daguguan-bridge.pyz", _port(0, "127.0.0.1")
        site.manage("bridge", "--output", str(packed), seconds=SEED_LIMIT, doing="Packing the bridge")
        token = json.loads(self.credentials.read_text())["tokens"]["deliveries"]
        machines = [f"mylaps:{port}"]
        machines += [f"{name}={make}@127.0.0.1:{self.boxes[name]}" for name, make in LINES[self.chosen.line].items()]
        arguments = ["--server", self.url, "--folder", str(folder / "bridge"), "--page", str(page), *machines]
        part = site.part("bridge", str(packed), *arguments)
        part.environment = {**part.environment, "BRIDGE_TOKEN": token}
        site.supervisor.start(part)
        site.supervisor.until(lambda: _listens(port), START_LIMIT, "The bridge did not answer", "bridge")
        site.facts["bridge"] = {"mylaps": f"127.0.0.1:{port}", "page": f"http://127.0.0.1:{page}/"}

    def _apps(self) -> list[Part]:
        host = "0.0.0.0" if self.address else "127.0.0.1"
        web = ["-m", "uvicorn", "config.asgi:application", "--host", host, "--port", str(self.port)]
        web += ["--no-access-log", "--log-level", "warning", "--timeout-graceful-shutdown", "2"]
        celery = ["-m", "celery", "-q", "-A", "config"]
        worker = [*celery, "worker", "-Q", "live,ingest,celery", "-c", "2", "-l", "WARNING"]
        worker += ["--without-gossip", "--without-mingle"]
        beat = [*celery, "beat", "-s", str(self.site.state.folder / "beat"), "-l", "WARNING", "--pidfile="]
        site = self.site
        return [
            site.part("web", *web),
            site.part("worker", *worker),
            site.part("gateway", "manage.py", "gateway"),
            site.part("beat", *beat),
        ]

    def start_simulator(self) -> Part:
        """The races: it sends what decoders would and acts as officials would; it is not started twice."""
        folder, chosen = self.site.state.folder, self.chosen
        command = ["manage.py", "simulate", "--credentials", str(self.credentials), "--base-url", self.url]
        called = self.bridge_port or self.gateway_port
        command += ["--gateway", f"127.0.0.1:{called}", "--services", str(self.site.state.record_file)]
        command += ["--line", chosen.line, *(["--bridged"] if chosen.bridge else [])]
        command += [f"--box={name}={port}" for name, port in self.boxes.items()]
        command += [f"--without={what}" for what in chosen.without]
        command += ["--seed", str(chosen.seed), "--truth", str(folder / "truth.json")]
        command += ["--once"] if chosen.once else ["--speed", f"{chosen.speed:g}"]
        command += [f"--{name}" for name in ("json", "faults") if getattr(chosen, name)]
        answer = folder / "simulator.out"
        output = answer if chosen.once else None
        part = self.site.part("simulator", *command, output=output, restarts=False)
        self.site.supervisor.start(part)
        return part

    def welcome(self) -> None:
        """Where to look, and as whom."""
        say = self.site.console.say
        say()
        say(f"  Live results   {self.url}/live/")
        say(f"  Front page     {self.url}/")
        say(f"  Enter          {self.url}/enter/    a team: {self.url}/enter/team/")
        say(f"  Office         {self.url}/office/    mails and texts: {self.url}/office/messages/")
        say(f"  Line desk      {self.url}/line/    as timing-crew; the phone pad: {self.url}/line/pad/")
        say(f"  Officials      {self.url}/officials/    as chief or commissaire; the league: {self.url}/league/")
        say(f"  The look       {self.url}/ui/")
        say(f"  The API        {self.url}/api/docs/")
        say(f"  Decoders       127.0.0.1:{self.gateway_port} (MYLAPS TCP)")
        if self.bridge_port is not None:
            say(f"  The bridge     {self.site.facts['bridge']['page']}")
        say("  Demo accounts (they exist in this demo only)")
        for account in json.loads(self.credentials.read_text())["accounts"]:
            say(f"    {account['role']:<16} {account['username']:<16} {account['password']}")
        say(f"  Tokens for machines are in {folder_of(self.credentials)}; logs in {folder_of(self.site.state.logs)}/")
        if self.address:
            say(f"  On this network: http://{self.address}:{self.port}/live/")
            say(_qr(f"http://{self.address}:{self.port}/live/"))
        say(f"  Event time runs {self.chosen.speed:g} times as fast. Every start is a new rehearsal. Ctrl-C stops all.")
        say()


def _port(wanted: int | None, host: str) -> int:
    """The port asked for (0: any free one), or the first free one from 8000 on."""
    for port in (wanted,) if wanted is not None else (*range(FIRST_PORT, FIRST_PORT + 100), 0):
        with socket.socket() as trying:
            trying.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trying.bind((host, port))
            except OSError as error:
                if wanted:
                    raise Trouble(f"Port {wanted} cannot be used: {error.strerror}.") from None
                continue
            return int(trying.getsockname()[1])
    raise Trouble("No free port found.")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/healthz/live", timeout=2) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def _listens(port: int) -> bool:
    with socket.socket() as trying:
        trying.settimeout(1)
        return trying.connect_ex(("127.0.0.1", port)) == 0


def _lan_address() -> str:
    """The address by which this network reaches us; connecting a datagram socket sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as looking:
        try:
            looking.connect(("192.0.2.1", 9))
            return str(looking.getsockname()[0])
        except OSError:
            raise Trouble("--lan: this machine is on no network.") from None


def _qr(text: str) -> str:
    show = "import segno, sys; segno.make(sys.argv[1]).terminal(compact=True)"
    command = [str(PYTHON), "-X", "utf8", "-c", show, text]
    return subprocess.run(command, capture_output=True, encoding="utf-8", timeout=30).stdout
