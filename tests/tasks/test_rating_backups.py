"""Backups: what a person rated is saved, and comes back as theirs."""

import gzip

import pytest

from engine.errors import RecordLost, UsageError
from engine.planning.undo_plan import Selection
from tasks.commands.backup import back_up, rating_history, restore
from tasks.commands.recover import recover
from tasks.commands.undo import undo
from tasks.config.ratings_files import read_ratings
from tasks.runtime.context import Outside
from tests.simulator.in_memory import InMemory
from tests.state_machine.plain_runs import infer_plainly
from tests.tasks.first_batches import run_at, state
from tests.tasks.given import (
    at_day,
    files,
    made_anew,
    on_record,
    plex,
    random_plex,
    rate,
    ratings,
    tagged,
)

__all__ = ["files", "plex", "run_at"]


def test_a_backup_holds_every_manual_rating_and_no_other(plex, run_at, files):
    given = ratings(plex)
    with run_at(plex) as context:
        infer_plainly(context)
        report = back_up(context, files / "mine.csv.gz")

    saved = read_ratings(files / "mine.csv.gz").ratings
    assert {one.key: one.points for one in saved} == pytest.approx(given)
    assert report.artists + report.albums + report.tracks == len(given)
    text = gzip.decompress((files / "mine.csv.gz").read_bytes()).decode()
    assert text.startswith("level,stars,rated_at,artist,album,title,")
    assert any(one.ids for one in saved)
    assert any(one.path for one in saved)


@pytest.mark.parametrize("seed", range(6))
def test_ratings_come_back_to_a_library_that_was_made_anew(seed, run_at, files):
    plex = random_plex(seed)
    with run_at(plex) as context:
        infer_plainly(context)
        back_up(context, files / "mine.csv")
    saved = read_ratings(files / "mine.csv").ratings
    new = made_anew(plex)

    with run_at(plex, "later", state="later.db") as context:
        given = restore(context, files / "mine.csv", only_missing=False)

    held, named = ratings(plex), [*given.unclear, *given.missing]
    lost = [one for one in saved if one.key not in new or new[one.key] not in held]
    assert given.given > 0
    assert {key: held[key] for key in held} == pytest.approx(
        {new[one.key]: one.points for one in saved if one not in lost}
    )
    assert len(lost) <= len(named)
    assert all(any(one.title in name for name in named) for one in lost)
    assert tagged(plex) == set()


def test_a_restore_gives_back_what_was_lost_and_an_undo_takes_it_back(
    plex, run_at, files
):
    with run_at(plex) as context:
        infer_plainly(context)
        back_up(context, files / "mine.csv")
    given = [one for one in read_ratings(files / "mine.csv").ratings if one.points]
    cleared, changed = given[0], given[-1]
    rate(plex, cleared.key, None)
    rate(plex, changed.key, 1.0)
    with run_at(plex, "second") as context:
        infer_plainly(context)
        recorded = on_record(context)
    before = ratings(plex)

    with run_at(plex, "only-missing") as context:
        missing = restore(context, files / "mine.csv", only_missing=True)
    between = ratings(plex)
    with run_at(plex, "all") as context:
        restored = restore(context, files / "mine.csv", only_missing=False)
        again = restore(context, files / "mine.csv", only_missing=False)
    after = ratings(plex)
    with run_at(plex, "undo") as context:
        undone = undo(context, Selection(run="all"))
        undo(context, Selection(run="only-missing"))
        back = on_record(context)

    assert (missing.given, len(missing.differing)) == (1, 1)
    assert between == before | {cleared.key: cleared.points}
    assert (restored.given, len(restored.replaced), again.given) == (1, 1, 0)
    assert after == between | {changed.key: changed.points}
    assert undone.given_back == 1
    assert ratings(plex) == before
    assert back == recorded
    assert tagged(plex) >= recorded


def test_the_daily_backup_costs_no_request_and_old_ones_go(plex, run_at, files):
    wishes = {"backup_folder": str(files), "backup_keep": 2}
    names = []
    for day in range(4):
        rate(plex, next(iter(sorted(ratings(plex)))), float(day + 1))
        outside = Outside(transport=InMemory(plex), machine=at_day(day))
        for run in ("a", "b"):
            with run_at(plex, f"{run}{day}", outside=outside, **wishes) as context:
                infer_plainly(context)
        names.append(sorted(path.name for path in files.iterdir()))

    assert [len(day) for day in names] == [1, 2, 2, 2]
    assert names[-1][-1] not in names[-2]


def test_the_history_of_a_rating_is_in_the_backups(plex, run_at, files):
    wishes = {"backup_folder": str(files)}
    key = min(ratings(plex))
    lines = []
    for day, points in enumerate((2.0, 2.0, 9.0)):
        rate(plex, key, points)
        outside = Outside(transport=InMemory(plex), machine=at_day(day))
        with run_at(plex, f"r{day}", outside=outside, **wishes) as context:
            infer_plainly(context)
            lines = rating_history(context, str(key))

    assert [line.split()[2] for line in lines] == ["1", "4.5"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\x1f\x8b\x08broken", "cannot be read"),
        (b"\xff\xfe\x00", "is no text in UTF-8"),
        (b"", "has no column"),
    ],
)
def test_a_file_that_is_no_backup_is_refused_and_nothing_is_written(
    plex, run_at, files, content, said
):
    (files / "x.csv").write_bytes(content)
    before = state(plex)

    with run_at(plex) as context, pytest.raises(UsageError, match=said):
        restore(context, files / "x.csv", only_missing=False)

    assert state(plex) == before


def test_inferred_ratings_never_go_into_a_backup_when_the_record_is_lost(
    plex, run_at, files
):
    wishes = {"backup_folder": str(files)}
    with run_at(plex) as context:
        infer_plainly(context)

    with run_at(plex, "lost", state="lost.db", **wishes) as context:
        with pytest.raises(RecordLost):
            back_up(context, files / "x.csv")
        recover(context)

    assert list(files.iterdir()) == []


def test_without_automatic_backups_none_is_dropped(plex, run_at, files):
    wishes = {"backup_folder": str(files), "backup_keep": 0}
    for day in range(3):
        outside = Outside(transport=InMemory(plex), machine=at_day(day))
        with run_at(plex, f"r{day}", outside=outside, **wishes) as context:
            back_up(context)

    assert len(list(files.iterdir())) == 3
