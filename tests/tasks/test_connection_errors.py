"""Why there is no connection is told apart, and what is misconfigured never retried."""

import socket
from pathlib import Path

import pytest

from engine.errors import LibraryMissing, PlexError, PlexRefused, PlexUnreachable
from engine.library import Level
from tasks.config.settings import Settings
from tasks.plex.client import PlexGateway
from tests.simulator.process import Simulator
from tests.tasks.building import HIDDEN, settings_of
from tests.tasks.http_answers import (
    HOST,
    canned_plex,
    certificate_for,
    container,
    wire,
)

LOGIN_PAGE = "<!DOCTYPE html>\n<html><body>Please log in<br></body></html>"
WELL_FORMED = '<?xml version="1.0"?><html xmlns="x"><body>Log in</body></html>'


def refusal_at(url: str, kind: type[PlexError]) -> str:
    """Connect where no Plex is, and return what is said."""
    settings = Settings(plex_url=url, plex_token=HIDDEN, timeout=5)
    with pytest.raises(PlexError) as refused:
        PlexGateway(settings)
    assert type(refused.value) is kind
    return str(refused.value)


def test_a_refused_connection_asks_for_the_port() -> None:
    with socket.socket() as place:
        place.bind((HOST, 0))
        where = f"{HOST}:{place.getsockname()[1]}"

        said = refusal_at(f"http://{where}", PlexUnreachable)

    assert said == (
        f"Connection refused by {where} while connecting to http://{where} (PLEX_URL): "
        "is Plex running, and is the port right (usually 32400)?"
    )


@pytest.mark.parametrize("url", ["nowhere.invalid", "https://nowhere.invalid"])
def test_an_unknown_host_is_named(url: str) -> None:
    said = refusal_at(url, PlexUnreachable)

    assert said.startswith("The host of nowhere.invalid:")
    assert "is unknown" in said
    assert "is its name right" in said


def test_a_host_that_no_name_server_could_know_is_no_address() -> None:
    said = refusal_at(f"http://{'a' * 70}.local", PlexRefused)

    assert said.startswith("PLEX_URL is not an address")


def test_https_where_plain_http_is_spoken_is_a_mistake() -> None:
    with wire() as plex:
        said = refusal_at(plex.url.replace("http:", "https:"), PlexRefused)

    assert "does not speak https" in said
    assert "write http:// in PLEX_URL" in said


BAD_REQUEST = "HTTP/1.1 400 Bad Request\r\n\r\n"


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ("\x15\x03\x01\x00\x02\x02\x46", "{} expects an encrypted connection while"),
        (
            f"{BAD_REQUEST}The plain HTTP request was sent to HTTPS port",
            "The server expects an encrypted connection (400)",
        ),
        (
            f"{BAD_REQUEST}Client sent an HTTP request to an HTTPS server.",
            "The server expects an encrypted connection (400)",
        ),
        ("SSH-2.0-OpenSSH_9.6\r\n", "No Plex answers at {} while connecting"),
        (
            "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
            "No Plex answers at http://{}: nothing is there",
        ),
    ],
    ids=["alert", "sentence", "other sentence", "ssh", "nothing there"],
)
def test_what_speaks_no_plain_http_is_told(answer: str, says: str) -> None:
    with wire({"/": lambda server: server.wfile.write(answer.encode())}) as server:
        said = refusal_at(server.url, PlexRefused)

    assert said.startswith(says.format(server.url.removeprefix("http://")))
    assert ("write https:// in PLEX_URL" in said) == ("encrypted" in says)


def test_a_server_that_hangs_up_on_plain_http_may_want_encryption(
    tmp_path: Path,
) -> None:
    with wire(certificate=certificate_for(HOST, tmp_path)) as plex:
        said = refusal_at(plex.url.replace("https:", "http:"), PlexUnreachable)

    assert "was closed" in said
    assert "If it wants encryption, write https:// in PLEX_URL" in said


@pytest.mark.parametrize(
    ("page", "what"),
    [
        (LOGIN_PAGE, "a web page"),
        (WELL_FORMED, "a web page"),
        ('{"status": "ok"}', "something else"),
        ("It works!", "something else"),
        ("<rss/>", "does not say which server it is"),
    ],
)
def test_a_page_that_is_not_of_plex_is_told(page: str, what: str) -> None:
    with canned_plex({"/": page}) as server:
        said = refusal_at(server.plex_url, PlexRefused)

    assert said.startswith(f"No Plex answers at {server.plex_url}")
    assert what in said


def test_a_login_page_in_the_middle_of_a_run_is_not_asked_for_again() -> None:
    with (
        canned_plex({"/library/sections/1/all": LOGIN_PAGE}) as settings,
        PlexGateway(settings) as gateway,
        pytest.raises(PlexRefused, match="such as the login of a proxy"),
    ):
        gateway.listing(Level.TRACK, lambda: None)


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "all_proxy"])
def test_no_proxy_leads_to_a_plex_of_this_machine(
    plex: Simulator, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)

    with PlexGateway(settings_of(plex)) as gateway:
        assert gateway.identity.title == "Music"


def test_a_proxy_that_leads_nowhere_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")

    said = refusal_at("http://192.0.2.7:32400", PlexUnreachable)

    assert "proxy of the environment" in said
    assert "192.0.2.7:32400" in said
    assert "NO_PROXY" in said


def sections(*libraries: tuple[str, str, str]) -> str:
    return container(
        "".join(
            f'<Directory type="artist" key="{key}" title="{title}" uuid="{uuid}">'
            f'<Location id="{key}" path="/music/{key}"/></Directory>'
            for key, title, uuid in libraries
        )
    )


TWO = sections(("3", "Music", "uuid-c"), ("7", "music", "uuid-g"), ("9", "Jazz", "j"))


BY_NAME = sections(("3", "Music", "u"), ("5", "3", "by-name"))


@pytest.mark.parametrize(
    ("listed", "wanted", "uuid"),
    [
        (TWO, "7", "uuid-g"),
        (TWO, "uuid-c", "uuid-c"),
        (TWO, "UUID-C", "uuid-c"),
        (TWO, "jazz", "j"),
        (BY_NAME, "3", "by-name"),
        (sections(("3", "Cafe\u0301", "u")), "café", "u"),
        (sections(("3", "Café", "u")), "Cafe\u0301", "u"),
    ],
)
def test_a_library_is_chosen_by_name_in_any_form_or_else_by_key_or_uuid(
    listed: str, wanted: str, uuid: str
) -> None:
    with (
        canned_plex({"/library/sections": listed}, library_name=wanted) as settings,
        PlexGateway(settings) as gateway,
    ):
        assert gateway.identity.uuid == uuid


def test_two_libraries_of_one_name_are_told_apart_by_what_to_write() -> None:
    which = (
        r"There are 2 music libraries named 'Music' .*"
        r'"3" or "uuid-c" \(/music/3\); "7" or "uuid-g" \(/music/7\)'
    )
    with (
        canned_plex({"/library/sections": TWO}) as settings,
        pytest.raises(LibraryMissing, match=which),
    ):
        PlexGateway(settings)
