"""Equal ratings of several letters share requests, and each is written once."""

from collections import Counter
from dataclasses import replace
from math import ceil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.classic import Phase
from engine.planning.batch_sharing import Pool, windows
from engine.planning.batches import MOST_IDS, WriteOutcome
from tests.engine.looking import plan_of

TRACKS = Phase.TRACK_DOWN


def plans_of(**letters):
    """Plan ratings by guid for each letter; keys are unique throughout."""
    plans, first = {}, 1
    for letter, ratings in letters.items():
        plan = plan_of(**ratings)
        plans[letter] = [replace(plan, key=plan.key + first)]
        first += len(plan)
    return plans


def drawn(pool, letter, size=100):
    """Return what a letter is to write, by guid."""
    (plan,) = pool.take_next(letter, size)
    return dict(zip(plan.guid, plan.after.tolist(), strict=True))


B_AND_P = {"B": {"b1": 7.0, "b2": 6.0}, "P": {"p1": 7.0, "p2": 5.0, "p3": 7.0}}


ALL_EQUALS = B_AND_P["B"] | {"p1": 7.0, "p3": 7.0}


@pytest.mark.parametrize(
    ("letters", "pool", "size", "expected"),
    [
        pytest.param(B_AND_P, {}, 100, ALL_EQUALS, id="equal ones are taken along"),
        pytest.param(
            B_AND_P, {}, 2, B_AND_P["B"] | {"p1": 7.0}, id="no request for others alone"
        ),
        pytest.param(
            B_AND_P,
            {"tagged": 5},
            100,
            B_AND_P["B"] | B_AND_P["P"],
            id="others are tagged along if all their equals are",
        ),
        pytest.param(
            {"B": {}, "P": {"p": 7.0}}, {"tagged": 100}, 100, {}, id="nothing left"
        ),
        pytest.param(
            B_AND_P, {"is_shared": False}, 100, B_AND_P["B"], id="tried again: alone"
        ),
    ],
)
def test_a_letter_draws_its_own_and_what_costs_no_request_more(
    letters, pool, size, expected
):
    assert drawn(Pool(plans_of(**letters), **pool), "B", size) == expected


def test_what_was_written_with_another_letter_is_done_and_counts_for_its_own():
    pool = Pool(plans_of(**B_AND_P))
    (plan,) = pool.take_next("B", 100)
    pool.settle(TRACKS, plan.key, WriteOutcome.WRITTEN)

    assert drawn(pool, "P") == {"p2": 5.0}
    assert (
        pool.count("B", WriteOutcome.WRITTEN),
        pool.count("P", WriteOutcome.WRITTEN),
    ) == (2, 2)
    assert pool.by_letter(TRACKS, plan.key) == {"B": 2, "P": 2}


@pytest.mark.parametrize("outcome", [WriteOutcome.TAKEN_OVER, WriteOutcome.GONE])
def test_what_is_not_to_be_written_any_more_is_not_drawn(outcome):
    pool = Pool(plans_of(**B_AND_P))
    keys = pool.take_next("P", 100)[0].key

    pool.settle(TRACKS, keys[:1], outcome)

    assert drawn(pool, "P") == {"p1": 7.0, "p3": 7.0, "b1": 7.0}
    assert pool.count("P", outcome) == 1


def test_after_a_fault_every_letter_goes_alone():
    pool = Pool(plans_of(**B_AND_P))

    assert (pool.stop_sharing(), pool.stop_sharing()) == (True, False)
    assert drawn(pool, "B") == B_AND_P["B"]
    assert drawn(pool, "P") == B_AND_P["P"]


def test_a_single_letter_has_no_company_to_blame():
    assert not Pool(plans_of(B=B_AND_P["B"])).stop_sharing()


LETTERS = st.lists(
    st.lists(st.sampled_from([5.0, 6.0, 7.0, 7.01]), max_size=40), min_size=1
)


@given(LETTERS, st.integers(1, MOST_IDS), st.integers(1, MOST_IDS))
def test_each_rating_is_drawn_once_and_in_as_few_requests_as_can_be(
    letters, size, tagged
):
    plans = plans_of(
        **{
            f"L{at}": {f"{at}.{n}": points for n, points in enumerate(own)}
            for at, own in enumerate(letters)
        }
    )
    pool = Pool(plans, tagged=tagged)
    wanted = Counter(points for own in letters for points in own)
    requests, seen = Counter(), []

    for letter in plans:
        (plan,) = pool.take_next(letter, size)
        pool.settle(TRACKS, plan.key, WriteOutcome.WRITTEN)
        seen += plan.key.tolist()
        values, counts = np.unique(plan.after, return_counts=True)
        requests.update(
            dict(zip(values.tolist(), map(ceil, counts / size), strict=True))
        )

    assert len(seen) == len(set(seen)) == wanted.total()
    assert requests == {value: ceil(n / size) for value, n in wanted.items()}


@given(
    st.lists(st.sampled_from([5.0, 6.0, 7.0]), max_size=300),
    st.integers(1, MOST_IDS),
    st.sampled_from([MOST_IDS, 4 * MOST_IDS]),
)
def test_windows_hold_everything_once_and_no_more_than_one_look_covers(
    after, size, width
):
    plan = plan_of(**{f"t{n}": points for n, points in enumerate(after)})
    copies = np.ones(len(plan), np.int64)

    cut = [own for (own,) in windows([plan], [copies], size, width)]

    assert sorted(g for own in cut for g in own.guid) == sorted(plan.guid)
    assert all(0 < len(own) <= width for own in cut)
    for value in set(after):
        writes = [ceil(int((own.after == value).sum()) / size) for own in cut]
        assert sum(writes) == ceil(after.count(value) / size)
