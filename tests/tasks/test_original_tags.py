"""What items were like before us is noted once, and goes with them."""

from itertools import product

from engine.library import Level
from engine.rename_detection import Move, Name
from tasks.record.plex_changes import follow
from tests.tasks.building import look_at, shadow
from tests.tasks.test_store import TRACK, marks, promise, values


def test_items_that_share_a_guid_share_a_promise_and_have_a_mark_each(store):
    promise(store, look_at("a", "a", has_tag=[True, False]))

    assert [row.guid for row in store.intents(TRACK)] == ["a"]
    assert marks(store) == {
        1: ("a", "T", True, False, False),
        2: ("a", "T", False, False, False),
    }


def test_a_mark_says_what_an_item_was_like(store):
    ways = list(product([True, False], repeat=3))
    names = "has_tag", "mood_locked", "rating_locked"
    seen = dict(zip(names, map(list, zip(*ways, strict=True)), strict=True))

    promise(store, look_at(*"abcdefgh", **seen), tag="Guessed")

    assert list(marks(store).values()) == [
        (guid, "Guessed", *way) for guid, way in zip("abcdefgh", ways, strict=True)
    ]


def test_a_mark_stays_as_it_was_before_our_first_touch(store):
    promise(store, look_at("a"), tag="First")
    first = marks(store)

    promise(store, look_at("a", "b", has_tag=True, mood_locked=True), tag="Second")

    assert marks(store) == {**first, 2: ("b", "Second", True, True, False)}


def move(old, new):
    """Return a move between two names, each a guid and a key."""
    return Move(Name(*old, "print"), Name(*new, "print"))


def names(rows):
    return sorted((row.guid, row.key) for row in rows)


def test_all_that_is_recorded_follows_an_item_to_its_new_name(store):
    promise(store, look_at("old", "other"))
    store.confirm(TRACK, [shadow("old", 7.33, key=1)])
    store.confirm(Level.ALBUM, [shadow("old", 6.0, key=1)])
    promise(store, look_at("old", rating=7.33), after=8.0)

    follow(store, TRACK, [move(("old", 1), ("new", 9))])

    assert names(store.shadows(TRACK)) == [("new", 9)]
    assert names(store.intents(TRACK)) == [("new", 9), ("other", 2)]
    assert names(store.marks(TRACK)) == [("new", 9), ("other", 2)]
    assert names(store.shadows(Level.ALBUM)) == [("old", 1)]


def test_a_record_follows_to_the_twin_that_is_left(store):
    promise(store, look_at("a", "a"))
    store.confirm(TRACK, [shadow("a", 7.33, key=1)])

    follow(store, TRACK, [move(("a", 1), ("a", 2))])

    assert names(store.shadows(TRACK)) == [("a", 2)]


def test_two_records_may_follow_to_one_guid(store):
    store.confirm(TRACK, [shadow("local://1", 5.0, key=1)])
    store.confirm(TRACK, [shadow("local://2", 5.0, key=2)])

    moves = [move(("local://1", 1), ("one", 11)), move(("local://2", 2), ("one", 12))]
    follow(store, TRACK, moves)

    assert values(store) == {"one": 5.0}
