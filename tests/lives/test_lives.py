"""Whatever fails and whoever meddles: what a person gave stays, and undo undoes."""

import pytest

from tests.lives.life import lived
from tests.lives.once_failed import ONCE_FAILED
from tests.lives.plan import drawn
from tests.lives.story import shortest, told


@pytest.mark.parametrize("seed", range(60))
def test_nothing_of_a_person_is_lost_and_nothing_of_ours_stays(seed):
    assert lived(drawn(seed)).faults == []


@pytest.mark.parametrize("life", ONCE_FAILED.values(), ids=ONCE_FAILED)
def test_what_once_failed_does_so_no_more(life):
    assert lived(life).faults == []


@pytest.mark.parametrize("seed", range(40))
def test_a_life_is_long_enough_and_the_same_each_time(seed):
    life = drawn(seed)

    assert life == drawn(seed)
    assert len(life.stages) >= 2  # and then the calm run, and an undo
    assert any(stage.events for stage in life.stages)


def test_the_same_life_goes_the_same_way():
    first, second = lived(drawn(7)), lived(drawn(7))

    assert vars(first) == vars(second)


def test_a_life_that_goes_wrong_is_told_as_short_as_it_can_be(monkeypatch):
    monkeypatch.setattr("tasks.record.store.ShadowStore.confirm", lambda *_: None)
    life = drawn(3)

    short = shortest(life, lived)

    assert lived(short).faults
    assert len(list(told(short))) < len(list(told(life)))
    assert all(not stage.events and not stage.then for stage in short.stages)
