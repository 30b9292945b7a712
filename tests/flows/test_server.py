"""`plexbayes server`, and how far it and `serve` open themselves to others."""

import base64
import os
import signal
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tasks.orchestration.prefect_server import await_health, free_port
from tests.flows.listener import COMMAND, PATIENCE, Listener
from tests.simulator.process import Simulator

pytestmark = pytest.mark.system

EVERYWHERE = "0.0.0.0"  # noqa: S104 (the point of these tests)
PASSWORD = "someone:a-word-of-their-own"  # noqa: S105
BOTH = {
    "PREFECT_SERVER_API_AUTH_STRING": PASSWORD,
    "PREFECT_API_AUTH_STRING": PASSWORD,
}


class Running:
    """A `plexbayes server` on a port of its own."""

    def __init__(self, folder: Path, *words: str, **environment: str) -> None:
        self.port = free_port()
        self._said = folder / "said.txt"
        plain = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT_")}
        with self._said.open("w") as said:
            self.process = subprocess.Popen(
                [COMMAND, "server", "--port", str(self.port), *words],
                cwd=folder,
                env=plain | {"PREFECT_HOME": str(folder)} | environment,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
            )
        await_health(f"http://127.0.0.1:{self.port}/api", self.process)

    def said(self) -> str:
        """What it has printed so far."""
        return self._said.read_text()

    def status(self, path: str = "health", **headers: str) -> int:
        """Ask for something, and return the status of the answer."""
        url = f"http://127.0.0.1:{self.port}/api/{path}"
        return httpx.get(url, headers=headers, trust_env=False, timeout=30).status_code

    def logged_in(self, password: str = "") -> int:
        """Ask for what needs the password, and return the status of the answer."""
        coded = base64.b64encode(password.encode()).decode()
        login = {"authorization": f"Basic {coded}"} if password else {}
        return self.status("admin/version", **login)

    def end(self) -> int:
        """Press Ctrl-C."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE)


@contextmanager
def running(folder: Path, *words: str, **environment: str) -> Iterator[Running]:
    """Run a server for the length of the block; it must end well."""
    server = Running(folder, *words, **environment)
    try:
        yield server
    finally:
        assert server.end() == 0
    assert "Traceback" not in server.said()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder where Prefect's database is made only once."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def at_home(plex: Simulator, tmp_path: Path) -> Listener:
    """A person without a Prefect server elsewhere."""
    return Listener(tmp_path, plex)


@pytest.mark.parametrize(
    ("command", "host"), [("serve", EVERYWHERE), ("server", "nas.local")]
)
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

    refused = at_home.run("server")

    assert refused.status == 2
    assert "ALLOWED_HOSTS" in refused.err
    assert "'http://nas.local:4200' is not a host name" in refused.err


def test_a_port_that_is_taken_is_told_in_a_sentence(at_home: Listener) -> None:
    taken = at_home.plex.url.rpartition(":")[2]

    refused = at_home.run("server", "--port", taken)

    assert refused.status == 1
    assert f"cannot listen on 127.0.0.1:{taken}" in refused.err
    assert "Traceback" not in refused.err


def test_allowed_names_are_answered_others_refused_and_a_given_password_is_kept(
    home: Path, tmp_path: Path
) -> None:
    names = '{"ALLOWED_HOSTS": "nas.local plex.example.org:8443"}'
    (home / "config.json").write_text(names)  # a server alone needs no more
    kept = tmp_path / "password"
    given = BOTH | {"PLEXBAYES_PASSWORD_FILE": str(kept)}

    with running(home, "--host", EVERYWHERE, **given) as server:
        statuses = [
            (server.status(host=host), server.status(origin=f"https://{host}"))
            for host in (
                f"nas.local:{server.port}",
                "nas.local",
                "nas.local:1",
                "plex.example.org:8443",
                "plex.example.org",
                f"other.local:{server.port}",
            )
        ]
        logged_in = server.logged_in(PASSWORD)

    assert statuses == [(s, s) for s in (200, 200, 403, 200, 403, 403)]
    assert logged_in == 200
    assert not kept.exists()
    assert PASSWORD not in server.said()


def test_the_password_in_its_file_is_made_once_and_kept_for_its_owner_alone(
    home: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "password"
    words, environment = ("--host", EVERYWHERE), {"PLEXBAYES_PASSWORD_FILE": str(kept)}

    with running(home, *words, **environment) as first:
        said = first.said()
        password = kept.read_text().strip()
        tried = ("", password, "plexbayes:wrong")
        statuses = [first.logged_in(one) for one in tried]
    with running(home, *words, **environment) as second:
        again = second.logged_in(password)

    assert statuses == [401, 200, 401]
    assert again == 200
    assert len(password) > 30
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert said.count(password) == 1
    assert password not in second.said()
    assert str(kept) in second.said()
    assert "can run commands on this machine" in said
    assert kept.read_text().strip() == password
