"""Documents that are nearly right: known names with values that nobody foresaw."""

import json
from xml.etree.ElementTree import Element, tostring

from hypothesis import strategies as st

from tasks.config.settings import Settings
from tests.tasks.building import HIDDEN
from tests.tasks.test_settings import ORIGINAL

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
