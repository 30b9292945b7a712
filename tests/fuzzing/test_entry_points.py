"""Whatever stands in a file or an answer, nothing but our own errors comes out."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.library import Level
from engine.rating_scale import UNREADABLE
from tasks.plex.parsing import listing_of
from tests.fuzzing.entry_points import DOORS, NEARLY_RIGHT
from tests.tasks.test_parsing import track

BRIEFLY = settings(
    max_examples=50,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("door", DOORS)
def test_a_document_that_is_nearly_right_is_understood_or_refused(door):
    BRIEFLY(given(NEARLY_RIGHT[door])(DOORS[door]))()


@pytest.mark.parametrize("door", DOORS)
def test_bytes_of_any_kind_are_refused(door):
    BRIEFLY(given(st.binary(max_size=200))(DOORS[door]))()


@pytest.mark.parametrize(
    "brackets", [b"[" * 10_000, b"<a>" * 10_000, b'{"a":' * 10_000]
)
@pytest.mark.parametrize("door", DOORS)
def test_what_never_ends_is_refused(door, brackets):
    DOORS[door](brackets)


@pytest.mark.parametrize("points", ["nan", "inf", "-inf", "1e400", "11", "-1", "10.5"])
def test_what_can_be_no_rating_is_none(points):
    listing = listing_of(Level.TRACK, [track(7, userRating=points)])

    assert listing.items.rating.tolist() == [UNREADABLE]
    assert [one.note for one in listing.oddities] == [f"userRating {points!r}"]


@pytest.mark.parametrize("name", ["duration", "rating", "viewCount"])
@pytest.mark.parametrize("number", ["nan", "inf", "1e400", "9" * 30])
def test_what_cannot_be_counted_is_unknown(name, number):
    listing = listing_of(Level.TRACK, [track(7, **{name: number})])

    items = listing.items
    assert (items.rated_at[0], items.duration[0]) == (0, 0)
    assert np.isnan(items.critic[0])
    assert not items.facts.plays[0] > 0
    assert [one.note for one in listing.oddities] == [f"{name} {number!r}"]
