"""One odd item in a library that was inferred before stops no command."""

from pathlib import Path
from typing import Any

import pytest

from engine.errors import LibraryChanging
from engine.library import Level, Oddity
from engine.rating_scale import UNREADABLE as NOT_A_RATING
from tasks.commands.analysis import backtest, tune, why
from tasks.commands.legacy_state import export_state
from tasks.commands.recover import recover
from tasks.commands.verify import rank, verify
from tasks.plex.client import PlexGateway
from tasks.sync.steps import read_library
from tests.simulator.process import Simulator
from tests.state_machine.plain_runs import infer_plainly, undo_plainly
from tests.tasks.building import item_in, items_in, told_of
from tests.tasks.http_answers import canned_plex, container
from tests.tasks.odd_items import (
    SIDE_FACT,
    STRAY,
    UNREADABLE,
    before,
    everything_inferred,
    plex,
    record,
    sample,
    state_of,
)
from tests.tasks.setup import context_for

__all__ = ["before", "everything_inferred", "plex", "record", "sample"]


def recorded(context: Any) -> int:
    return sum(len(context.store.shadows(level)) for level in Level)


@pytest.mark.parametrize("kind", [*STRAY, *UNREADABLE, *SIDE_FACT])
def test_every_command_goes_on_and_counts_one_odd_item(
    plex, record, sample, kind, tmp_path
):
    (STRAY | UNREADABLE | SIDE_FACT)[kind](plex, sample)
    stands = state_of(plex)

    with context_for(plex, record) as context:
        audit = verify(context)
        planned = infer_plainly(context)
        best, _ = rank(context, 10, Level.ARTIST)
        backtest(context, "keep50", tmp_path)
        tune(context, None)
        explained = why(
            context, str(next(iter(context.store.shadows(Level.ALBUM))).key), ""
        )
        recovered = recover(context)
        exported = export_state(context, tmp_path / "state.json")
        kept = recorded(context)

    assert audit.not_understood.count == 1
    assert (audit.verdict, audit.gone.count) == ("IN SYNC", 0)
    assert planned == []
    assert best
    assert explained.item
    assert (recovered.recovered, recovered.unreadable) == (0, [])
    assert exported == kept == audit.recorded
    assert state_of(plex) == stands


@pytest.mark.parametrize("kind", [*STRAY, *SIDE_FACT])
def test_undo_of_an_odd_item_is_exact(plex, record, before, sample, kind):
    (STRAY | SIDE_FACT)[kind](plex, sample)
    mine = next(
        key
        for key, (points, *_) in state_of(plex).items()
        if points and not before[key][0] and key != sample["track"]
    )
    plex.rate(mine, 9.0)

    with context_for(plex, record) as context:
        dry = count_of_a_dry_undo(plex, record)
        done = undo_plainly(context)
        left = recorded(context)

    assert (done.undone, done.kept, done.gone, done.failed) == (dry, 1, 0, 0)
    assert state_of(plex) == before | {mine: (9.0, *before[mine][1:])}
    assert left == 0


def count_of_a_dry_undo(plex: Simulator, record: Path) -> int:
    with context_for(plex, record) as context:
        context.is_live = False
        return undo_plainly(context).undone


def test_an_item_on_record_that_is_not_listed_is_named_and_undone(
    plex, record, before, sample
):
    plex.hide(sample["track"])

    with context_for(plex, record) as context:
        audit = verify(context)
        done = undo_plainly(context)

    assert (audit.verdict, audit.gone.count) == ("IN SYNC", 0)
    assert audit.not_understood.count == 1
    assert f"({sample['track']})" in audit.not_understood.items[0]
    assert (done.gone, done.failed) == (0, 0)
    assert state_of(plex) == before


@pytest.mark.parametrize("kind", STRAY)
def test_a_parent_that_is_missing_for_good_costs_few_requests(
    plex, record, sample, kind
):
    with context_for(plex, record) as context:
        plex.clear_log()
        read_library(context.gateway)
        usual = plex.counts()["reads"]
        STRAY[kind](plex, sample)
        plex.clear_log()
        library = read_library(context.gateway)
        counted = plex.counts()["reads"]

    assert len(library.not_understood) == 1
    assert usual < counted <= usual + 2


@pytest.mark.parametrize("kind", ["no parent", "album without artist"])
def test_a_lost_record_is_rebuilt_of_items_without_a_parent_too(
    plex, record, before, sample, kind
):
    STRAY[kind](plex, sample)
    record.unlink()

    with context_for(plex, record) as context:
        recovered = recover(context)
        undone = undo_plainly(context).undone

    assert recovered.recovered == undone
    assert state_of(plex) == before


def test_items_of_one_missing_album_are_one_sentence(plex, record, sample):
    tracks = [
        track["ratingKey"]
        for track in plex.dump()["tracks"]
        if track["parentRatingKey"] == sample["album"]
    ]
    plex.hide(sample["album"])

    with context_for(plex, record) as context:
        (sentence,) = read_library(context.gateway).not_understood

    assert sentence.startswith(
        f"{len(tracks)} tracks have an album ({sample['album']}) that Plex did not "
        "list; they were left out: "
    )


def test_the_record_of_a_stray_track_does_not_follow_its_double(
    plex, record, before, sample
):
    track = item_in(plex, sample["track"])
    names = {i["ratingKey"]: i["title"] for i in items_in(plex).values()}
    double = {"title": track["title"], "duration": track["duration"]}
    plex.set_attributes(track["ratingKey"], parentRatingKey=None)
    added = plex.add(
        names[track["grandparentRatingKey"]], names[track["parentRatingKey"]], [double]
    )

    with context_for(plex, record) as context:
        verify(context)
        (row,) = context.store.shadows(Level.TRACK, [track["guid"]])
        undo_plainly(context)

    assert row.key == track["ratingKey"]
    assert told_of(plex, [track["ratingKey"], *added["tracks"]], "userRating") == [
        None,
        None,
    ]


def test_an_item_without_a_key_is_left_out_and_counted(plex, record, sample):
    plex.set_attributes(sample["track"], ratingKey="A1")

    with context_for(plex, record) as context:
        audit = verify(context)
        library = read_library(context.gateway)

    assert (audit.verdict, audit.not_understood.count) == ("IN SYNC", 1)
    assert len(library.not_understood) == 1
    assert "ratingKey 'A1', so it was left out" in library.not_understood[0]
    assert sample["track"] not in library.tracks.key


@pytest.mark.parametrize(
    ("second", "rating"), [("8.0", 8.0), ("6.0", NOT_A_RATING)], ids=["alike", "unlike"]
)
def test_an_item_that_is_listed_twice_for_good_is_kept_once(second, rating):
    track = '<Track ratingKey="5" title="Twin" userRating="{}"/>'
    answer = container(track.format("8.0") + track.format(second), totalSize=2)

    with (
        canned_plex({"/library/sections/1/all": answer}) as settings,
        PlexGateway(settings) as gateway,
    ):
        listing = gateway.listing(Level.TRACK, lambda: None)

    assert listing.items.key.tolist() == [5]
    assert listing.items.rating.tolist() == [rating]
    assert [str(one) for one in listing.oddities] == [
        str(Oddity("track 'Twin' (5)", "listed twice"))
    ]


@pytest.mark.parametrize("kind", STRAY)
def test_a_parent_that_comes_while_reading_is_a_library_that_changes(
    plex, record, sample, kind
):
    STRAY[kind](plex, sample)
    pages = iter(range(1, 9))

    def look_on() -> None:
        if next(pages) == 4:  # the first of the second reading
            plex.show(sample["album"])
            plex.show(sample["artist"])
            plex.set_attributes(sample["album"])
            plex.set_attributes(sample["track"])

    with context_for(plex, record) as context:
        if kind == "parent of another library":
            assert len(read_library(context.gateway, look_on).not_understood) == 1
        else:
            with pytest.raises(LibraryChanging, match="changed while it was read"):
                read_library(context.gateway, look_on)
        assert read_library(context.gateway).not_understood == []
