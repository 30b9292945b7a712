"""What is set up wrongly is said in a sentence that names it, and shows no secret."""

import resource
import subprocess
from pathlib import Path

import pytest

from tests.flows.listener import COMMAND, Listener, ratings
from tests.flows.terminal import Terminal
from tests.simulator.process import Simulator

PASSWORD = "s3same-0pen"  # noqa: S105 (made up)
LEVELS = "Input should be 'DEBUG', 'INFO', 'WARNING', 'ERROR' or 'CRITICAL'"
BINARY = b"\xff\xfe\x00A"


@pytest.fixture
def alone(plex: Simulator, tmp_path: Path) -> Listener:
    """A person without a Prefect server of their own."""
    return Listener(tmp_path, plex)


@pytest.mark.parametrize(
    ("variables", "status", "says"),
    [
        ({"PREFECT_LOGGING_LEVEL": "chatty"}, 2, f"PREFECT_LOGGING_LEVEL: {LEVELS}"),
        ({"PREFECT_API_REQUEST_TIMEOUT": "x"}, 2, "PREFECT_API_REQUEST_TIMEOUT: "),
        ({"PREFECT_API_URL": "localhost:4200/api"}, 2, "variable PREFECT_API_URL"),
        (
            {"PREFECT_API_URL": "http://127.0.0.1:9/api"},
            1,
            "does not answer at http://127.0.0.1:9/api (Connection refused)",
        ),
        (
            {"PREFECT_API_URL": f"http://me:{PASSWORD}@127.0.0.1:9/api"},
            1,
            "does not answer at http://127.0.0.1:9/api (",
        ),
    ],
)
def test_a_wrong_variable_of_prefect_is_named(
    alone: Listener, variables: dict[str, str], status: int, says: str
) -> None:
    alone.environment |= variables

    ran = alone.run("infer", "--prefect")

    assert (ran.status, ran.err.count("\n")) == (status, 1), ran.err
    assert says in ran.err
    assert PASSWORD not in ran.err


@pytest.mark.parametrize(
    ("name", "content", "status", "says"),
    [
        (".env", b"PREFECT_LOGGING_LEVEL=chatty", 2, "PREFECT_LOGGING_LEVEL in .env"),
        (".env", b"PREFECT_API_URL=http://127.0.0.1:9/api", 1, "PREFECT_API_URL in .e"),
        (".env", BINARY, 2, "reads .env in this folder"),
        ("prefect.toml", b"a = = b", 2, "reads prefect.toml in this folder"),
        ("prefect.toml", b'[logging]\nlevel = "odd"', 2, "level in prefect.toml"),
        ("prefect.toml", BINARY, 2, "reads prefect.toml in this folder"),
        ("pyproject.toml", b"a = = b", 2, "reads pyproject.toml in this folder"),
    ],
)
def test_a_wrong_file_that_prefect_reads_is_named(
    alone: Listener, name: str, content: bytes, status: int, says: str
) -> None:
    (alone.folder / name).write_bytes(content)

    ran = alone.run("infer", "--prefect")

    assert (ran.status, ran.err.count("\n")) == (status, 1), ran.err
    assert says in ran.err


def test_a_server_of_ours_does_not_start_with_wrong_settings_of_prefect(
    alone: Listener,
) -> None:
    alone.environment["PREFECT_LOGGING_LEVEL"] = "chatty"

    ran = alone.run("server", "--port", "0")

    assert (ran.status, ran.err.count("\n")) == (2, 1), ran.err
    assert f"PREFECT_LOGGING_LEVEL: {LEVELS}" in ran.err


@pytest.mark.parametrize(
    "words", [["infer"], ["serve", "--port", "0"], ["server", "--port", "0"]]
)
def test_packages_that_do_not_work_together_are_refused_at_the_start(
    plex: Simulator, alone: Listener, words: list[str]
) -> None:
    older = alone.folder / "elsewhere" / "prefect-3.8.8.dist-info"
    older.mkdir(parents=True)
    (older / "METADATA").write_text("Name: prefect\nVersion: 3.8.8\n")

    ran = subprocess.run(
        [COMMAND, *words],
        cwd=alone.folder,
        env=alone.environment | {"PYTHONPATH": str(older.parent)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (ran.returncode, ran.stderr.count("\n")) == (1, 1), ran.stderr
    assert "prefect 3.8.8 does not work with sqlalchemy 2.1" in ran.stderr
    assert ran.stdout == ""
    assert plex.counts()["reads"] == 0
    assert not alone.state.exists()


def test_the_doctor_names_what_is_wrong_with_prefect(alone: Listener) -> None:
    (alone.folder / "prefect.toml").write_text("a = = b")

    ran = alone.run("doctor")

    assert ran.status == 1
    assert "prefect.toml" in ran.out
    assert "Traceback" not in ran.err


def test_an_address_that_is_no_api_of_prefect_is_told(
    plex: Simulator, alone: Listener
) -> None:
    alone.environment["PREFECT_API_URL"] = f"{plex.url}/api"

    ran = alone.run("infer", "--prefect")

    assert (ran.status, ran.err.count("\n")) == (1, 1), ran.err
    assert f"Prefect's server at {plex.url}/api refuses us (401)" in ran.err


@pytest.mark.system
def test_neither_a_proxy_nor_empty_variables_come_between_a_run_and_this_machine(
    plex: Simulator, alone: Listener
) -> None:
    nowhere = "http://127.0.0.1:9"
    alone.environment |= {
        **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), nowhere),
        "NO_PROXY": "example.org",
        **dict.fromkeys(("PREFECT_API_URL", "PREFECT_LOGGING_LEVEL"), ""),
        **dict.fromkeys(("PLEXBAYES_DRY_RUN", "PLEXBAYES_CONFIG"), ""),
    }
    before = len(ratings(plex.dump()))

    ran = alone.run("infer", "--live", "--prefect")

    assert ran.status == 0, ran.err
    assert len(ratings(plex.dump())) > before


@pytest.mark.parametrize(
    ("words", "status"),
    [(["infer", "--debug"], 1), (["verify", "--debug"], 1), (["doctor"], 1)],
)
@pytest.mark.parametrize(
    "address", [f"http://me:{PASSWORD}@127.0.0.1:9", f"me:{PASSWORD}@127.0.0.1:9"]
)
def test_a_password_in_the_address_is_shown_nowhere(
    alone: Listener, words: list[str], status: int, address: str
) -> None:
    alone.configure(PLEX_URL=address, RETRIES=0)

    ran = alone.run(*words)

    assert ran.status == status
    assert "127.0.0.1:9" in ran.err + ran.out
    assert PASSWORD not in ran.err + ran.out


@pytest.mark.parametrize("command", ["infer", "verify", "doctor"])
def test_a_token_in_the_address_belongs_elsewhere_and_is_not_shown(
    plex: Simulator, alone: Listener, command: str
) -> None:
    address = f"{plex.url}/?X-Plex-Token={PASSWORD}"
    alone.configure(PLEX_URL=address)

    ran = alone.run(command)

    assert ran.status == (1 if command == "doctor" else 2)
    assert "PLEX_TOKEN" in ran.err + ran.out
    assert PASSWORD not in ran.err + ran.out
    assert plex.counts()["reads"] == 0


def test_init_shows_no_secret_of_an_address_again(
    plex: Simulator, tmp_path: Path
) -> None:
    terminal = Terminal(tmp_path, COMMAND, "init")
    try:
        terminal.answer("[y/n]", "y")
        typed = f"{plex.url}?X-Plex-Token={PASSWORD}"
        terminal.answer("Address of", typed)
        terminal.see(typed)  # a terminal shows what is typed, once
        terminal.see(f"{plex.url}: it contains a token, which belongs in PLEX_TOKEN")
        login = plex.url.replace("//", f"//me:{PASSWORD}@")
        terminal.answer("Address of", login)
        terminal.see(login)
        seen = len(terminal.screen.getvalue())
        terminal.answer("Token (", "wrong")
        terminal.see(f"Connecting to {plex.url} ...")
        terminal.see(f"Address of the Plex server [{plex.url}]")
        terminal.answer(": ", "q")
        terminal.end()
    finally:
        terminal.close()

    assert PASSWORD not in terminal.screen.getvalue()[seen:]


def test_tune_on_a_full_disk_changes_nothing_and_leaves_no_copy_of_the_token(
    plex: Simulator, alone: Listener
) -> None:
    alone.configure(CONFIDENCE_C=40)
    before = alone.config.read_text()
    files = set(alone.folder.rglob("*"))

    ran = subprocess.run(
        [COMMAND, "tune", "--write"],
        cwd=alone.folder,
        env=alone.environment | {"PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        preexec_fn=fill_the_disk,
        check=False,
    )

    assert ran.returncode == 2
    assert "cannot be written: File too large. Enter by hand: " in ran.stderr
    assert alone.config.read_text() == before
    left = {path for path in alone.folder.rglob("*") if path.is_file()} - files
    assert not [
        path for path in left if plex.token in path.read_text("utf-8", "ignore")
    ]


def fill_the_disk() -> None:
    """Let no file of this process grow beyond a few bytes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (30, 30))
