"""Why there is no connection is told apart, and what is misconfigured never retried."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.errors import PlexError, PlexRefused, PlexUnreachable
from engine.library import Level
from tasks.config.settings import Settings
from tasks.plex.client import PlexGateway
from tests.simulator.process import Simulator
from tests.tasks.building import HIDDEN, settings_of
from tests.tasks.http_answers import HOST, Authority, wire
from tests.tasks.recorded_responses import canned_plex, container

TLS_ALERT = b"\x15\x03\x01\x00\x02\x02\x46"
LOGIN_PAGE = "<!DOCTYPE html>\n<html><body>Please log in<br></body></html>"
WELL_FORMED = '<?xml version="1.0"?><html xmlns="x"><body>Log in</body></html>'


@contextmanager
def answering(answer: bytes) -> Iterator[str]:
    """Answer every connection with the same bytes; yield host and port."""
    with socket.create_server((HOST, 0)) as place:

        def serve() -> None:
            while True:
                try:
                    connection, _ = place.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65536)
                    connection.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        yield f"{HOST}:{place.getsockname()[1]}"
        place.shutdown(socket.SHUT_RDWR)


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


def test_plain_http_where_https_is_spoken_is_told_by_an_alert() -> None:
    with answering(TLS_ALERT) as where:
        said = refusal_at(f"http://{where}", PlexRefused)

    assert said.startswith(f"{where} expects an encrypted connection")
    assert "write https:// in PLEX_URL" in said


@pytest.mark.parametrize(
    "sentence",
    [
        "The plain HTTP request was sent to HTTPS port",
        "Client sent an HTTP request to an HTTPS server.",
    ],
)
def test_plain_http_where_https_is_spoken_is_told_in_words(sentence: str) -> None:
    answer = f"HTTP/1.1 400 Bad Request\r\n\r\n{sentence}".encode()
    with answering(answer) as where:
        said = refusal_at(f"http://{where}", PlexRefused)

    assert "expects an encrypted connection (400)" in said


def test_a_server_that_hangs_up_on_plain_http_may_want_encryption(
    tmp_path: Path,
) -> None:
    certificate = Authority.found(tmp_path).certify(HOST)
    with wire(certificate=certificate) as plex:
        said = refusal_at(plex.url.replace("https:", "http:"), PlexUnreachable)

    assert "was closed" in said
    assert "If it wants encryption, write https:// in PLEX_URL" in said


def test_what_speaks_no_http_is_no_plex() -> None:
    with answering(b"SSH-2.0-OpenSSH_9.6\r\n") as where:
        said = refusal_at(f"http://{where}", PlexRefused)

    assert said.startswith(f"No Plex answers at {where}")
    assert "does not speak http" in said


@pytest.mark.parametrize(
    ("page", "what"),
    [
        (LOGIN_PAGE, "a web page"),
        (WELL_FORMED, "a web page"),
        ('{"status": "ok"}', "something else"),
        ("It works!", "something else"),
    ],
)
def test_a_page_that_is_not_of_plex_is_told(page: str, what: str) -> None:
    with canned_plex({"/": page}) as server:
        said = refusal_at(server.plex_url, PlexRefused)

    assert said.startswith(f"No Plex answers at {server.plex_url}")
    assert what in said


def test_a_document_of_another_program_is_no_plex() -> None:
    with canned_plex({"/": "<rss/>"}) as server:
        said = refusal_at(server.plex_url, PlexRefused)

    assert said.startswith(f"No Plex answers at {server.plex_url}")


def test_a_server_that_has_nothing_there_is_no_plex() -> None:
    with answering(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n") as where:
        said = refusal_at(f"http://{where}", PlexRefused)

    assert said.startswith(f"No Plex answers at http://{where}")


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


@pytest.mark.parametrize(
    ("name", "uuid"),
    [("7", "uuid-g"), ("uuid-c", "uuid-c"), ("UUID-C", "uuid-c"), ("jazz", "j")],
)
def test_one_of_two_libraries_of_one_name_is_chosen_by_key_or_uuid(
    name: str, uuid: str
) -> None:
    with canned_plex({"/library/sections": TWO}) as settings:
        wish = settings.model_copy(update={"library_name": name})
        with PlexGateway(wish) as gateway:
            assert gateway.identity.uuid == uuid


def test_two_libraries_of_one_name_are_told_apart_by_what_to_write() -> None:
    with (
        canned_plex({"/library/sections": TWO}) as settings,
        pytest.raises(
            PlexError,
            match=r'named \'Music\' .*"3" or "uuid-c" \(/music/3\); '
            r'"7" or "uuid-g" \(/music/7\)',
        ),
    ):
        PlexGateway(settings)


def test_a_name_goes_before_a_key() -> None:
    both = sections(("3", "Music", "u"), ("5", "3", "by-name"))
    with canned_plex({"/library/sections": both}) as settings:
        wish = settings.model_copy(update={"library_name": "3"})
        with PlexGateway(wish) as gateway:
            assert gateway.identity.uuid == "by-name"


@pytest.mark.parametrize(
    ("listed", "wanted"), [("Cafe\u0301", "café"), ("Café", "Cafe\u0301")]
)
def test_a_name_in_the_other_form_of_unicode_is_found(listed: str, wanted: str) -> None:
    with canned_plex({"/library/sections": sections(("3", listed, "u"))}) as settings:
        wish = settings.model_copy(update={"library_name": wanted})
        with PlexGateway(wish) as gateway:
            assert gateway.identity.uuid == "u"
