"""What may still be written goes together, and no request is too large."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.classic import Phase
from engine.library import Level
from engine.planning.batches import (
    MOST_IDS,
    WriteOutcome,
    batches,
    filter_writable,
    tag_edits,
)
from tests.engine.looking import Row, look_of, plan_of, record_view_of


def writable(plan, *rows):
    return filter_writable(plan, look_of(*rows), record_view_of(*rows))


def outcome(found):
    """Return what is written where, and how many are done, taken over, gone."""
    rows = dict(zip(found.row.tolist(), found.plan.after.tolist(), strict=True))
    outcomes = (WriteOutcome.WRITTEN, WriteOutcome.TAKEN_OVER, WriteOutcome.GONE)
    return rows, *(int((found.outcome == outcome).sum()) for outcome in outcomes)


WRITE, DONE, TAKEN_OVER = ({0: 7.5}, 0, 0, 0), ({}, 1, 0, 0), ({}, 0, 1, 0)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        pytest.param(Row("a"), WRITE, id="unrated still"),
        pytest.param(Row("a", 7.0, recorded=7.0), WRITE, id="ours, with another value"),
        pytest.param(Row("a", 7.49, recorded=7.49), WRITE, id="ours, one step away"),
        pytest.param(Row("a", recorded=7.0), WRITE, id="a person removed ours"),
        pytest.param(Row("a", recorded=7.5), WRITE, id="a person removed just that"),
        pytest.param(Row("a", intended=7.5), WRITE, id="promised, never arrived"),
        pytest.param(
            Row("a", 7.0, intended=7.5, before=7.0), WRITE, id="a change never arrived"
        ),
        pytest.param(
            Row("a", 7.5, intended=7.5), WRITE, id="there, but never acknowledged"
        ),
        pytest.param(
            Row("a", 7.0, intended=7.0, arrived=True), WRITE, id="another one arrived"
        ),
        pytest.param(Row("a", 7.5, recorded=7.5), DONE, id="ours, and just that"),
        pytest.param(Row("a", 7.5, intended=7.5, arrived=True), DONE, id="it arrived"),
        pytest.param(
            Row("a", 7.49, intended=7.5, arrived=True), DONE, id="it arrived, rounded"
        ),
        pytest.param(Row("a", 9.0), TAKEN_OVER, id="a person rated it meanwhile"),
        pytest.param(Row("a", 7.5), TAKEN_OVER, id="a person gave just that meanwhile"),
        pytest.param(Row("a", 0.0), TAKEN_OVER, id="a person gave it a 0"),
        pytest.param(Row("a", 9.0, recorded=7.0), TAKEN_OVER, id="a person changed it"),
        pytest.param(
            Row("a", 9.0, intended=7.5), TAKEN_OVER, id="a person was faster than us"
        ),
    ],
)
def test_what_is_written_depends_on_the_item_as_it_is_now(row, expected):
    assert outcome(writable(plan_of(a=7.5), row)) == expected


@pytest.mark.parametrize(
    ("planned", "rows", "expected"),
    [
        pytest.param("abc", "b", ({0: 6.0}, 0, 0, 2), id="what is gone is counted"),
        pytest.param("a", "xay", ({1: 7.5}, 0, 0, 0), id="others are left alone"),
        pytest.param("ab", "ba", ({0: 6.0, 1: 7.5}, 0, 0, 0), id="found by the guid"),
        pytest.param("", "a", ({}, 0, 0, 0), id="an empty plan"),
        pytest.param("ab", "", ({}, 0, 0, 2), id="everything is gone"),
    ],
)
def test_planned_items_are_found_whatever_else_there_is(planned, rows, expected):
    points = {"a": 7.5, "b": 6.0, "c": 5.0}
    plan = plan_of(**{guid: points[guid] for guid in planned})

    assert outcome(writable(plan, *map(Row, rows))) == expected


WRITTEN = Row("a", 7.5, intended=7.5, arrived=True)


@pytest.mark.parametrize(
    ("twins", "expected"),
    [
        pytest.param([Row("a")] * 2, WRITE, id="both unrated"),
        pytest.param([WRITTEN] * 2, DONE, id="both written"),
        pytest.param(
            [WRITTEN, Row("a", intended=7.5)], WRITE, id="one of them written"
        ),
        pytest.param([Row("a"), Row("a", 9.0)], TAKEN_OVER, id="a person rated one"),
        pytest.param([WRITTEN, Row("a", 9.0)], TAKEN_OVER, id="written, then rated"),
    ],
)
def test_twins_are_written_together_or_not_at_all(twins, expected):
    assert outcome(writable(plan_of(a=7.5), *twins)) == expected


def test_one_of_the_twins_is_rated_and_both_bear_the_rating():
    found = writable(plan_of(a=7.5, b=6.0), Row("b"), Row("a"), Row("x"), Row("a"))

    assert outcome(found) == ({0: 6.0, 1: 7.5}, 0, 0, 0)
    assert found.affected_items.tolist() == [0, 1, 3]


def requests(after, *rows, size=100):
    """Return the requests that write these ratings."""
    plan = plan_of(**dict(zip([row.guid for row in rows], after, strict=True)))
    return list(batches(plan.phase, writable(plan, *rows), look_of(*rows), size))


def named(count, **facts):
    return [Row(f"{n}", **facts) for n in range(count)]


def test_equal_ratings_go_together_and_items_with_locked_ratings_apart():
    rows = Row("a"), Row("b"), Row("c", rating_locked=True), Row("d")

    sent = requests([7.0, 6.0, 7.0, 7.0], *rows)

    assert [(b.after, b.rating_locked, b.guid.tolist()) for b in sent] == [
        (6.0, False, ["b"]),
        (7.0, False, ["a", "d"]),
        (7.0, True, ["c"]),
    ]


def test_a_batch_says_what_it_writes_where_and_what_stood_there():
    rows = Row("a", 3.0, recorded=3.0, key=71), Row("b", key=72)

    (batch,) = requests([7.0, 7.0], *rows)

    assert (batch.phase, batch.after) == (Phase.TRACK_DOWN, 7.0)
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
    sent = requests([7.0] * count, *named(count), size=size)

    assert list(map(len, sent)) == lengths


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


@given(st.permutations(range(9)))
def test_the_order_of_the_plan_does_not_matter(order):
    rows = named(9)
    after = [float(n % 3) for n in range(9)]
    plan = plan_of(**{f"{n}": after[n] for n in order})

    sent = batches(plan.phase, writable(plan, *rows), look_of(*rows), 2)

    straight = requests(after, *rows, size=2)
    assert [b.guid.tolist() for b in sent] == [b.guid.tolist() for b in straight]


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
    sent = tagged(*named(250))

    assert [len(keys) for keys, _ in sent] == [100, 100, 50]
