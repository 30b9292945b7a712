"""Who we say we are, whom we trust, and that the token goes nowhere else."""

import json
import os
import platform
import socket
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.edits import Edit
from engine.errors import PlexRefused, SettingsInvalid
from engine.library import Level
from tasks.commands.health import check_server
from tasks.config.settings import Settings
from tasks.plex.client import PlexGateway
from tests.tasks.building import HIDDEN
from tests.tasks.http_answers import HOST, Wire, certificate_for, elsewhere, wire

ROOT = Path(__file__).parents[2]
ALL = "/library/sections/1/all"


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate that nobody trusts who was not told to."""
    return certificate_for(HOST, tmp_path)


def settings_for(plex: Wire, **wishes: Any) -> Settings:
    known = {"plex_url": plex.url, "plex_token": HIDDEN, "timeout": 5}
    return Settings(**known | wishes)


def read(gateway: PlexGateway) -> None:
    gateway.listing(Level.TRACK, lambda: None)


def write(gateway: PlexGateway) -> None:
    gateway.edit(Edit(Level.TRACK, np.array([7]), rates=True, points=8.0))


def test_the_token_stands_in_a_header_only_and_no_header_tells_of_this_machine():
    with wire() as plex, PlexGateway(settings_for(plex)) as gateway:
        read(gateway)
        write(gateway)

    told = {name: value for _, headers in plex.seen for name, value in headers.items()}
    ours = {name: value for name, value in told.items() if name.startswith("X-Plex-")}
    assert ours == {
        "X-Plex-Token": HIDDEN,
        "X-Plex-Client-Identifier": "plexbayes",
        "X-Plex-Product": "plexbayes",
        "X-Plex-Device-Name": "plexbayes",
        "X-Plex-Device": "Python",
        "X-Plex-Platform": "Python",
        "X-Plex-Provides": "controller",
        "X-Plex-Language": "en",
        "X-Plex-Sync-Version": "2",
        "X-Plex-Features": "external-media",
        "X-Plex-Container-Start": "0",
        "X-Plex-Container-Size": "1000",
    }
    assert told["User-Agent"] == "plexbayes"
    everything = " ".join(told.values())
    for secret in (socket.gethostname(), platform.release(), f"{uuid.getnode():x}"):
        assert secret not in everything
    assert not any(HIDDEN in request for request, _ in plex.seen)
    assert all(headers["X-Plex-Token"] == HIDDEN for _, headers in plex.seen)


@pytest.mark.parametrize("act", [read, write])
def test_nobody_is_followed_to_another_address(act: Callable[[PlexGateway], None]):
    with (
        wire() as other,
        wire({ALL: elsewhere(other.url + ALL)}) as plex,
        PlexGateway(settings_for(plex)) as gateway,
        pytest.raises(PlexRefused, match=f"redirects to {other.url}"),
    ):
        act(gateway)

    assert other.seen == []


def test_a_secret_in_an_address_that_leads_on_is_not_shown():
    with (
        wire({ALL: elsewhere("http://elsewhere.invalid/?X-Plex-Token=x")}) as plex,
        PlexGateway(settings_for(plex)) as gateway,
        pytest.raises(PlexRefused, match=r"redirects to http://elsewhere\.invalid/\."),
    ):
        read(gateway)


def test_a_certificate_that_nobody_vouches_for_is_refused(certificate):
    with (
        wire(certificate=certificate) as plex,
        pytest.raises(
            PlexRefused, match=r"not trusted.*self-signed certificate.*as CA_FILE"
        ),
    ):
        PlexGateway(settings_for(plex))

    assert plex.seen == []


def test_a_certificate_of_ones_own_can_be_trusted(certificate, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere")  # CA_FILE is nearer
    with wire(certificate=certificate) as plex:
        settings = settings_for(plex, ca_file=str(certificate))

        with PlexGateway(settings) as gateway:
            read(gateway)

        assert [finding.state for finding in check_server(settings)] == ["ok"] * 3


def test_a_certificate_for_another_address_is_refused(tmp_path):
    other = certificate_for("127.0.0.2", tmp_path)
    with (
        wire(certificate=other) as plex,
        pytest.raises(PlexRefused, match=r"mismatch.*use that name in PLEX_URL"),
    ):
        PlexGateway(settings_for(plex, ca_file=str(other)))


@pytest.mark.parametrize("content", [None, b"", b"no certificate", b"\x00\xff" * 99])
def test_a_file_that_holds_no_certificates_is_named(tmp_path, content):
    path = tmp_path / "ours.pem"
    if content is not None:
        path.write_bytes(content)
    settings = settings_for(Wire(f"http://{HOST}:1"), ca_file=str(path))

    with pytest.raises(SettingsInvalid, match=rf"CA_FILE = '{path}' is no file"):
        PlexGateway(settings)
    (finding,) = check_server(settings)
    assert (finding.state, finding.advice) == ("error", "Correct CA_FILE.")


def test_the_proxies_of_the_environment_are_used(monkeypatch):
    with wire() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", "")
        with PlexGateway(settings_for(proxy, plex_url="http://plex.invalid")):
            pass

    assert proxy.seen[0][0] == "GET http://plex.invalid:32400/"


def test_what_was_set_up_for_other_users_of_plexapi_changes_nothing(tmp_path):
    ini = tmp_path / "config.ini"
    ini.write_text(f"[log]\npath = {tmp_path}/plexapi.log\nlevel = DEBUG\n")
    theirs = {
        "PLEXAPI_CONFIG_PATH": str(ini),
        "PLEXAPI_LOG_SHOW_SECRETS": "true",
        "PLEXAPI_HEADER_IDENTIFIER": "theirs",
        "PLEXAPI_AUTH_SERVER_TOKEN": "theirs",
        "PLEXAPI_PLEXAPI_CONTAINER_SIZE": "7",
        "PLEXAPI_PLEXAPI_TIMEOUT": "1",
    }
    with wire() as plex:
        code = (
            "import sys, json; from tasks.config.settings import Settings\n"
            "from tasks.plex.client import PlexGateway, Level\n"
            "with PlexGateway(Settings(**json.loads(sys.argv[1]))) as gateway:\n"
            "    gateway.listing(Level.TRACK, lambda: None)\n"
        )
        wishes = json.dumps({"plex_url": plex.url, "plex_token": HIDDEN})
        command = [sys.executable, "-c", code, wishes]
        subprocess.run(command, env=os.environ | theirs, cwd=ROOT, check=True)

    assert plex.seen
    for request, headers in plex.seen:
        assert HIDDEN not in request
        assert headers["X-Plex-Token"] == HIDDEN
        assert "theirs" not in headers.values()
    assert plex.seen[-1][1]["X-Plex-Container-Size"] == "1000"
    assert list(tmp_path.iterdir()) == [ini]
