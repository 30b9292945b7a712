"""Our record finds its items again when Plex gives them another name."""

import pytest

from engine.errors import RecordLost
from engine.library import Level
from engine.ownership import Owner
from tasks.sync.integrity import ensure_record_present
from tasks.sync.reconcile import reconcile, seen_in_plex, snapshot_of
from tasks.sync.steps import read_library
from tests.simulator.process import Simulator
from tests.tasks.building import item_in, told_of
from tests.tasks.setup import context_for, infer, snapshot, write

TRACK = Level.TRACK


@pytest.fixture
def unmatched(plex, songs):
    """Make tracks that no agent knows: their guids follow their keys."""
    titles = ("Demo", "Live", "Again")
    album = f"Tape {songs['album']}"
    tracks = [{"title": title, "guid": f"local://{title}"} for title in titles]
    keys = plex.add(f"Nobody {songs['artist']}", album, tracks)["tracks"]
    return list(plex.rekey(keys).values())


def names(rows):
    return sorted((row.guid, row.key) for row in rows)


def names_in(plex, keys):
    return sorted(zip(told_of(plex, keys, "guid"), keys, strict=True))


def owners(context, *, live):
    library = read_library(context.gateway)
    compare = reconcile if live else snapshot_of
    owner = compare(context, library)[TRACK].owner
    return dict(zip(library.tracks.key.tolist(), map(Owner, owner), strict=True))


def test_an_item_with_a_new_key_stays_ours(plex, context, tracks):
    infer(context, dict.fromkeys(tracks, 7.33))
    new = list(plex.rekey(tracks).values())

    known = owners(context, live=True)

    assert [known[key] for key in new] == [Owner.US] * 3
    assert names(context.store.shadows(TRACK)) == names_in(plex, new)
    assert names(context.store.marks(TRACK)) == names_in(plex, new)


def test_an_item_with_another_guid_is_known_again(plex, context, unmatched):
    infer(context, dict.fromkeys(unmatched, 7.33))
    new = list(plex.rekey(unmatched).values())

    known = owners(context, live=True)

    # Plex leaves such ratings behind with the old guid.
    assert [known[key] for key in new] == [Owner.CLEARED] * 3
    assert names(context.store.shadows(TRACK)) == names_in(plex, new)


def test_who_only_looks_follows_without_changing_the_record(plex, context, tracks):
    infer(context, dict.fromkeys(tracks, 7.33))
    before = names(context.store.shadows(TRACK))
    new = list(plex.rekey(tracks).values())

    known = owners(context, live=False)

    assert [known[key] for key in new] == [Owner.US] * 3
    assert names(context.store.shadows(TRACK)) == before


def test_a_person_can_take_over_under_a_new_key(plex, context, tracks):
    infer(context, dict.fromkeys(tracks, 7.33))
    new = plex.rekey(tracks)[tracks[0]]
    plex.rate(new, 3.0)

    result = write(context, snapshot(context))

    assert result.released == 1
    assert item_in(plex, new)["moods"] == []


def test_an_item_that_is_gone_stays_on_record(plex, context, tracks):
    infer(context, dict.fromkeys(tracks, 7.33))
    known = names_in(plex, tracks)
    plex.delete([tracks[0]])

    snapshot(context)

    assert names(context.store.shadows(TRACK)) == known


def test_a_run_counts_what_of_it_is_seen_in_plex(context, tracks):
    infer(context, dict.fromkeys(tracks, 7.33))
    library = read_library(context.gateway)

    seen = seen_in_plex(context.store, library, "run 1")

    assert [(letter, phase.label) for letter, phase in seen] == [("S", "4 track-down")]
    assert seen.total() == 3
    assert seen_in_plex(context.store, library, "run 2").total() == 0


def test_tags_without_a_record_stop_a_run(plex, context, tmp_path, songs):
    infer(context, dict.fromkeys(songs["tracks"], 7.33))
    plex.mood(songs["album"], add="Rating_Inferred", lock=False)
    plex.rate(songs["album"], 7.33)

    with (
        context_for(plex, tmp_path / "lost.db") as without,
        pytest.raises(RecordLost, match=r"1 albums, \d+ tracks in Plex bear the tag"),
    ):
        ensure_record_present(without.store, without.gateway)


@pytest.mark.parametrize("tag", ["Rating_Inferred", "", "Not yet"])
def test_what_bears_no_rating_or_another_tag_stops_nobody(tmp_path, tag):
    with Simulator.start(synthetic=20) as plex:
        one, *_ = [track["ratingKey"] for track in plex.dump()["tracks"]]
        plex.mood(one, add="Rating_Inferred")
        if tag != "Rating_Inferred":
            plex.rate(one, 7.33)

        with context_for(plex, tmp_path / "new.db", inferred_tag=tag) as context:
            assert ensure_record_present(context.store, context.gateway) is None


def test_tags_with_a_record_stop_nobody(context, tracks):
    infer(context, dict.fromkeys(tracks, 7.33))

    assert ensure_record_present(context.store, context.gateway) is None
