"""What a person wants left alone is never rated, and what we gave there goes."""

import pytest

from engine.errors import PlexRefused
from engine.library import Level
from engine.planning.undo_plan import Selection
from tasks.commands.undo import undo
from tests.simulator.control import dump
from tests.simulator.options import Options
from tests.simulator.plex import Plex
from tests.simulator.world import Kind
from tests.state_machine.accounts import TAG, small_world
from tests.state_machine.plain_runs import infer_plainly
from tests.tasks.first_batches import run_at, state

__all__ = ["run_at"]


@pytest.fixture
def plex() -> Plex:
    return Plex(small_world())


def artist(plex):
    """Return the artist that has most items beneath it."""
    artists = plex.world.views[Kind.ARTIST].values()
    return max(artists, key=lambda one: len(one.related(Kind.TRACK)))


def beneath(plex, top):
    """Return the keys of an artist and of all that belongs to it."""
    told = dump(plex.world)
    albums = {a["ratingKey"] for a in told["albums"] if a["parentRatingKey"] == top.key}
    tracks = {t["ratingKey"] for t in told["tracks"] if t["parentRatingKey"] in albums}
    return {top.key} | albums | tracks


def ours(context):
    return {row.key for level in Level for row in context.store.shadows(level)}


def ways(plex):
    top = artist(plex)
    for kind in ("genre", "collection", "label", "mood"):
        plex.world.add_tags(top, kind, ["Leave Me"])
    return {
        "exclude_artists": (top.title.upper(),),
        "exclude_genres": ("leave me",),
        "exclude_collections": ("Leave Me",),
        "exclude_labels": ("LEAVE ME",),
        "exclude_moods": ("leave me", "No such"),
    }


IGNORED = ("genre", "collection", "label", "mood")
WAYS = [
    "exclude_artists",
    *("exclude_genres", "exclude_collections", "exclude_labels", "exclude_moods"),
]


@pytest.mark.parametrize("way", WAYS)
def test_what_is_left_alone_is_never_rated_and_all_else_is(plex, run_at, way):
    chosen = ways(plex)[way]
    alone = beneath(plex, artist(plex))
    before = state(plex)
    with run_at(plex, **{way: chosen}) as context:
        infer_plainly(context)
        written = ours(context)

    assert written
    assert not written & alone
    assert {k: v for k, v in state(plex).items() if k in alone} == {
        k: v for k, v in before.items() if k in alone
    }


@pytest.mark.parametrize("ignored", [False, True])
@pytest.mark.parametrize("way", WAYS)
def test_what_was_given_there_is_taken_back_by_the_next_run(plex, run_at, way, ignored):
    chosen = ways(plex)[way]
    alone, before = beneath(plex, artist(plex)), state(plex)
    with run_at(plex) as context:
        infer_plainly(context)
        given = ours(context) & alone
    if ignored:
        plex = Plex(plex.world, Options(ignored_filters=frozenset(IGNORED)))
    with run_at(plex, "next", **{way: chosen}) as context:
        infer_plainly(context)
        left, stays = ours(context) & alone, ours(context)
    held = state(plex)
    with run_at(plex, "last", **{way: chosen}) as context:
        infer_plainly(context)
        undo(context, Selection())

    assert given
    assert left == set()
    assert {key: held[key] for key in alone} == {key: before[key] for key in alone}
    assert stays
    assert all(TAG not in moods for _, moods, _ in state(plex).values())
    assert {k: r for k, (r, _, _) in state(plex).items()} == {
        k: r for k, (r, _, _) in before.items()
    }


def test_a_manual_rating_there_is_still_evidence(plex, run_at):
    chosen = ways(plex)["exclude_artists"]

    with run_at(plex) as context:
        usual = infer_plainly(context)
    with run_at(Plex(small_world()), "other", state="x", exclude_artists=chosen) as own:
        fewer = infer_plainly(own)

    assert set(fewer) < set(usual)


def test_a_run_stops_if_it_cannot_read_what_is_to_be_left_alone(plex, run_at):
    plex.faults.set([{"do": "status", "match": {"path": "/collection"}, "code": 403}])
    before = state(plex)

    with (
        run_at(plex, exclude_collections=("x",)) as context,
        pytest.raises(PlexRefused),
    ):
        infer_plainly(context)

    assert state(plex) == before


def test_a_removed_rating_may_mean_leave_it_alone(plex, run_at):
    with run_at(plex) as context:
        infer_plainly(context)
        key = min(ours(context))
    item = next(item for item in plex.world.items() if item.key == key)
    plex.world.rate(item, None)

    with run_at(plex, "respectful", respect_cleared=True) as context:
        infer_plainly(context)
    respected = state(plex)[key][0]
    with run_at(plex, "usual") as context:
        infer_plainly(context)

    assert respected is None
    assert state(plex)[key][0] is not None
