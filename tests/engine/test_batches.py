"""What goes together goes in one request, and no request is too large."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.classic import Phase
from engine.estimates import Estimates
from engine.library import Level
from engine.planning.batches import (
    MOST_IDS,
    Writable,
    WriteOutcome,
    batches,
    filter_writable,
    tag_edits,
)
from tests.engine.looking import Row, look_of, plan_of, record_view_of


def all_of(look, after):
    rows = np.arange(len(after))
    points = np.array(after, np.float64)
    left = np.full(len(after), WriteOutcome.LEFT, np.int8)
    return Writable(rows, points, rows, Estimates.plain(points, rows), rows, left)


def requests(after, *rows, size=100):
    look = look_of(*rows)
    return list(batches(Phase.ALBUM_UP, all_of(look, after), look, size))


def test_equal_ratings_go_together():
    sent = requests([7.0, 6.0, 7.0], Row("a"), Row("b"), Row("c"))

    assert [(batch.after, batch.guid.tolist()) for batch in sent] == [
        (6.0, ["b"]),
        (7.0, ["a", "c"]),
    ]


def test_items_with_locked_ratings_go_apart():
    sent = requests([7.0] * 3, Row("a"), Row("b", rating_locked=True), Row("c"))

    assert [(batch.rating_locked, batch.guid.tolist()) for batch in sent] == [
        (False, ["a", "c"]),
        (True, ["b"]),
    ]


def test_a_batch_says_what_it_writes_where_and_what_stood_there():
    (batch,) = requests([7.0, 7.0], Row("a", 3.0, key=71), Row("b", key=72))

    assert (batch.phase, batch.after) == (Phase.ALBUM_UP, 7.0)
    assert batch.key.tolist() == [71, 72]
    np.testing.assert_array_equal(batch.before, [3.0, np.nan])


@pytest.mark.parametrize(
    ("count", "size", "lengths"),
    [
        pytest.param(5, 2, [2, 2, 1], id="a rest that is smaller"),
        pytest.param(4, 2, [2, 2], id="no rest"),
        pytest.param(3, 1, [1, 1, 1], id="one by one"),
        pytest.param(3, 100, [3], id="fewer than fit"),
        pytest.param(250, 1000, [100, 100, 50], id="more wanted than any request has"),
        pytest.param(0, 25, [], id="nothing to write"),
    ],
)
def test_large_groups_are_cut(count, size, lengths):
    rows = [Row(f"{n}") for n in range(count)]

    assert [
        len(batch) for batch in requests([7.0] * count, *rows, size=size)
    ] == lengths


ROWS = st.lists(
    st.tuples(st.sampled_from([0.0, 6.99, 7.0]), st.booleans()), max_size=300
)


@given(ROWS, st.integers(1, 500))
def test_every_admitted_item_is_in_exactly_one_small_enough_batch(wishes, size):
    rows = [Row(f"{n}", rating_locked=r) for n, (_, r) in enumerate(wishes)]

    sent = requests([after for after, _ in wishes], *rows, size=size)

    expected = {f"{n}": wish for n, wish in enumerate(wishes)}
    written = [
        (guid, (batch.after, batch.rating_locked))
        for batch in sent
        for guid in batch.guid
    ]
    assert sorted(written) == sorted(expected.items())
    assert all(0 < len(batch) <= min(size, MOST_IDS) for batch in sent)


@given(st.randoms(use_true_random=False))
def test_the_order_of_the_plan_does_not_matter(random):
    rows = [Row(f"{n}") for n in range(9)]
    ratings = {f"{n}": float(n % 3) for n in range(9)}
    shuffled = dict(random.sample(sorted(ratings.items()), len(ratings)))

    look = look_of(*rows)
    found = filter_writable(plan_of(**shuffled), look, record_view_of(*rows))
    sent = list(batches(Phase.ALBUM_UP, found, look, 2))

    straight = requests(list(ratings.values()), *rows, size=2)
    assert [batch.guid.tolist() for batch in sent] == [
        batch.guid.tolist() for batch in straight
    ]


def tagged(*rows):
    """Return which items are tagged together, and whether their moods are locked."""
    edits = list(tag_edits(Level.TRACK, look_of(*rows), "T"))
    assert all(edit.adds == ("T",) and not edit.rates for edit in edits)
    return [(edit.key.tolist(), edit.mood_locked) for edit in edits]


def test_a_tag_goes_to_all_at_once_and_leaves_locks_as_they_are():
    rows = [Row("a", key=1), Row("b", key=2, mood_locked=True), Row("c", key=3)]

    assert tagged(*rows) == [([1, 3], False), ([2], True)]


def test_what_bears_the_tag_already_is_not_tagged_again():
    assert tagged(Row("a", key=1, has_tag=True), Row("b", key=2)) == [([2], False)]
    assert tagged(Row("a", has_tag=True)) == []


def test_no_tag_goes_to_more_items_than_a_request_may_name():
    sent = tagged(*(Row(f"{n}") for n in range(250)))

    assert [len(keys) for keys, _ in sent] == [100, 100, 50]
