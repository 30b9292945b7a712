"""What is set up wrongly is said in a sentence that names it, and shows no secret."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from prefect.settings import Settings

from engine.errors import PlexbayesError, ServerMissing, SettingsInvalid
from tasks.orchestration.prefect_settings import check_api, configured_api
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


@pytest.fixture
def said_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., PlexbayesError]:
    """Return what is said of a variable or file, as Prefect reads it at its import."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("prefect.settings.get_current_settings", Settings)
    monkeypatch.setattr("prefect.settings.legacy.get_current_settings", Settings)

    def said_of(name: str, content: bytes) -> PlexbayesError:
        if name.startswith("PREFECT_"):
            monkeypatch.setenv(name, content.decode())
        else:
            Path(name).write_bytes(content)
        with pytest.raises(PlexbayesError) as refused:
            check_api(configured_api())
        assert "\n" not in str(refused.value)
        return refused.value

    return said_of


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("PREFECT_LOGGING_LEVEL", b"chatty", f"PREFECT_LOGGING_LEVEL: {LEVELS}"),
        ("PREFECT_API_REQUEST_TIMEOUT", b"x", "PREFECT_API_REQUEST_TIMEOUT: "),
        ("PREFECT_API_URL", b"localhost:4200/api", "variable PREFECT_API_URL"),
        (".env", b"PREFECT_LOGGING_LEVEL=chatty", "PREFECT_LOGGING_LEVEL in .env"),
        (".env", BINARY, "reads .env in this folder"),
        ("prefect.toml", b"a = = b", "reads prefect.toml in this folder"),
        ("prefect.toml", b'[logging]\nlevel = "odd"', "level in prefect.toml"),
        ("prefect.toml", BINARY, "reads prefect.toml in this folder"),
        ("pyproject.toml", b"a = = b", "reads pyproject.toml in this folder"),
    ],
)
def test_a_wrong_variable_or_file_of_prefect_is_named(
    said_of: Callable[..., PlexbayesError], name: str, content: bytes, says: str
) -> None:
    refusal = said_of(name, content)

    assert type(refusal) is SettingsInvalid
    assert says in str(refusal)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("PREFECT_API_URL", "http://127.0.0.1:9/api", "(Connection refused)"),
        ("PREFECT_API_URL", f"http://me:{PASSWORD}@127.0.0.1:9/api", "("),
        (".env", "PREFECT_API_URL=http://127.0.0.1:9/api", "PREFECT_API_URL in .env"),
    ],
)
def test_a_server_of_prefect_that_is_not_there_is_named_without_a_password(
    said_of: Callable[..., PlexbayesError], name: str, content: str, says: str
) -> None:
    refusal = said_of(name, content.encode())

    assert type(refusal) is ServerMissing
    assert "does not answer at http://127.0.0.1:9/api (" in str(refusal)
    assert says in str(refusal)
    assert PASSWORD not in str(refusal)


@pytest.mark.parametrize("words", [["infer", "--prefect"], ["server", "--port", "0"]])
def test_nothing_starts_with_wrong_settings_of_prefect(
    alone: Listener, words: list[str]
) -> None:
    alone.environment["PREFECT_LOGGING_LEVEL"] = "chatty"

    ran = alone.run(*words)

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
    ("words", "address"),
    [
        (["infer", "--debug"], f"http://me:{PASSWORD}@127.0.0.1:9"),
        (["infer", "--debug"], f"me:{PASSWORD}@127.0.0.1:9"),
        (["doctor"], f"me:{PASSWORD}@127.0.0.1:9"),
    ],
)
def test_a_password_in_the_address_is_shown_nowhere(
    alone: Listener, words: list[str], address: str
) -> None:
    alone.configure(PLEX_URL=address, RETRIES=0)

    ran = alone.run(*words)

    assert ran.status == 1
    assert "127.0.0.1:9" in ran.err + ran.out
    assert PASSWORD not in ran.err + ran.out


@pytest.mark.parametrize(("command", "status"), [("infer", 2), ("doctor", 1)])
def test_a_token_in_the_address_belongs_elsewhere_and_is_not_shown(
    plex: Simulator, alone: Listener, command: str, status: int
) -> None:
    alone.configure(PLEX_URL=f"{plex.url}/?X-Plex-Token={PASSWORD}")

    ran = alone.run(command)

    assert ran.status == status
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
