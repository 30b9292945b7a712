"""Whose a rating is follows from Plex and our record, in every situation there is."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from engine.ownership import Owner, RecordView, owners, ownership_of
from engine.rating_scale import UNREADABLE
from tests.engine.building import artist, library_of


@dataclass(frozen=True)
class Situation:
    """What Plex and the record say of one item, and whose its rating is."""

    sentence: str
    owner: Owner
    plex: float | None = None
    record: float | None = None
    before: float | None = None
    intended: bool = False
    arrived: bool = False
    rated_at: int = 0
    seen_at: int = 0

    def record_view(self):
        return RecordView(
            value=column(self.record),
            before=column(self.before),
            unconfirmed=np.array([self.intended]),
            arrived=np.array([self.arrived]),
            seen_at=np.array([self.seen_at]),
        )

    def owner_found(self):
        rated_at = np.array([self.rated_at])
        return Owner(owners(column(self.plex), rated_at, self.record_view())[0])

    def ownership(self):
        items = library_of(artist("Mirel", rating=self.plex)).artists
        items = replace(items, rated_at=np.array([self.rated_at]))
        return ownership_of(items, self.record_view())


def column(rating):
    return np.array([np.nan if rating is None else rating], np.float64)


def case(sentence, *facts, rated_at=0, seen_at=0):
    """Tell of a settled item: its owner, what Plex holds, what we recorded."""
    return Situation(sentence, *facts, rated_at=rated_at, seen_at=seen_at)


def promise(sentence, *facts, arrived=False, rated_at=0):
    """Tell of an open promise: owner, Plex, what was promised, what was before."""
    return Situation(
        sentence, *facts, intended=True, arrived=arrived, rated_at=rated_at
    )


IN_32_BITS = float(np.float32(7.48))

NOBODY = [
    case("what is unrated and unknown to us is nobody's", Owner.NOBODY),
]
PERSON = [
    case("a rating that we know nothing of is a person's", Owner.PERSON, 8.0),
    case("a 0 that we know nothing of is a person's", Owner.PERSON, 0.0),
    case("a date takes nothing from a person", Owner.PERSON, 8.0, rated_at=9),
    case("nor does it that it cannot be read", Owner.PERSON, UNREADABLE),
]
UNREAD = [
    case("ours, and Plex shows nonsense", Owner.UNREAD, UNREADABLE, 7.0),
    case("with a later date", Owner.UNREAD, UNREADABLE, 7.0, rated_at=10, seen_at=9),
    promise("promised, and Plex shows nonsense", Owner.UNREAD, UNREADABLE, 7.5, 7.0),
    promise("arrived, as Plex said", Owner.UNREAD, UNREADABLE, 7.5, arrived=True),
]
US = [
    case("a rating just as we left it is ours", Owner.US, 7.48, 7.48),
    case("a 0 just as we left it is ours", Owner.US, 0.0, 0.0),
    case("what the server rounded is ours", Owner.US, 7.33, 7.3333),
    case("what the server holds in 32 bits is ours", Owner.US, IN_32_BITS, 7.48),
    case("off by as much as is tolerated", Owner.US, 0.011, 0.0),
    case("last rated when we saw it", Owner.US, 7.0, 7.0, rated_at=9, seen_at=9),
    case("a missing date proves nothing", Owner.US, 7.0, 7.0, rated_at=0, seen_at=9),
    case("an impossible date neither", Owner.US, 7.0, 7.0, rated_at=-1, seen_at=9),
    case("first date we ever see", Owner.US, 7.0, 7.0, rated_at=10, seen_at=0),
    case("date we could not read before", Owner.US, 7.0, 7.0, rated_at=10, seen_at=-1),
]
TAKEN_OVER = [
    case("a person gave another rating", Owner.TAKEN_OVER, 9.0, 7.0),
    case("a person gave a 0", Owner.TAKEN_OVER, 0.0, 7.0),
    case("a person raised our 0", Owner.TAKEN_OVER, 1.0, 0.0),
    case("higher by more than is tolerated", Owner.TAKEN_OVER, 0.012, 0.0),
    case("lower by more than is tolerated", Owner.TAKEN_OVER, 6.98, 7.0),
    case("our very rating again", Owner.TAKEN_OVER, 7.0, 7.0, rated_at=10, seen_at=9),
    case("with a wrong clock", Owner.TAKEN_OVER, 7.0, 7.0, rated_at=8, seen_at=9),
    case("another rating later", Owner.TAKEN_OVER, 9.0, 7.0, rated_at=10, seen_at=9),
    promise("a person was faster than our change", Owner.TAKEN_OVER, 9.0, 7.5, 7.0),
    promise("a person was faster than our first rating", Owner.TAKEN_OVER, 9.0, 7.5),
]
CLEARED = [
    case("a person removed our rating", Owner.CLEARED, None, 7.0),
    case("a person removed our 0", Owner.CLEARED, None, 0.0),
    case("rated again, then removed", Owner.CLEARED, None, 7.0, rated_at=10, seen_at=9),
    promise("removed before our change arrived", Owner.CLEARED, None, 7.5, 7.0),
]
UNWRITTEN = [
    promise("the first rating never arrived", Owner.UNWRITTEN, None, 7.5),
    promise("the change never arrived", Owner.UNWRITTEN, 7.0, 7.5, 7.0),
    promise("the change of a 0 never arrived", Owner.UNWRITTEN, 0.0, 7.5, 0.0),
    promise("a single step never arrived", Owner.UNWRITTEN, 7.48, 7.49, 7.48),
    promise("a single step down never arrived", Owner.UNWRITTEN, 7.49, 7.48, 7.49),
    promise("a step from 32 bits never came", Owner.UNWRITTEN, IN_32_BITS, 7.49, 7.48),
]
WRITTEN = [
    promise("the first rating arrived", Owner.WRITTEN, 7.5, 7.5),
    promise("the first 0 arrived", Owner.WRITTEN, 0.0, 0.0),
    promise("the change arrived", Owner.WRITTEN, 7.5, 7.5, 7.0),
    promise("it arrived, as Plex said", Owner.WRITTEN, 7.5, 7.5, 7.0, arrived=True),
    promise("a single step arrived", Owner.WRITTEN, 7.49, 7.49, 7.48),
    promise("a single step down arrived", Owner.WRITTEN, 7.48, 7.48, 7.49),
    promise("a step into 32 bits arrived", Owner.WRITTEN, IN_32_BITS, 7.48, 7.49),
    promise("the same rating was promised again", Owner.WRITTEN, 7.5, 7.5, 7.5),
    promise("it has a fresh date, being new", Owner.WRITTEN, 7.5, 7.5, rated_at=10),
]
ALL = NOBODY + PERSON + US + TAKEN_OVER + CLEARED + UNWRITTEN + WRITTEN + UNREAD


def situations(cases):
    ids = [f"{told.owner.name}: {told.sentence}" for told in cases]
    return pytest.mark.parametrize("situation", cases, ids=ids)


@situations(ALL)
def test_every_situation_has_its_owner(situation):
    assert situation.owner_found() is situation.owner


@situations(ALL)
def test_what_persons_gave_is_evidence_and_what_we_gave_is_ours_as_we_wrote_it(
    situation,
):
    ownership, owner = situation.ownership(), situation.owner
    is_unread = situation.plex == UNREADABLE
    by_person = owner in (Owner.PERSON, Owner.TAKEN_OVER) and not is_unread
    by_us = owner in (Owner.US, Owner.WRITTEN, Owner.UNREAD)
    ours = situation.before if owner is Owner.UNWRITTEN else None
    silent = owner is Owner.WRITTEN and not situation.arrived

    manual = column(situation.plex if by_person else None)
    ours = column(situation.record if by_us else ours)
    np.testing.assert_array_equal(ownership.manual, manual)
    np.testing.assert_array_equal(ownership.ours, ours)
    assert ownership.unread.tolist() == [is_unread]
    assert ownership.unsure.tolist() == [silent]


MEETING = [np.nan, 0.0, 0.011, 7.0, 7.01, 7.02, 10.0]
"""Ratings that often meet, so that every comparison goes either way."""


@given(
    ratings=arrays.arrays(
        np.float64, (3, 50), elements=st.sampled_from(MEETING) | st.floats(0, 10)
    ),
    moments=arrays.arrays(np.int64, (2, 50), elements=st.integers(-1, 2)),
    flags=arrays.arrays(np.bool_, (2, 50)),
)
def test_whatever_the_columns_hold_every_rating_has_an_owner(ratings, moments, flags):
    rating, value, before = ratings
    record_view = RecordView(value, before, *flags, seen_at=moments[1])

    found = owners(rating, moments[0], record_view)

    assert set(found.tolist()) <= set(Owner)
    for row in range(0, len(found), 10):  # by itself, too
        alone = record_view.take(np.array([row]))
        assert owners(rating[[row]], moments[0][[row]], alone) == found[[row]]
