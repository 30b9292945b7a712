"""What is on record lies beside the items, and explains their ratings."""

from dataclasses import replace

import numpy as np
import pytest

from engine.classic import Phase
from engine.ownership import Owner, owners
from tasks.record.rows import LATEST_ARRIVAL, Intent, IntentState
from tasks.sync.record_lookup import Recorded, record_view_of
from tests.engine.looking import Row, look_of
from tests.tasks.building import shadow

SENT = 1_700_000_000.0


def unrated(*guids):
    return look_of(*(Row(guid) for guid in guids))


def intent(guid, before, after, state=IntentState.OPEN):
    return Intent(guid, 1, Phase.TRACK_DOWN, "run 1", before, after, state, 20.0)


def in_doubt(guid, value, run_id="run 1"):
    state = IntentState.IN_DOUBT
    return Intent(guid, 1, Phase.TRACK_DOWN, run_id, None, value, state, SENT)


def owner_of(points, known, rated_at=0):
    look = replace(look_of(Row("a", points)), rated_at=np.array([rated_at]))
    (owner,) = owners(look.rating, look.rated_at, record_view_of(look, known))
    return Owner(owner)


def test_a_rating_of_ours_is_remembered_wherever_its_guid_is():
    record_view = record_view_of(
        unrated("a", "b", "a"), Recorded([shadow("a", 7.33, seen_at=60)])
    )

    np.testing.assert_array_equal(record_view.value, [7.33, np.nan, 7.33])
    assert record_view.seen_at.tolist() == [60, 0, 60]
    assert not record_view.unconfirmed.any()


def test_a_promise_counts_for_more_than_what_was_confirmed():
    intents = [intent("a", 7.33, 8.0), intent("b", None, 5.0, IntentState.ACKNOWLEDGED)]

    record_view = record_view_of(
        unrated("a", "b"), Recorded([shadow("a", 7.33)], intents)
    )

    assert record_view.value.tolist() == [8.0, 5.0]
    np.testing.assert_array_equal(record_view.before, [7.33, np.nan])
    assert record_view.unconfirmed.tolist() == [True, True]
    assert record_view.arrived.tolist() == [False, True]


def test_what_is_recorded_of_others_is_left_aside():
    record_view = record_view_of(
        unrated("a"), Recorded([shadow("x", 7.33)], [intent("y", None, 5.0)])
    )

    assert np.isnan(record_view.value).all()


@pytest.mark.parametrize(
    "known",
    [
        pytest.param(Recorded(), id="of which nothing is known any more"),
        pytest.param(Recorded([shadow("a", 4.0)]), id="that was rated anew"),
        pytest.param(Recorded([], [intent("a", None, 4.0)]), id="promised otherwise"),
    ],
)
def test_what_arrives_late_at_an_item_is_ours(known):
    late = Recorded(known.shadows, [*known.intents, in_doubt("a", 7.33)])

    assert owner_of(7.33, known) in {Owner.PERSON, Owner.TAKEN_OVER}
    assert owner_of(7.33, late) == Owner.US
    assert owner_of(7.5, late) in {Owner.PERSON, Owner.TAKEN_OVER}


def test_what_arrives_late_at_twins_is_ours_at_both():
    look = look_of(Row("a", 7.33), Row("b", 7.33), Row("a", 7.33))

    record_view = record_view_of(look, Recorded(intents=[in_doubt("a", 7.33)]))

    np.testing.assert_array_equal(record_view.value, [7.33, np.nan, 7.33])


@pytest.mark.parametrize(
    ("after", "owner"), [(60, Owner.US), (2 * LATEST_ARRIVAL, Owner.PERSON)]
)
def test_when_it_arrived_counts_and_not_when_it_is_seen(after, owner):
    known = Recorded(intents=[in_doubt("a", 7.33)], now=SENT + 3 * LATEST_ARRIVAL)

    assert owner_of(7.33, known, rated_at=int(SENT + after)) == owner


def test_a_tag_that_may_arrive_explains_no_rating():
    known = Recorded(intents=[in_doubt("a", None)])

    assert owner_of(7.33, known) == Owner.PERSON


def test_an_intent_explains_more_than_a_write_in_doubt():
    known = Recorded([], [intent("a", None, 7.33), in_doubt("a", 7.33)])

    assert owner_of(7.33, known) == Owner.WRITTEN
