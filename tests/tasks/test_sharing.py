"""Letters share requests, and what is wrong with one of them stops no other."""

import pytest

from engine.errors import PlexUnreachable, RequestTooLong
from engine.evidence import split
from engine.planning.batch_sharing import Pool
from tasks.sync.letter_writer import write_letter
from tasks.sync.reconcile import reconcile
from tasks.sync.steps import read
from tests.tasks.building import told_of
from tests.tasks.setup import context_for, plan_for

TAG = "Rating_Inferred"
LETTERS = {"B": "Bell", "P": "Pond"}


@pytest.fixture
def titles(plex):
    """Add an artist of two tracks for each letter; return the keys by letter."""
    added = {
        letter: plex.add(artist, "One", ["First", "Second"])
        for letter, artist in LETTERS.items()
    }
    yield {letter: one["tracks"] for letter, one in added.items()}
    plex.delete([one["artist"] for one in added.values()])


@pytest.fixture
def write(plex, record, titles):
    """Write a letter, when all of both are to get the same rating."""
    with context_for(plex, record) as context:
        snapshot = reconcile(context, read(context))
        parts = split(snapshot.library, snapshot.everything)
        plans = {
            letter: [plan_for(parts[letter], dict.fromkeys(titles[letter], 7.33))]
            for letter in LETTERS
        }
        pool = Pool(plans)
        yield lambda letter: write_letter(
            context, letter, snapshot.everything, parts[letter], pool
        )


def test_equal_ratings_of_two_letters_take_one_request_and_one_for_the_tag(
    plex, write, titles
):
    plex.clear_log()

    results = [write(letter).written for letter in LETTERS]

    assert results == [2, 2]
    assert plex.counts()["writes"] == 2
    for keys in titles.values():
        assert told_of(plex, keys, "userRating") == [7.33, 7.33]
        assert told_of(plex, keys, "moods") == [[TAG], [TAG]]


@pytest.mark.parametrize(
    ("code", "error"), [(400, RequestTooLong), (500, PlexUnreachable)]
)
def test_what_is_wrong_with_one_letter_stops_no_other_but_that_one(
    plex, write, titles, order, code, error
):
    order("status", {"method": "PUT", "ratingKeys": titles["P"]}, code=code)

    result = write("B")

    assert result.written == 2
    assert told_of(plex, titles["B"], "userRating") == [7.33, 7.33]
    assert told_of(plex, titles["P"], "userRating") == [None, None]
    with pytest.raises(error):
        write("P")
