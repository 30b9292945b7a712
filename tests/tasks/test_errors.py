"""Whatever goes wrong on the way to Plex becomes one of our own sentences."""

import traceback

import numpy as np
import pytest

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
from tests.tasks.http_answers import canned_plex

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
    (503, PlexUnreachable),
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
    doing = "reading /library/sections/1/all" if act is read else "writing to 1 track"
    assert doing in text


@pytest.mark.parametrize("act", [read, write])
@pytest.mark.parametrize("fault", BREAKS)
def test_a_broken_connection_may_be_whole_again(impatient, order, fault, act):
    order(fault, ALL, seconds=OUTLASTED)

    text = refusal_of(PlexUnreachable, act, impatient)

    assert ("did not answer in time" in text) == (fault in TIMEOUTS)


@pytest.mark.parametrize("fault", GARBLES)
def test_an_answer_that_is_no_whole_document_is_none(gateway, order, fault):
    order(fault, ALL)

    assert "no usable answer" in refusal_of(PlexUnreachable, read, gateway)


@pytest.mark.parametrize(("code", "error"), STATUSES[1::3])
def test_connecting_fails_in_the_same_ways(plex, order, code, error):
    order("status", code=code)

    with pytest.raises(error, match="connecting to http"):
        PlexGateway(settings_of(plex))


@pytest.mark.parametrize("fault", ["reset_after", "timeout_before", *GARBLES])
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


def test_a_wrong_token_leads_to_the_article(plex):
    with pytest.raises(PlexRefused) as refused:
        PlexGateway(settings_of(plex, plex_token=HIDDEN))

    assert "Check PLEX_TOKEN" in str(refused.value)
    assert ARTICLE in str(refused.value)
    assert HIDDEN not in "".join(traceback.format_exception(refused.value))


@pytest.mark.parametrize("fault", ["status", *BREAKS, *GARBLES])
def test_no_traceback_shows_the_token(plex, order, fault):
    with PlexGateway(settings_of(plex, timeout=IMPATIENT)) as gateway:
        order(fault, ALL, seconds=OUTLASTED, code=401)

        with pytest.raises(PlexError) as refused:
            read(gateway)

    shown = "".join(traceback.format_exception(refused.value))
    assert plex.token not in shown


def test_after_a_fault_all_is_as_before(plex, impatient, order):
    order("timeout_before", {"path": "/all", "times": 1}, seconds=OUTLASTED)
    refusal_of(PlexUnreachable, read, impatient)

    listing = impatient.listing(Level.TRACK, lambda: None)

    assert len(listing.items) == 60
