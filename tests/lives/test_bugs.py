"""Lives find the faults that our code could have; each by a seed that is known."""

import pytest

from tests.lives.bugs import BUGS
from tests.lives.life import judged, lived
from tests.lives.plan import drawn

FOUND_BY = {
    "intent_after_write": 7,
    "no_confirm": 0,
    "dates_by_order": 361,
    "tag_after_rating": 3,
    "undo_without_ownership": 55,
    "lease_ignored": 7,
    "filter_believed": 118,
    "rounding_forgotten": 0,
    "followed_by_key_only": 10,
    "retry_without_look": 8,
}
"""A seed whose life goes wrong with each of them."""


@pytest.mark.parametrize("bug", BUGS)
def test_a_bug_is_found(bug, monkeypatch):
    life = drawn(FOUND_BY[bug])
    assert lived(life).is_clean

    BUGS[bug](monkeypatch)

    assert not judged(life).is_clean
