"""No log, no traceback and no library of another tells a secret."""

import json
import logging
import os
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import plexapi
import pytest

from engine.errors import SettingsInvalid
from tasks.config.redaction import REDACTED, redact, register_secret
from tasks.config.settings import load_settings
from tasks.plex.client import PlexGateway
from tests.tasks.building import ENOUGH, HIDDEN, settings_of

ROOT = Path(__file__).parents[2]
SPELLED = "t0ken/with+signs"


@pytest.fixture(autouse=True)
def _as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put back what hiding the first secret changes."""
    monkeypatch.setattr("tasks.config.redaction._secrets", set())
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr("threading.excepthook", lambda _: None)
    make = logging.getLogRecordFactory()
    yield
    logging.setLogRecordFactory(make)


def test_a_secret_that_is_none_too_short_is_blotted_out_in_every_spelling():
    register_secret(SPELLED)
    register_secret("abc")

    said = redact(f"{SPELLED} t0ken%2Fwith%2Bsigns {SPELLED!r} abcdef")

    assert said == f"{REDACTED} {REDACTED} '{REDACTED}' abcdef"


def test_no_logger_tells_a_secret(caplog):
    register_secret(SPELLED)
    caplog.set_level(logging.DEBUG)

    for name in ("", "plexapi", "urllib3.connectionpool", "anybody"):
        logging.getLogger(name).info("asking %s of %d", SPELLED, 7)
        logging.getLogger(name).info(f"asking {SPELLED}")  # noqa: G004 (as some do)
        logging.getLogger(name).info({"token": SPELLED})
        logging.getLogger(name).info("%d", SPELLED)  # cannot be put together

    assert SPELLED not in caplog.text
    assert caplog.text.count(REDACTED) == 16


def test_the_traceback_of_a_logged_error_tells_no_secret(caplog):
    register_secret(SPELLED)

    try:
        raise ValueError(f"refused: {SPELLED}")  # noqa: TRY301
    except ValueError:
        logging.getLogger("anybody").exception("it failed")

    assert "Traceback" in caplog.text
    assert "ValueError: refused: <hidden>" in caplog.text
    assert SPELLED not in caplog.text


def test_all_that_is_said_on_the_way_to_plex_tells_no_token(plex, caplog):
    caplog.set_level(logging.DEBUG)
    for name in ("plexapi", "urllib3"):
        caplog.set_level(logging.DEBUG, logger=name)

    with PlexGateway(settings_of(plex)):
        plexapi.log.debug("the token is %s", plex.token)

    assert "GET" in caplog.text
    assert f"the token is {REDACTED}" in caplog.text
    assert plex.token not in caplog.text


STATE = "postgresql+psycopg://me:state%2Fpass@host/x?password=query-pass"


@pytest.mark.parametrize(
    ("url", "token", "is_refused", "secrets"),
    [
        ("http://me:plex-pass@host", HIDDEN, False, ["plex-pass"]),
        (
            "ftp://me:plex%2Fpass@host/?X-Plex-Token=in-the-url",
            "with a blank",
            True,
            ["plex/pass", "plex%2Fpass", "in-the-url"],
        ),
    ],
)
def test_a_configuration_is_kept_quiet_about_even_if_it_is_refused(
    tmp_path, url, token, is_refused, secrets
):
    path = tmp_path / "config.json"
    wishes = {"PLEX_URL": url, "PLEX_TOKEN": token, "STATE_URL": STATE}
    path.write_text(json.dumps(ENOUGH | wishes), encoding="utf-8")

    with pytest.raises(SettingsInvalid) if is_refused else nullcontext():
        load_settings(path)

    secrets = [token, "state/pass", "state%2Fpass", "query-pass", *secrets]
    assert [redact(secret) for secret in secrets] == [REDACTED] * len(secrets)


@pytest.mark.parametrize("where", ["in a thread", "in the open"])
def test_a_traceback_that_ends_a_program_tells_no_secret(where):
    code = (
        "import sys, threading\n"
        "from tasks.config import redaction; redaction.register_secret(sys.argv[1])\n"
        "def fail(): raise RuntimeError('told: ' + sys.argv[1])\n"
        "if 'thread' in sys.argv[2]: threading.Thread(target=fail).start()\n"
        "else: fail()\n"
    )
    command = [sys.executable, "-c", code, SPELLED, where]

    ran = subprocess.run(
        command, cwd=ROOT, env=os.environ, text=True, capture_output=True, check=False
    )

    assert "Traceback" in ran.stderr
    assert f"RuntimeError: told: {REDACTED}" in ran.stderr
    assert SPELLED not in ran.stderr
