"""Three listings become one library in which everybody knows their parent."""

from functools import partial

import pytest

from engine.errors import LibraryChanging
from tasks.sync.steps import read_library


def test_everybody_is_tied_to_their_parent(plex, gateway):
    parents = {
        item["ratingKey"]: item["parentRatingKey"]
        for level in ("albums", "tracks")
        for item in plex.dump()[level]
    }

    library = read_library(gateway)

    keys = [*library.albums.key.tolist(), *library.tracks.key.tolist()]
    above = [
        *library.artists.key[library.albums.parent].tolist(),
        *library.albums.key[library.tracks.parent].tolist(),
    ]
    assert dict(zip(keys, above, strict=True)) == parents


def test_a_letter_comes_from_the_sort_title(plex, gateway):
    plex.add("The Qrels", "Album", ["One"])

    library = read_library(gateway)

    letters = dict(zip(library.artists.title, library.letter, strict=True))
    assert letters["The Qrels"] == "Q"


@pytest.mark.parametrize(
    "title", ["", " ", "🌒", 'The "Mirn"', "Tosk & Vant", "<b>", "夜の森", "a\tb\nc"]
)
def test_a_title_arrives_as_it_is(plex, gateway, title):
    key = plex.add("Odd", "Titles", [title])["tracks"][0]

    tracks = read_library(gateway).tracks

    assert dict(zip(tracks.key, tracks.title, strict=True))[key] == title


@pytest.mark.parametrize("character", ["\x07", "&#7;", "&#x7;", "&#0007;", "&#65535;"])
def test_a_character_that_xml_forbids_does_not_spoil_the_reading(
    plex, gateway, character
):
    key = plex.add("Odd", "Characters", ["Bell"])["tracks"][0]
    plex.set_attributes(key, title=f"Be{character}ll")

    tracks = read_library(gateway).tracks

    assert dict(zip(tracks.key, tracks.title, strict=True))[key] == "Bell"


def act_before_page(number, act):
    """Return what acts once: before that page of all pages."""
    pages = iter(range(1, 100))

    def between():
        if next(pages) == number:
            act()

    return between


@pytest.mark.parametrize(
    ("page", "change"),
    [(2, r"album 'Newly' .* has another artist"), (3, r"'come' .* another album")],
)
def test_an_item_whose_parent_was_not_listed_yet_is_noticed(
    plex, gateway, page, change
):
    add = partial(plex.add, f"Newcomer {page}", "Newly", ["come"])

    with pytest.raises(LibraryChanging, match=change):
        read_library(gateway, act_before_page(page, add))


def test_an_artist_that_vanishes_while_reading_does_no_harm(plex, gateway):
    added = plex.add("Soon gone", "Album", ["Forever"])
    delete = partial(plex.delete, [added["artist"]])

    library = read_library(gateway, act_before_page(2, delete))

    assert "Soon gone" in library.artists.title
    assert "Forever" not in library.tracks.title
