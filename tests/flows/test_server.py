"""`plexbayes server`, and how far it and `serve` open themselves to others."""

import base64
import os
import signal
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tasks.orchestration.prefect_server import free_port
from tests.flows.listener import COMMAND, PATIENCE, Listener
from tests.simulator.process import Simulator

pytestmark = pytest.mark.system

EVERYWHERE = "0.0.0.0"  # noqa: S104 (the point of these tests)
PASSWORD = "someone:a-word-of-their-own"  # noqa: S105
BOTH = {
    "PREFECT_SERVER_API_AUTH_STRING": PASSWORD,
    "PREFECT_API_AUTH_STRING": PASSWORD,
}
COMMANDS = ("serve", "server")


class Running:
    """A `plexbayes server` on a port of its own."""

    def __init__(self, folder: Path, *words: str, **environment: str) -> None:
        self.port = free_port()
        self._said = folder / "said.txt"
        with self._said.open("w") as said:
            self.process = subprocess.Popen(
                [COMMAND, "server", "--port", str(self.port), *words],
                cwd=folder,
                env=without_prefect() | {"PREFECT_HOME": str(folder)} | environment,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
            )

    def said(self) -> str:
        """What it has printed so far."""
        return self._said.read_text()

    def status(self, path: str = "health", **headers: str) -> int:
        """Ask for something, and return the status of the answer."""
        url = f"http://127.0.0.1:{self.port}/api/{path}"
        return httpx.get(url, headers=headers, trust_env=False, timeout=30).status_code

    def await_health(self) -> None:
        """Wait until it answers."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if self.status() == httpx.codes.OK:
                    return
            except httpx.TransportError:
                time.sleep(0.3)
        raise AssertionError(f"it does not answer: {self.said()}")

    def end(self, signum: int = signal.SIGINT) -> int:
        """Press Ctrl-C."""
        self.process.send_signal(signum)
        return self.process.wait(PATIENCE)


def without_prefect() -> dict[str, str]:
    """Return an environment that knows no Prefect server."""
    return {k: v for k, v in os.environ.items() if not k.startswith("PREFECT_")}


@contextmanager
def running(folder: Path, *words: str, **environment: str) -> Iterator[Running]:
    """Run a server for the length of the block."""
    server = Running(folder, *words, **environment)
    try:
        server.await_health()
        yield server
    finally:
        if server.process.poll() is None:
            server.end(signal.SIGTERM)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder where Prefect's database is made only once."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def at_home(plex: Simulator, tmp_path: Path) -> Listener:
    """A person without a Prefect server elsewhere."""
    return Listener(tmp_path, plex)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("host", [EVERYWHERE, "nas.local"])
def test_without_a_password_only_this_machine_is_served(
    at_home: Listener, command: str, host: str
) -> None:
    refused = at_home.run(command, "--host", host, "--port", str(free_port()))

    assert refused.status == 2
    assert "can run commands on this machine" in refused.err
    assert "PREFECT_SERVER_API_AUTH_STRING" in refused.err
    assert "Traceback" not in refused.err


def test_the_webhook_alone_needs_no_password_of_a_server(at_home: Listener) -> None:
    at_home.configure(WEBHOOK_SECRET="x" * 20)
    at_home.environment["PREFECT_API_URL"] = "http://127.0.0.1:9/api"  # elsewhere

    ran = at_home.run("serve", "--host", EVERYWHERE, "--webhook", str(free_port()))

    assert "without a password" not in ran.err.lower()
    assert ran.status != 2


@pytest.mark.parametrize("missing", sorted(BOTH))
def test_server_and_clients_must_have_the_same_password(
    at_home: Listener, missing: str
) -> None:
    at_home.environment |= BOTH | {missing: "someone:else"}

    refused = at_home.run("serve", "--host", EVERYWHERE)

    assert refused.status == 2
    assert "differ" in refused.err
    assert PASSWORD not in refused.err


def test_an_allowed_host_that_is_an_address_is_refused_with_its_name(
    at_home: Listener,
) -> None:
    at_home.environment["PLEXBAYES_ALLOWED_HOSTS"] = "http://nas.local:4200"

    refused = [at_home.run(command) for command in COMMANDS]

    assert [ran.status for ran in refused] == [2, 2]
    assert all("ALLOWED_HOSTS" in ran.err for ran in refused)
    assert all("'http://nas.local:4200' is not a host name" in r.err for r in refused)


def test_a_port_that_is_taken_is_told_in_a_sentence(at_home: Listener) -> None:
    taken = at_home.plex.url.rpartition(":")[2]

    refused = at_home.run("server", "--port", taken)

    assert refused.status == 1
    assert f"cannot listen on 127.0.0.1:{taken}" in refused.err
    assert "Traceback" not in refused.err


def test_names_in_allowed_hosts_are_answered_and_others_refused(home: Path) -> None:
    names = '{"ALLOWED_HOSTS": "nas.local plex.example.org:8443"}'
    (home / "config.json").write_text(names)  # a server alone needs no more

    with running(home) as server:
        statuses = {
            host: (server.status(host=host), server.status(origin=f"https://{host}"))
            for host in (
                f"nas.local:{server.port}",
                "nas.local",
                "nas.local:1",
                "plex.example.org:8443",
                "plex.example.org",
                f"other.local:{server.port}",
            )
        }
        ended = server.end()

    assert list(statuses.values()) == [(s, s) for s in (200, 200, 403, 200, 403, 403)]
    assert ended == 0
    assert "Traceback" not in server.said()


def test_the_password_in_its_file_is_made_once_and_kept_for_its_owner_alone(
    home: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "password"
    words, environment = ("--host", EVERYWHERE), {"PLEXBAYES_PASSWORD_FILE": str(kept)}

    with running(home, *words, **environment) as first:
        said = first.said()
        password = kept.read_text().strip()
        statuses = [
            first.status("admin/version"),
            first.status("admin/version", authorization=basic(password)),
            first.status("admin/version", authorization=basic("plexbayes:wrong")),
        ]
    with running(home, *words, **environment) as second:
        again = second.status("admin/version", authorization=basic(password))

    assert statuses == [401, 200, 401]
    assert again == 200
    assert len(password) > 30
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert said.count(password) == 1
    assert password not in second.said()
    assert str(kept) in second.said()
    assert "can run commands on this machine" in said
    assert kept.read_text().strip() == password


def basic(password: str) -> str:
    """Return the header with which a client logs in."""
    return f"Basic {base64.b64encode(password.encode()).decode()}"


def test_a_password_that_was_given_is_not_replaced_by_one_in_a_file(
    home: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "password"
    given = BOTH | {"PLEXBAYES_PASSWORD_FILE": str(kept)}

    with running(home, "--host", EVERYWHERE, **given) as server:
        status = server.status("admin/version", authorization=basic(PASSWORD))

    assert status == 200
    assert not kept.exists()
    assert PASSWORD not in server.said()
