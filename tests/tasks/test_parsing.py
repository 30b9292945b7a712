"""Elements become columns, also where attributes are missing or odd."""

from xml.etree.ElementTree import Element, SubElement

import numpy as np
import pytest

from engine.library import Level, Oddity
from engine.rating_scale import UNREADABLE
from tasks.plex.parsing import guid_of, joined, listing_of, looks_of


def track(key: int, **attributes: str) -> Element:
    return Element("Track", ratingKey=str(key), type="track", **attributes)


def test_what_an_element_does_not_say_is_unknown():
    listing = listing_of(Level.TRACK, [track(7)])

    items = listing.items
    assert items.guid.tolist() == ["local://7"]
    assert items.title.tolist() == listing.sort_title.tolist() == [""]
    assert items.parent.tolist() == [-1]
    assert np.isnan([items.rating[0], items.critic[0]]).all()
    assert (items.rated_at[0], items.duration[0]) == (0, 0)


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("1700000000", 1_700_000_000),
        ("631152000", 631_152_000),
        ("", 0),
        ("0", 0),
        ("631151999", -1),
        ("-5", -1),
        ("1800000001", -1),
        ("909090909090909090909090", -1),
        ("yesterday", -1),
        ("nan", -1),
    ],
)
def test_only_a_date_that_can_be_meant_is_one(text, date):
    element = track(7, lastRatedAt=text)

    items = listing_of(Level.TRACK, [element], latest=1_800_000_000).items
    look = looks_of([element], "T", latest=1_800_000_000)[Level.TRACK]

    assert items.rated_at.tolist() == look.rated_at.tolist() == [date]


def test_an_empty_attribute_is_a_missing_one_and_a_rating_of_nothing_is_none():
    both = [track(7, userRating="", duration=""), track(8, userRating="0.0")]

    items = listing_of(Level.TRACK, both).items

    np.testing.assert_array_equal(items.rating, [np.nan, 0.0])
    assert items.duration.tolist() == [0, 0]


def test_items_are_put_in_the_order_of_their_keys_and_looked_at_once():
    unordered = [track(key, title=f"Nr {key}") for key in (30, 5, 100)]

    items = listing_of(Level.TRACK, unordered).items
    look = looks_of([*unordered, track(5)], "T")[Level.TRACK]

    assert items.key.tolist() == look.key.tolist() == [5, 30, 100]
    assert items.title.tolist() == ["Nr 5", "Nr 30", "Nr 100"]


def test_a_number_that_cannot_be_read_is_unknown_and_named_with_its_item():
    odd = track(7, title="Vesk", duration="long", index="A1")

    listing = listing_of(Level.TRACK, [odd, track(5, index="3")])

    assert listing.items.duration.tolist() == [0, 0]
    assert listing.items.facts.number.tolist() == pytest.approx(
        [3, np.nan], nan_ok=True
    )
    notes = ["duration 'long'", "index 'A1'"]
    assert list(listing.oddities) == [Oddity("track 'Vesk' (7)", n) for n in notes]


def test_a_rating_that_cannot_be_read_counts_for_all_with_its_guid():
    shared = [track(k, guid="plex://1", userRating=r) for k, r in ((7, "8"), (9, "A"))]

    items = joined([listing_of(Level.TRACK, [*shared, track(8, userRating="8")])]).items
    look = looks_of(shared, "T")[Level.TRACK]

    assert items.rating.tolist() == [UNREADABLE, 8.0, UNREADABLE]
    assert look.rating.tolist() == [UNREADABLE, UNREADABLE]


def test_no_year_is_nothing_odd():
    listing = listing_of(Level.ALBUM, [Element("Directory", ratingKey="7", year="0")])

    assert np.isnan(listing.items.facts.year[0])
    assert listing.oddities == ()


@pytest.mark.parametrize("key", [None, "", "A1", "-4", "7.5", str(2**64 - 1)])
def test_an_item_without_a_key_is_left_out_and_named(key):
    odd = Element("Track", title="Vesk", **({} if key is None else {"ratingKey": key}))

    listing = listing_of(Level.TRACK, [odd, track(5)])

    assert listing.items.key.tolist() == [5]
    assert [one.note.partition(":")[0] for one in listing.oddities] == ["track 'Vesk'"]
    assert looks_of([odd], "T")[Level.TRACK].key.tolist() == []


def test_an_artist_has_no_parent():
    artist = Element("Directory", ratingKey="7", parentRatingKey="3")

    assert listing_of(Level.ARTIST, [artist]).items.parent.tolist() == [-1]


@pytest.mark.parametrize(("locked", "counts"), [("1", True), ("0", False)])
def test_only_a_locked_field_is_locked(locked, counts):
    element = track(7)
    SubElement(element, "Field", name="mood", locked=locked)
    SubElement(element, "Mood", tag="Calm")

    look = looks_of([element], "")[Level.TRACK]

    assert look.has_tag.tolist() == [False]  # without a tag, nothing bears it
    assert look.mood_locked.tolist() == [counts]
    assert look.rating_locked.tolist() == [False]


@pytest.mark.parametrize("length", [255, 256, 5000])
def test_a_guid_of_any_length_is_kept_in_a_form_that_every_database_takes(length):
    guid, other = "x" * length, "x" * (length - 1) + "y"

    known = [guid_of(Element("Track", guid=text)) for text in (guid, guid, other)]

    assert known[0] == known[1] != known[2]
    assert all(len(text) <= 255 for text in known)
    assert (known[0] == guid) == (length <= 255)
