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
from contextlib import contextmanager
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
        if os.environ.get("CI"):
            pytest.fail("no PostgreSQL is installed, and CI must not do without it")
        pytest.skip("no PostgreSQL is installed")
    with (
        tempfile.TemporaryDirectory(prefix="plexbayes-postgres-") as folder,
        _served(programs, Path(folder)) as port,
    ):
        yield f"postgresql+psycopg://tester@127.0.0.1:{port}"


@contextmanager
def _served(programs: Path, folder: Path) -> Iterator[int]:
    """Make a cluster in a folder of its own and serve it; yield the port."""
    identity = _identity_for(folder)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [programs / program, f"--pgdata={folder / 'data'}", *arguments],
            check=True,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            **identity,
        )

    options = "--auth=trust --username=tester --encoding=UTF8 --no-locale --no-sync"
    run("initdb", *options.split())
    listening = f"--options={SETTINGS} -p {port} -k {folder}"
    run("pg_ctl", "start", "--wait", f"--log={folder / 'log'}", listening)
    try:
        yield port
    finally:
        run("pg_ctl", "stop", "--wait", "--mode=fast")


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


def _programs() -> Path | None:
    """Return the folder of the newest installed server."""
    installed = sorted(
        DEBIAN.glob("*/bin/initdb"), key=lambda path: float(path.parts[-3])
    )
    found = installed[-1] if installed else shutil.which("initdb")
    return Path(found).parent if found else None


def _identity_for(folder: Path) -> dict[str, Any]:
    """Return as whom to run it, and let them have the folder."""
    if os.geteuid():
        return {}
    known = {user.pw_name for user in pwd.getpwall()}
    name = next(name for name in UNPRIVILEGED if name in known)
    shutil.chown(folder, name)
    return {"user": name, "group": pwd.getpwnam(name).pw_gid, "extra_groups": []}
