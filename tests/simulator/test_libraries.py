"""Libraries come out of a file, or out of a seed, always the same."""

import gzip
import statistics
from collections import Counter

import pytest

from tests.simulator.control import dump
from tests.simulator.csv_library import CsvInvalid, load_csv
from tests.simulator.items import Kind, file_title
from tests.simulator.synthetic import make_library
from tests.simulator.world import World


@pytest.fixture(scope="module")
def made():
    return make_library(World(), 3000, seed=7)


@pytest.fixture(scope="module")
def tracks(made):
    return dump(made)["tracks"]


def test_a_file_gives_each_artist_album_and_track_once(world):
    counts = {kind.label: len(view) for kind, view in world.views.items()}

    assert counts == {"artist": 6, "album": 8, "track": 9}


def test_a_file_may_be_gzipped(world, library, tmp_path):
    packed = tmp_path / "small.csv.gz"
    packed.write_bytes(gzip.compress(library.read_bytes()))

    assert dump(load_csv(World(), packed)) == dump(world)


def test_a_file_carries_ratings_plays_and_critics(world):
    album, track, zero = (world.find(key) for key in (1002, 1003, 1004))

    assert (album.critic, album.year) == (8.1, 1999)
    assert world.personal_of(1, album).rating == 7.0
    mine = world.personal_of(1, track)
    assert (mine.rating, mine.view_count, mine.skip_count) == (8.0, 3, 1)
    assert mine.last_rated_at < world.clock()
    assert world.personal_of(1, zero).rating == 0.0
    assert (zero.original_title, track.original_title) == ("Melk & Co", None)


def test_a_row_without_a_track_is_an_album(world):
    album = list(world.views[Kind.ALBUM].values())[-1]

    assert (album.title, album.critic, album.children) == ("Unheard", 9.0, [])


@pytest.mark.parametrize(
    ("title", "filed"),
    [("The Melk", "Melk"), ("A Torv", "Torv"), ("Anvil", None), ("The", None)],
)
def test_leading_articles_are_left_out_of_the_order(title, filed):
    assert file_title(title) == filed


@pytest.mark.parametrize("n_tracks", [0, 1, 17, 500])
def test_the_same_seed_makes_the_same_library_of_so_many_tracks(n_tracks):
    one, same, other = (make_library(World(), n_tracks, seed) for seed in (1, 1, 2))

    assert len(one.views[Kind.TRACK]) == n_tracks
    assert dump(one) == dump(same)
    assert not n_tracks or dump(one) != dump(other)


def test_a_few_artists_have_many_albums_and_most_have_one(made):
    sizes = Counter(len(a.children) for a in made.views[Kind.ARTIST].values())

    assert sizes[1] > sizes.total() / 3
    assert max(sizes) > 15


def test_the_user_has_rated_about_every_seventh_track_in_whole_points(tracks):
    rated = [t["userRating"] for t in tracks if t["userRating"] is not None]

    assert 0.11 < len(rated) / len(tracks) < 0.19
    assert set(rated) <= {float(points) for points in range(11)}
    assert 1 <= rated.count(0.0) <= 4


def test_critics_follow_the_truth_a_little_too_kindly(made):
    heard = [a for a in made.views[Kind.ALBUM].values() if a.critic is not None]
    errors = [album.critic - album.truth for album in heard]

    assert 0.15 < len(heard) / len(made.views[Kind.ALBUM]) < 0.35
    assert 0.2 < sum(errors) / len(errors) < 1.0


def test_compilations_do_not_share_one_level(made):
    various = next(
        a for a in made.views[Kind.ARTIST].values() if a.title == "Various Artists"
    )
    truths = [track.truth for track in various.related(Kind.TRACK)]

    assert len(truths) == 150
    assert statistics.stdev(truths) > 1.1


def test_one_track_in_seven_is_local_and_some_are_twins_of_one_value(tracks):
    guids = Counter(track["guid"] for track in tracks)
    local = [guid for guid in guids if guid.startswith("local://")]

    assert 0.11 < len(local) / len(tracks) < 0.18
    assert max(guids.values()) >= 2
    assert len({(track["guid"], track["truth"]) for track in tracks}) == len(guids)


def test_some_moods_are_the_users_own_and_locked(made):
    moods = Counter(m for item in made.items() for m in item.tags.get("mood", []))

    assert moods["Reflective"] > 0
    assert any("mood" in item.locks for item in made.items())


def test_no_truth_reaches_a_client(serve):
    assert "truth" not in serve().query("/library/metadata/1003")[0].attrib


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("artist,album\nA,B\n", "'year'|'genre'"),
        ("artist,album,track,rating_10\nA", "makes no sense"),
        ("\0\xff", "cannot be read|makes no sense"),
    ],
)
def test_a_file_that_is_no_library_is_refused_by_name(tmp_path, text, reason):
    path = tmp_path / "odd.csv"
    path.write_text(text, encoding="latin-1")

    with pytest.raises(CsvInvalid, match=reason) as refusal:
        load_csv(World(), path)

    assert str(path) in str(refusal.value)
