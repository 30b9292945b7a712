"""Whatever goes wrong on the way to Plex becomes one of our own sentences."""

import socket
import traceback

import numpy as np
import pytest
from pydantic import ValidationError

from engine.edits import Edit
from engine.errors import (
    NotThere,
    PlexError,
    PlexRefused,
    PlexUnreachable,
    RequestTooLong,
)
from engine.library import Level
from tasks.config.config_file import ARTICLE
from tasks.plex.client import PlexGateway
from tests.tasks.building import HIDDEN, settings_of
from tests.tasks.recorded_responses import canned_plex

ALL = {"path": "/all"}
"""Meets listings and edits."""
IMPATIENT = 0.25
OUTLASTED = 0.5
"""Seconds that a hanging connection hangs: longer than we wait."""

STATUSES = [
    (400, RequestTooLong),
    (401, PlexRefused),
    (403, PlexRefused),
    (404, NotThere),
    (414, RequestTooLong),
    (429, PlexUnreachable),
    (500, PlexUnreachable),
    (502, PlexUnreachable),
    (503, PlexUnreachable),
    (504, PlexUnreachable),
    (520, PlexUnreachable),
]
TIMEOUTS = ["timeout_before", "timeout_after"]
BREAKS = ["reset_before", "reset_after", *TIMEOUTS]
GARBLES = ["half_response", "garbage_xml"]


def read(gateway):
    gateway.listing(Level.TRACK, lambda: None)


def write(gateway):
    gateway.edit(Edit(Level.TRACK, np.array([1005]), rates=True, points=8))


@pytest.fixture
def impatient(plex):
    with PlexGateway(settings_of(plex, timeout=IMPATIENT)) as gateway:
        yield gateway


def refusal_of(error, act, gateway):
    with pytest.raises(PlexError) as refused:
        act(gateway)
    assert type(refused.value) is error
    return str(refused.value)


@pytest.mark.parametrize("act", [read, write])
@pytest.mark.parametrize(("code", "error"), STATUSES)
def test_a_status_says_whether_asking_again_may_help(gateway, order, code, error, act):
    order("status", ALL, code=code)

    text = refusal_of(error, act, gateway)

    assert code == 520 or f"({code})" in text


@pytest.mark.parametrize("act", [read, write])
@pytest.mark.parametrize("fault", BREAKS)
def test_a_broken_connection_may_be_whole_again(impatient, order, fault, act):
    order(fault, ALL, seconds=OUTLASTED)

    refusal_of(PlexUnreachable, act, impatient)


@pytest.mark.parametrize("fault", TIMEOUTS)
def test_who_waits_too_long_is_told_so(impatient, order, fault):
    order(fault, ALL, seconds=OUTLASTED)

    assert "did not answer in time" in refusal_of(PlexUnreachable, write, impatient)


@pytest.mark.parametrize("fault", GARBLES)
def test_an_answer_that_is_no_whole_document_is_none(gateway, order, fault):
    order(fault, ALL)

    assert "no usable answer" in refusal_of(PlexUnreachable, read, gateway)


@pytest.mark.parametrize(
    ("act", "doing"),
    [
        (read, "reading /library/sections/1/all"),
        (write, r"writing to 1 track"),
    ],
)
def test_a_refusal_says_what_was_being_done(gateway, order, act, doing):
    order("status", ALL, code=503)

    assert doing in refusal_of(PlexUnreachable, act, gateway)


@pytest.mark.parametrize(("code", "error"), STATUSES[1::3])
def test_connecting_fails_in_the_same_ways(plex, order, code, error):
    order("status", code=code)

    with pytest.raises(error, match="connecting to http"):
        PlexGateway(settings_of(plex))


@pytest.mark.parametrize("fault", [*BREAKS, *GARBLES])
def test_connecting_may_fail_for_a_while(plex, order, fault):
    order(fault, seconds=OUTLASTED)

    with pytest.raises(PlexUnreachable):
        PlexGateway(settings_of(plex, timeout=IMPATIENT))


@pytest.mark.parametrize("path", ["/", "/library/sections", "/accounts"])
def test_an_empty_answer_is_none(path):
    with (
        canned_plex({path: ""}) as settings,
        pytest.raises(PlexUnreachable),
        PlexGateway(settings),
    ):
        pass


def test_where_nobody_listens_nobody_answers(plex):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"

        with pytest.raises(PlexUnreachable, match=url):
            PlexGateway(settings_of(plex, plex_url=url))


@pytest.mark.parametrize("url", ["http://", "http://host:port", "http://ex ample"])
def test_what_is_no_address_is_not_even_tried(plex, url):
    with pytest.raises(ValidationError, match="not an http"):
        settings_of(plex, plex_url=url)


def test_a_wrong_token_leads_to_the_article(plex):
    with pytest.raises(PlexRefused) as refused:
        PlexGateway(settings_of(plex, plex_token=HIDDEN))

    assert "Check PLEX_TOKEN" in str(refused.value)
    assert ARTICLE in str(refused.value)


def test_a_token_that_cannot_be_sent_is_refused(plex):
    with pytest.raises(ValidationError, match="plain letters"):
        settings_of(plex, plex_token="маркер")  # noqa: S106


@pytest.mark.parametrize("fault", ["status", *BREAKS, *GARBLES])
def test_no_traceback_shows_the_token(plex, order, fault):
    with PlexGateway(settings_of(plex, timeout=IMPATIENT)) as gateway:
        order(fault, ALL, seconds=OUTLASTED, code=401)

        with pytest.raises(PlexError) as refused:
            read(gateway)

    shown = "".join(traceback.format_exception(refused.value))
    assert plex.token not in shown


def test_a_refused_token_is_not_shown(plex):
    with pytest.raises(PlexRefused) as refused:
        PlexGateway(settings_of(plex, plex_token=HIDDEN))

    assert HIDDEN not in "".join(traceback.format_exception(refused.value))


def test_after_a_fault_all_is_as_before(plex, impatient, order):
    order("timeout_before", {"path": "/all", "times": 1}, seconds=OUTLASTED)
    refusal_of(PlexUnreachable, read, impatient)

    listing = impatient.listing(Level.TRACK, lambda: None)

    assert len(listing.items) == 60
