"""The latest look at Plex decides what of a plan may still be written."""

import pytest

from engine.planning.batches import WriteOutcome, filter_writable
from tests.engine.looking import Row, look_of, plan_of, record_view_of


def writable(plan, *rows):
    return filter_writable(plan, look_of(*rows), record_view_of(*rows))


def outcome(found):
    """Return what is written where, and how many are done, taken over, gone."""
    rows = dict(zip(found.row.tolist(), found.after.tolist(), strict=True))
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


def test_an_item_that_is_gone_is_only_counted():
    found = writable(plan_of(a=7.5, b=6.0, c=5.0), Row("b"))

    assert outcome(found) == ({0: 6.0}, 0, 0, 2)


def test_an_item_that_is_not_planned_is_left_alone():
    found = writable(plan_of(a=7.5), Row("x"), Row("a"), Row("y", 9.0))

    assert outcome(found) == ({1: 7.5}, 0, 0, 0)


def test_an_item_is_found_by_its_guid_whatever_its_key():
    found = writable(plan_of(a=7.5, b=6.0), Row("b", key=71), Row("a", key=72))

    assert outcome(found) == ({0: 6.0, 1: 7.5}, 0, 0, 0)


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


def test_an_empty_plan_admits_nothing():
    assert outcome(writable(plan_of(), Row("a"))) == ({}, 0, 0, 0)


def test_where_nothing_is_left_everything_is_gone():
    assert outcome(writable(plan_of(a=7.5, b=6.0))) == ({}, 0, 0, 2)
