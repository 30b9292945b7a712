"""Backups, restores and imports: what is given is a person's, and can be taken back."""

import csv
import gzip
import random
from dataclasses import replace as changed_to
from datetime import timedelta

import pytest

from engine.errors import PlexUnreachable, UsageError
from engine.library import Level
from engine.planning.undo_plan import Selection
from tasks.commands.backup import back_up, rating_history, restore
from tasks.commands.spreadsheet import ImportRequest, Wanted, export, import_ratings
from tasks.commands.undo import undo
from tasks.config.ratings_files import read_ratings
from tasks.machine import Machine
from tasks.runtime.context import Outside
from tests.simulator.control import Control, dump
from tests.simulator.in_memory import InMemory
from tests.simulator.plex import Plex
from tests.simulator.synthetic import make_library
from tests.simulator.world import World
from tests.state_machine.accounts import TAG, small_world
from tests.state_machine.plain_runs import infer_plainly
from tests.tasks.first_batches import run_at, spoil, state

__all__ = ["run_at"]


@pytest.fixture
def plex() -> Plex:
    return Plex(small_world())


def ratings(plex):
    """Return what Plex holds, by ratingKey; what is unrated is left out."""
    rated = {key: rating for key, (rating, _, _) in state(plex).items()}
    return {key: rating for key, rating in rated.items() if rating is not None}


def tagged(plex):
    return {key for key, (_, moods, _) in state(plex).items() if TAG in moods}


def on_record(context):
    return {row.key for level in Level for row in context.store.shadows(level)}


def rate(plex, key, points):
    item = next(item for item in plex.world.items() if item.key == key)
    plex.world.clock.jump(1)
    plex.world.rate(item, points)


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def write_rows(path, rows):
    with path.open("w", newline="") as file:
        table = csv.DictWriter(file, rows[0])
        table.writeheader()
        table.writerows(rows)


def made_anew(plex):
    """Delete everything and add it again; return new ratingKeys by old."""
    control, told = Control(plex), dump(plex.world)
    title = {one["ratingKey"]: one["title"] for one in told["artists"] + told["albums"]}
    numbers = {item.key: item for item in plex.world.items()}
    facts = {
        key: (item.index, item.disc, item.duration) for key, item in numbers.items()
    }
    control.delete([one["ratingKey"] for one in told["artists"]])
    keys: dict[int, int] = {}
    for track in told["tracks"]:
        index, disc, duration = facts[track["ratingKey"]]
        song = {"title": track["title"], "index": index, "duration": duration}
        above = track["grandparentRatingKey"], track["parentRatingKey"]
        added = control.add(*(title[key] for key in above), [song | {"disc": disc}])
        keys |= dict(zip(above, (added["artist"], added["album"]), strict=True))
        keys[track["ratingKey"]] = added["tracks"][0]
    return keys


@pytest.fixture
def files(tmp_path):
    """A folder for files of a person's."""
    folder = tmp_path / "files"
    folder.mkdir()
    return folder


def random_plex(seed):
    return Plex(make_library(World(), 60, seed=seed))


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


def test_what_was_rated_since_stays_when_an_import_is_taken_back(plex, run_at, files):
    with run_at(plex) as context:
        infer_plainly(context)
        keys = sorted(on_record(context))[:3]
    ours = ratings(plex)
    write_rows(files / "x.csv", [{"rating_key": key, "stars": 5} for key in keys])
    with run_at(plex, "import") as context:
        given = import_ratings(context, ImportRequest(files / "x.csv"))
    rate(plex, keys[0], 4.0)
    rate(plex, keys[1], 10.0)

    with run_at(plex, "undo") as context:
        undone = undo(context, Selection(run="import"))

    assert (given.given, given.in_place_of_inferred) == (3, 3)
    assert (undone.given_back, undone.kept) == (1, 2)
    held = ratings(plex)
    assert [held[key] for key in keys] == [4.0, 10.0, ours[keys[2]]]


def test_what_was_given_is_evidence_and_never_written_to(plex, run_at, files):
    with run_at(plex) as context:
        infer_plainly(context)
        keys = sorted(on_record(context))
    write_rows(files / "x.csv", [{"rating_key": key, "stars": 0.5} for key in keys[:2]])
    with run_at(plex, "import") as context:
        import_ratings(context, ImportRequest(files / "x.csv"))
        assert not on_record(context) & set(keys[:2])
        assert not tagged(plex) & set(keys[:2])
    with run_at(plex, "infer") as context:
        infer_plainly(context)
    with run_at(plex, "undo") as context:
        undo(context, Selection())

    assert [ratings(plex)[key] for key in keys[:2]] == [1.0, 1.0]


@pytest.mark.parametrize("seed", range(3))
def test_exported_edited_and_imported_changes_just_the_edited_cells(
    seed, run_at, files
):
    plex = random_plex(seed)
    with run_at(plex) as context:
        infer_plainly(context)
    with run_at(plex, "export") as context:
        export(context, files / "all.csv", Wanted())
        same = import_ratings(context, ImportRequest(files / "all.csv"))
        before, bearing = ratings(plex), tagged(plex)
        recorded = on_record(context)
    rows = rows_of(files / "all.csv")
    inferred = {row["guid"]: row for row in rows if row["rating_type"] == "inferred"}
    edited = random.Random(seed).sample(sorted(inferred), 20)  # noqa: S311
    for guid in edited:
        inferred[guid]["stars"] = "0.5"
    write_rows(files / "all.csv", rows)

    with run_at(plex, "import") as context:
        given = import_ratings(context, ImportRequest(files / "all.csv"))
        after = ratings(plex)
        undo(context, Selection(run="import"))
        back = on_record(context)

    wanted = {r["ratingKey"] for r in told(plex) if r["guid"] in edited}
    assert (same.given, same.released) == (0, 0)
    assert given.given == len(edited)
    assert after == pytest.approx(before | dict.fromkeys(wanted, 1.0))
    assert ratings(plex) == pytest.approx(before)
    assert (back, tagged(plex)) == (recorded, bearing)


def told(plex):
    whole = dump(plex.world)
    return whole["artists"] + whole["albums"] + whole["tracks"]


def test_a_rating_type_may_be_changed_both_ways(plex, run_at, files):
    with run_at(plex) as context:
        infer_plainly(context)
        export(context, files / "all.csv", Wanted())
    before = ratings(plex)
    rows = rows_of(files / "all.csv")
    ours = next(row for row in rows if row["rating_type"] == "inferred")
    theirs = next(row for row in rows if row["rating_type"] == "manual")
    ours["rating_type"], theirs["rating_type"] = "manual", "inferred"
    write_rows(files / "all.csv", rows)
    request = ImportRequest(files / "all.csv")

    with run_at(plex, "import") as context:
        given = import_ratings(context, request)
        half = import_ratings(context, changed_to(request, adopts_half_stars=True))
        recorded = on_record(context)

    assert (given.released, given.adopted, len(given.half_stars)) == (1, 0, 1)
    assert half.adopted == 1
    assert ratings(plex) == before
    assert (int(ours["key"]) in recorded, int(theirs["key"]) in recorded) == (
        False,
        True,
    )
    assert int(ours["key"]) not in tagged(plex)
    assert int(theirs["key"]) in tagged(plex)


def test_an_import_that_is_broken_off_goes_on_and_can_be_taken_back(
    plex, run_at, files
):
    with run_at(plex) as context:
        infer_plainly(context)
        recorded = on_record(context)
    before = ratings(plex)
    keys = sorted(recorded)[:4]
    values = zip(keys, (1, 2, 3, 4), strict=True)
    write_rows(files / "x.csv", [{"rating_key": k, "stars": v} for k, v in values])
    request = ImportRequest(files / "x.csv")

    spoil(plex, "timeout_after", times=1, **{"from": 2})
    with run_at(plex, "import") as context, pytest.raises(PlexUnreachable):
        import_ratings(context, request)
    plex.faults.set([])
    broken_off = ratings(plex)
    with run_at(plex, "import") as context:
        import_ratings(context, request)
        whole = ratings(plex)
        undo(context, Selection(run="import"))
        back = on_record(context)

    assert broken_off != before
    assert [whole[key] for key in keys] == [2.0, 4.0, 6.0, 8.0]
    assert ratings(plex) == before
    assert back == recorded


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


def at_day(day):
    return Machine(
        now=lambda: 1_700_000_000.0 + day * timedelta(days=1).total_seconds()
    )


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
