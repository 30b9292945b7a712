"""The doors at which something may come in that nobody foresaw, and what does.

What is thrown is nearly right: known names with values that nobody foresaw.
"""

import json
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, tostring

import numpy as np
import pytest
from hypothesis import strategies as st

from engine.errors import PlexbayesError
from engine.library import Level
from tasks.commands.legacy_state import read_state
from tasks.config.settings import Settings, load_settings
from tasks.plex import libraries
from tasks.plex.client import PlexGateway
from tasks.plex.session import PlexSession
from tasks.sync.steps import read_library
from tests.simulator.control import dump
from tests.simulator.csv_library import CsvInvalid, load_csv
from tests.simulator.in_memory import InMemory
from tests.simulator.messages import Answer, Request
from tests.simulator.world import World
from tests.tasks.building import HIDDEN
from tests.tasks.http_answers import USUAL
from tests.tasks.test_settings import ORIGINAL

URL = "http://plex"
MOST_REQUESTS = 12
"""After so many a server is silent; one that goes on for ever proves nothing."""

_FOLDER = tempfile.TemporaryDirectory()
_FILE = Path(_FOLDER.name) / "thrown.json"
_SETTINGS = Settings(plex_url=URL, plex_token=HIDDEN, timeout=1)


def read_configuration(thrown: bytes) -> None:
    """Take anything for a config.json."""
    _FILE.write_bytes(thrown)
    with suppress(PlexbayesError):
        settings, warnings = load_settings(_FILE)
        assert all([settings.constants, settings.grid, settings.filler])
        "\n".join([*warnings, settings.plex_url, settings.library_name]).encode()


def read_legacy_state(thrown: bytes) -> None:
    """Take anything for a plex_state.json."""
    _FILE.write_bytes(thrown)
    with suppress(PlexbayesError):
        state = read_state(_FILE)
        np.array(list(state.ratings), np.int64)
        assert all(-1 < points < 11 for points in state.ratings.values())


def read_csv(thrown: bytes) -> None:
    """Take anything for a library in a CSV file, as it is or packed."""
    for path in (_FILE.with_suffix(".csv"), _FILE.with_suffix(".csv.gz")):
        path.write_bytes(thrown)
        with suppress(CsvInvalid):
            dump(load_csv(World(), path))


def read_answer(thrown: bytes) -> None:
    """Take anything for the answers of Plex: when connecting, and afterwards."""
    for later in (0, len(USUAL)):
        server = Repeating(thrown, later)
        transport = InMemory(server)
        with (
            suppress(PlexbayesError),
            PlexGateway(_SETTINGS, transport=transport) as plex,
        ):
            _ask_everything(plex, server)
    line = PlexSession(transport=InMemory(Repeating(thrown, 1)))
    with pytest.MonkeyPatch.context() as patch, suppress(PlexbayesError):
        patch.setattr(libraries, "PlexSession", lambda *_: line)
        libraries.discover(URL, HIDDEN, 1)


def _ask_everything(plex: PlexGateway, server: "Repeating") -> None:
    asked: list[Callable[[], Any]] = [
        lambda: read_library(plex),
        lambda: plex.fetch_items(np.array([1, 2, 3])),
        *(lambda level=level: plex.listing(level, lambda: None) for level in Level),
        lambda: plex.tagged(Level.TRACK),
        lambda: plex.tagged(Level.TRACK),
    ]
    for ask in asked:
        server.left = MOST_REQUESTS
        with suppress(PlexbayesError):
            _assert_sane(ask())


def _assert_sane(found: Any) -> None:
    """Make sure that no rating came in that cannot be one."""
    items = getattr(found, "items", found)
    for ratings in (getattr(items, "rating", None), getattr(found, "rating", None)):
        if ratings is not None:
            known = ratings[np.isfinite(ratings)]
            assert ((known > -1) & (known < 11)).all()


class Repeating:
    """A server that always says the same, after it was sane for a while."""

    world = World()

    def __init__(self, thrown: bytes, sane: int) -> None:
        self._thrown = thrown
        self._sane = sane
        self.left = MOST_REQUESTS

    def answer(self, request: Request) -> Answer:
        """Answer a request."""
        self.left -= 1
        if self.left < 0:
            return Answer(cut="reset")
        usual = USUAL.get(request.path, "").encode() if self._sane else b""
        self._sane = max(0, self._sane - 1)
        return Answer(body=usual or self._thrown)


DOORS: dict[str, Callable[[bytes], None]] = {
    "config": read_configuration,
    "state": read_legacy_state,
    "xml": read_answer,
    "csv": read_csv,
}
"""What can be thrown at what."""

SMALL = ["0", "-1", "5", "7.33", "10", "10.02", "0x7", "1_0", " 7 ", "٣", "²", "7,5"]
LARGE = ["1e400", "-1e400", "nan", "inf", "9" * 20, "9" * 5000]
NUMBERS = [*SMALL, *LARGE, "", "true"]
"""What may stand where a number belongs."""
NAMES = [
    *("ratingKey", "parentRatingKey", "grandparentRatingKey", "guid", "type", "title"),
    *("titleSort", "userRating", "lastRatedAt", "rating", "duration", "index", "year"),
    *("parentYear", "viewCount", "skipCount", "totalSize", "size", "key", "uuid"),
    *("machineIdentifier", "version", "updatedAt", "name", "locked", "tag"),
    "transcoderActiveVideoSessions",
]
"""Attributes that Plex sends."""
KINDS = ["MediaContainer", "Directory", "Track", "Mood", "Genre", "Field", "Video"]
WORDS = ["artist", "album", "track", "Music", "Rating_Inferred", "1", "mood", "%", "é"]

odd_values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.just(10**5000),
    st.floats(),
    st.text(max_size=9),
    st.sampled_from([*NUMBERS, *WORDS, "\ud800", "http://[", "//@", "sqlite:///"]),
    st.lists(st.integers(0, 9), max_size=2),
    st.dictionaries(st.sampled_from("rt"), st.one_of(st.floats(), st.integers())),
)


def as_json(document: object) -> bytes:
    """Return a document as bytes."""
    try:
        return json.dumps(document).encode()
    except ValueError:  # numbers of more digits than Python likes to print
        return b'{"version": ' + b"9" * 5000 + b"}"


keys = [name if name == "version" else name.upper() for name in Settings.model_fields]
enough = ORIGINAL | {"PLEX_URL": "http://host:32400", "PLEX_TOKEN": HIDDEN}
configurations = st.dictionaries(
    st.sampled_from([*keys, "else"]), odd_values, max_size=4
).map(lambda odd: as_json(enough | odd))

entries = st.dictionaries(
    st.one_of(st.sampled_from([*NUMBERS, "version", "ratings"]), st.text(max_size=4)),
    odd_values,
    max_size=4,
)
states = st.one_of(
    entries,
    st.fixed_dictionaries(
        {"ratings": st.one_of(entries, odd_values)},
        optional={"version": odd_values, "library_uuid": odd_values},
    ),
    odd_values,
).map(as_json)

attributes = st.dictionaries(
    st.sampled_from(NAMES),
    st.one_of(
        st.sampled_from([*NUMBERS, *WORDS]),
        st.text(st.characters(min_codepoint=32, max_codepoint=0xD7FF), max_size=9),
    ),
    max_size=6,
)


@st.composite
def trees(draw: st.DrawFn) -> bytes:
    """Make an answer that is well-formed, and else may be anything."""
    known = {"totalSize": draw(st.sampled_from(["1", "2", "3", "1000000000"]))}
    root = Element(draw(st.sampled_from(KINDS)), known | draw(attributes))
    for _ in range(draw(st.integers(0, 3))):
        kind = draw(st.sampled_from(["artist", "album", "track"]))
        key = draw(st.sampled_from(["1", "2", "3"]))
        known = {"ratingKey": key, "parentRatingKey": "1", "type": kind}
        item = Element(draw(st.sampled_from(KINDS)), known | draw(attributes))
        for _ in range(draw(st.integers(0, 2))):
            item.append(Element(draw(st.sampled_from(KINDS)), draw(attributes)))
        root.append(item)
    return tostring(root)


COLUMNS = [
    *("artist", "album", "track", "track_artist", "genre", "year", "track_no"),
    *("disc_no", "duration_ms", "play_count", "skip_count", "rating_10"),
    *("album_rating_10", "critic_10"),
]
cells = st.one_of(st.sampled_from([*NUMBERS, *WORDS]), st.text(max_size=5))


@st.composite
def tables(draw: st.DrawFn) -> bytes:
    """Make a table with most of the columns of a library."""
    names = [name for name in COLUMNS if draw(st.integers(0, 30))]
    lines = draw(st.lists(st.lists(cells, max_size=len(COLUMNS)), max_size=4))
    text = "\n".join(",".join(line) for line in [names, *lines])
    return text.encode(errors="replace")


NEARLY_RIGHT = {
    "config": configurations,
    "state": states,
    "xml": trees(),
    "csv": tables(),
}
"""What to throw at each door."""
