"""A real PostgreSQL, started for the tests and gone with them.

Other folders may share it: import `postgres_server` and `postgres` in their
conftest.py. Only what asks for `postgres` starts the server.
"""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, text

DEBIAN = Path("/usr/lib/postgresql")
UNPRIVILEGED = ("postgres", "nobody")
"""Whom we run it as if we are root, which PostgreSQL refuses to be."""
SETTINGS = "-c fsync=off -c shared_buffers=16MB -c listen_addresses=127.0.0.1"
PATIENCE = 30.0
"""Seconds."""
END_OTHERS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid != pg_backend_pid()
"""


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Run a server; yield its SQLAlchemy URL without a database."""
    programs = _programs()
    if programs is None:
        _do_without("no PostgreSQL is installed")
        return
    with tempfile.TemporaryDirectory(prefix="plexbayes-postgres-") as name:
        server = _Server(programs, Path(name))
        server.start()
        try:
            yield f"postgresql+psycopg://tester@127.0.0.1:{server.port}"
        finally:
            server.stop()


@pytest.fixture
def postgres(postgres_server: str) -> str:
    """Empty the database; return its SQLAlchemy URL."""
    address = f"{postgres_server}/postgres"
    execute(address, END_OTHERS, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    return address


def execute(address: str, *statements: str) -> None:
    """Do something in a database behind everybody's back."""
    plain = address.replace("+psycopg", "")
    with psycopg.connect(plain, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def await_waiting(connection: Connection) -> None:
    """Wait until somebody else waits for what this connection has not committed."""
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    deadline = time.monotonic() + PATIENCE
    while not connection.scalar(waiting) and time.monotonic() < deadline:
        time.sleep(0.01)


class _Server:
    """A cluster in a folder of its own, and the process that serves it."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs = programs
        self._folder = folder
        self._data = folder / "data"
        self._identity = _identity_for(folder)
        self.port = _free_port()

    def start(self) -> None:
        """Make the cluster and wait until it serves."""
        options = "--auth=trust --username=tester --encoding=UTF8 --no-locale --no-sync"
        self._run("initdb", *options.split())
        listening = f"{SETTINGS} -p {self.port} -k {self._folder}"
        log = str(self._folder / "log")
        self._run("pg_ctl", "start", "--wait", f"--log={log}", f"--options={listening}")

    def stop(self) -> None:
        """End the process, whose id stands in the cluster."""
        self._run("pg_ctl", "stop", "--wait", "--mode=fast")

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self._programs / program, f"--pgdata={self._data}", *arguments],
            check=True,
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            **self._identity,
        )


def _programs() -> Path | None:
    """Return the folder of the newest installed server."""
    installed = sorted(
        DEBIAN.glob("*/bin/initdb"), key=lambda path: float(path.parts[-3])
    )
    found = installed[-1] if installed else shutil.which("initdb")
    return Path(found).parent if found else None


def _do_without(reason: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(f"{reason}, and CI must not do without it")
    pytest.skip(reason)


def _identity_for(folder: Path) -> dict[str, Any]:
    """Return as whom to run it, and let them have the folder."""
    if os.geteuid():
        return {}
    known = {user.pw_name for user in pwd.getpwall()}
    name = next(name for name in UNPRIVILEGED if name in known)
    shutil.chown(folder, name)
    return {"user": name, "group": pwd.getpwnam(name).pw_gid, "extra_groups": []}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
