"""An edit reaches exactly the items that it names, and spares all they had."""

import numpy as np
import pytest

from engine.edits import Edit
from engine.errors import PlexRefused, RequestTooLong
from engine.library import Level
from tasks.plex.client import PlexGateway
from tests.tasks.building import item_in, settings_of

TAG = "Rating_Inferred"
SPECIAL = [
    "Test !@#$%^&*()-_=+[];:'\"/?.",
    "50% off",
    "a+b=c",
    "%41%2C",
    "Ünsicher 🎷",
    "back\\slash",
    "<tag> & more",
]


@pytest.fixture
def keys(songs):
    return np.array(songs["tracks"])


@pytest.fixture
def new_changes(plex, keys):
    """Return the changes since the songs were made, without number and request."""
    begin = len(plex.journal())

    def new_changes():
        fresh = plex.journal()[begin:]
        return [(c["ratingKey"], c["what"], c["before"], c["after"]) for c in fresh]

    return new_changes


def rate(gateway, keys, points, level=Level.TRACK, tag=TAG, **locks):
    adds = (tag,) if tag else ()
    gateway.edit(Edit(level, keys, rates=True, points=points, adds=adds, **locks))


def untag(gateway, keys, tag=TAG, **locks):
    gateway.edit(Edit(Level.TRACK, keys, drops=(tag,), **locks))


def test_rating_changes_the_named_items_and_nothing_else_in_one_request(
    plex, gateway, keys, new_changes
):
    plex.clear_log()

    rate(gateway, keys[:2], 7.33)

    assert plex.counts() == {"reads": 0, "writes": 1, "items_written": 2}
    changes = sorted(new_changes(), key=lambda change: change[:2])
    assert changes == [
        change
        for key in keys[:2].tolist()
        for change in [(key, "mood+", None, TAG), (key, "rating", None, 7.33)]
    ]


@pytest.mark.parametrize("level", Level)
def test_items_of_every_level_can_be_rated(plex, gateway, songs, level):
    key = {8: songs["artist"], 9: songs["album"], 10: songs["tracks"][0]}[level]

    rate(gateway, np.array([key]), 6.5, level)

    assert item_in(plex, key)["userRating"] == 6.5


@pytest.mark.parametrize(
    ("points", "sent"),
    [(0.0, "0"), (10.0, "10"), (7.3, "7.3"), (7.333333, "7.33"), (0.01, "0.01")],
)
def test_points_are_sent_short_and_exact(plex, gateway, keys, points, sent):
    plex.clear_log()

    rate(gateway, keys, points)

    assert f"userRating.value={sent}&" in plex.log()[0]["path"]
    assert item_in(plex, keys[0])["userRating"] == float(sent)


@pytest.mark.parametrize("locked", [True, False])
def test_rating_keeps_other_moods_and_their_lock(plex, gateway, keys, locked):
    plex.mood(int(keys[0]), add="Calm", lock=locked)

    rate(gateway, keys[:1], 8, mood_locked=locked)

    assert item_in(plex, keys[0])["moods"] == ["Calm", TAG]
    assert item_in(plex, keys[0])["locks"] == ["mood"] * locked


@pytest.mark.parametrize("locked", [True, False])
def test_what_becomes_of_the_locks_is_always_said(plex, gateway, keys, locked):
    plex.clear_log()

    rate(gateway, keys, 8, mood_locked=locked, rating_locked=not locked)
    locks = item_in(plex, keys[0])["locks"]
    untag(gateway, keys, mood_locked=locked)

    assert locks == ["mood" if locked else "userRating"]
    rating, untagging = [entry["path"] for entry in plex.log()]
    assert f"mood.locked={int(locked)}&" in rating
    assert f"userRating.locked={int(not locked)}&" in rating
    assert f"mood.locked={int(locked)}&" in untagging
    assert "userRating" not in untagging


def test_rating_twice_tags_once(plex, gateway, keys):
    rate(gateway, keys[:1], 8)
    rate(gateway, keys[:1], 8)

    assert item_in(plex, keys[0])["moods"] == [TAG]


def test_without_a_tag_no_mood_and_no_lock_of_moods_is_sent(plex, gateway, keys):
    plex.clear_log()

    rate(gateway, keys, 8, tag="")

    assert "mood" not in plex.log()[-1]["path"]
    assert item_in(plex, keys[0])["userRating"] == 8


@pytest.mark.parametrize("tag", SPECIAL)
def test_any_tag_is_given_and_taken_as_it_is_spelled(plex, gateway, keys, tag):
    plex.mood(int(keys[0]), add="Calm", lock=False)

    rate(gateway, keys[:1], 8, tag=tag)
    given = item_in(plex, keys[0])["moods"]
    untag(gateway, keys[:1], tag)

    assert given == ["Calm", tag]
    assert item_in(plex, keys[0])["moods"] == ["Calm"]


@pytest.mark.parametrize("locked", [True, False])
def test_untagging_takes_one_mood_and_leaves_rating_and_lock(
    plex, gateway, keys, locked
):
    plex.mood(int(keys[0]), add="Calm", lock=locked)
    rate(gateway, keys[:1], 8, mood_locked=locked)

    untag(gateway, keys[:1], mood_locked=locked)

    edited = item_in(plex, keys[0])
    assert edited["moods"] == ["Calm"]
    assert edited["locks"] == ["mood"] * locked
    assert edited["userRating"] == 8


def test_untagging_what_bears_no_tag_changes_nothing(gateway, keys, new_changes):
    untag(gateway, keys)

    assert new_changes() == []


@pytest.mark.parametrize(
    "no_ids",
    [
        np.array([], np.int64),
        np.array([]),
        np.array([1001.0]),
        np.array(["1001"]),
        np.array([None]),
    ],
    ids=repr,
)
def test_nothing_is_sent_without_whole_numbers_as_ids(plex, gateway, no_ids):
    plex.clear_log()

    with pytest.raises(ValueError, match="must name its items"):
        rate(gateway, no_ids, 8)
    with pytest.raises(ValueError, match="must name its items"):
        untag(gateway, no_ids)

    assert plex.log() == []


def test_an_edit_that_is_too_long_is_never_sent(plex, gateway):
    plex.clear_log()

    with pytest.raises(RequestTooLong, match="too long"):
        rate(gateway, np.arange(1_000_000, 1_000_500), 8)

    assert plex.log() == []


def test_the_longest_tag_and_a_hundred_long_ids_fit_in_one_request(plex, gateway):
    keys = np.arange(1_000_000_000, 1_000_000_100)
    tag = "🎷" * 100
    plex.clear_log()

    rate(gateway, keys, 7.33, tag=tag)
    untag(gateway, keys, tag)

    assert plex.counts()["writes"] == 2


def test_items_that_are_gone_are_no_obstacle(plex, gateway, keys):
    plex.delete([int(keys[1])])

    rate(gateway, keys, 8)

    assert [item_in(plex, key)["userRating"] for key in keys[[0, 2]]] == [8, 8]


def test_a_shared_account_may_not_edit(plex, keys, new_changes):
    settings = settings_of(plex, plex_token=plex.shared_token)

    with (
        PlexGateway(settings) as gateway,
        pytest.raises(PlexRefused, match=r"refused \(403\)"),
    ):
        rate(gateway, keys, 8)

    assert new_changes() == []
